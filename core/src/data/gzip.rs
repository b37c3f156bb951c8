//! Reader of gzip files (RFC 1951 and 1952).
//!
//! It is written here because the crates that do it would cost every program that depends on
//! netwright five seconds of CPU in a clean build, for one use; they are the referees in the tests.

use codes::{Bits, Codes, distance, length};
use std::io::{Error, ErrorKind, Read, Result};

mod codes;

/// How far back a copy can reach.
const WINDOW: usize = 1 << 15;

/// Unpacks a gzip file, of one member or several.
pub(super) struct Gunzip<R> {
    bits: Bits<R>,
    state: State,
    /// The last [`WINDOW`] bytes that were read, and those to be read next, from `next` on.
    out: Vec<u8>,
    next: usize,
    /// Of the bytes of this member.
    checksum: Checksum,
    /// Whether this block is the last one of its member.
    last: bool,
}

/// What comes next in the file.
enum State {
    Member,
    Block,
    /// So many bytes as they are.
    Stored(usize),
    Packed(Box<Codes>),
    Trailer,
    End,
}

impl<R: Read> Gunzip<R> {
    pub(super) fn new(reader: R) -> Self {
        Gunzip {
            bits: Bits::new(reader),
            state: State::Member,
            out: Vec::new(),
            next: 0,
            checksum: Checksum::default(),
            last: false,
        }
    }

    /// Unpacks until there is something to read, or the file ends.
    fn fill(&mut self) -> Result<()> {
        let old = self.out.len().saturating_sub(WINDOW);
        self.out.drain(..old);
        self.next = self.out.len();
        while self.out.len() < self.next + WINDOW {
            let before = self.out.len();
            match std::mem::replace(&mut self.state, State::End) {
                State::Member => self.member()?,
                State::Block => self.block()?,
                State::Stored(0) => self.after_block(),
                State::Stored(count) => {
                    self.out.push(self.bits.take(8)? as u8);
                    self.state = State::Stored(count - 1);
                }
                State::Packed(codes) => self.packed(codes)?,
                State::Trailer => self.trailer()?,
                State::End => break,
            }
            self.checksum.add(&self.out[before..]);
        }
        Ok(())
    }

    /// The header of a member, or the end of the file.
    fn member(&mut self) -> Result<()> {
        if self.bits.at_end()? {
            return Ok(());
        }
        let mut head = [0; 10];
        for byte in &mut head {
            *byte = self.bits.take(8)? as u8;
        }
        let [0x1f, 0x8b, 8, flags, ..] = head else { return Err(wrong("no gzip member")) };
        if flags & 4 != 0 {
            for _ in 0..self.bits.take(16)? {
                self.bits.take(8)?;
            }
        }
        // A name and a comment, each up to a zero; then a checksum of the header.
        for flag in [8, 16] {
            while flags & flag != 0 && self.bits.take(8)? != 0 {}
        }
        if flags & 2 != 0 {
            self.bits.take(16)?;
        }
        (self.checksum, self.last, self.state) = (Checksum::default(), false, State::Block);
        Ok(())
    }

    fn block(&mut self) -> Result<()> {
        self.last = self.bits.take(1)? == 1;
        self.state = match self.bits.take(2)? {
            0 => {
                self.bits.align();
                let (count, inverse) = (self.bits.take(16)?, self.bits.take(16)?);
                if count != inverse ^ 0xffff {
                    return Err(wrong("a stored block's length"));
                }
                State::Stored(count as usize)
            }
            1 => State::Packed(Box::new(Codes::fixed()?)),
            2 => State::Packed(Box::new(Codes::read(&mut self.bits)?)),
            _ => return Err(wrong("a block's type")),
        };
        Ok(())
    }

    fn after_block(&mut self) {
        self.state = if self.last { State::Trailer } else { State::Block };
    }

    /// Symbols of a packed block, until there is enough to read.
    fn packed(&mut self, codes: Box<Codes>) -> Result<()> {
        while self.out.len() < self.next + WINDOW {
            match codes.symbols.next(&mut self.bits)? {
                symbol @ 0..256 => self.out.push(symbol as u8),
                256 => {
                    self.after_block();
                    return Ok(());
                }
                symbol => {
                    let length = length(symbol, &mut self.bits)?;
                    let distance = distance(codes.distances.next(&mut self.bits)?, &mut self.bits)?;
                    self.copy(distance, length)?;
                }
            }
        }
        self.state = State::Packed(codes);
        Ok(())
    }

    /// Appends what begins so far back; it may overlap with what it appends.
    fn copy(&mut self, distance: usize, length: usize) -> Result<()> {
        let from = self.out.len().checked_sub(distance);
        let from = from.ok_or_else(|| wrong("a distance before the beginning"))?;
        for i in from..from + length {
            self.out.push(self.out[i]);
        }
        Ok(())
    }

    /// Checksum and length of a member.
    fn trailer(&mut self) -> Result<()> {
        self.bits.align();
        let mut words = [0; 2];
        for word in &mut words {
            *word = self.bits.take(16)? | self.bits.take(16)? << 16;
        }
        if words != [!self.checksum.crc, self.checksum.length] {
            return Err(wrong("the checksum"));
        }
        self.state = State::Member;
        Ok(())
    }
}

impl<R: Read> Read for Gunzip<R> {
    fn read(&mut self, to: &mut [u8]) -> Result<usize> {
        if self.next == self.out.len() {
            self.fill()?;
        }
        let count = to.len().min(self.out.len() - self.next);
        to[..count].copy_from_slice(&self.out[self.next..self.next + count]);
        self.next += count;
        Ok(count)
    }
}

fn wrong(what: &str) -> Error {
    Error::new(ErrorKind::InvalidData, format!("damaged gzip data: {what}"))
}

/// CRC-32 before its last step, and the length modulo 2³².
struct Checksum {
    crc: u32,
    length: u32,
}

impl Default for Checksum {
    fn default() -> Self {
        Checksum { crc: !0, length: 0 }
    }
}

impl Checksum {
    fn add(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.crc = (self.crc >> 8) ^ CRC[usize::from(self.crc as u8 ^ byte)];
        }
        self.length = self.length.wrapping_add(bytes.len() as u32);
    }
}

/// What eight steps of the CRC make of each byte.
const CRC: [u32; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let (mut crc, mut bit) = (byte as u32, 0);
        while bit < 8 {
            crc = (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg());
            bit += 1;
        }
        table[byte] = crc;
        byte += 1;
    }
    table
};

#[cfg(test)]
mod tests;
