//! Bits, and the prefix codes that packed blocks are written in.

use super::wrong;
use std::io::{ErrorKind, Read, Result};

/// The longest code of a symbol, in bits.
const LONGEST: usize = 15;

/// In which order a block lists the lengths of the codes that its lists of lengths are written in.
const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/// Bits of a file, the least significant of each byte first.
pub(super) struct Bits<R> {
    reader: R,
    held: u32,
    count: u32,
}

impl<R: Read> Bits<R> {
    pub(super) fn new(reader: R) -> Self {
        Bits { reader, held: 0, count: 0 }
    }

    pub(super) fn at_end(&mut self) -> Result<bool> {
        self.want(1)?;
        Ok(self.count == 0)
    }

    fn byte_or_end(&mut self) -> Result<Option<u8>> {
        let mut byte = [0];
        loop {
            match self.reader.read(&mut byte) {
                Ok(0) => return Ok(None),
                Ok(_) => return Ok(Some(byte[0])),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Holds at least so many bits; where the file has ended, zeros that count as none.
    fn want(&mut self, count: u32) -> Result<()> {
        while self.count < count {
            let Some(byte) = self.byte_or_end()? else { break };
            self.held |= u32::from(byte) << self.count;
            self.count += 8;
        }
        Ok(())
    }

    fn drop(&mut self, count: u32) -> Result<()> {
        self.count = self.count.checked_sub(count).ok_or(ErrorKind::UnexpectedEof)?;
        self.held >>= count;
        Ok(())
    }

    /// A number of at most 16 bits.
    pub(super) fn take(&mut self, count: u32) -> Result<u32> {
        self.want(count)?;
        let bits = self.held & ((1 << count) - 1);
        self.drop(count)?;
        Ok(bits)
    }

    /// On to the next byte.
    pub(super) fn align(&mut self) {
        self.held >>= self.count % 8;
        self.count -= self.count % 8;
    }
}

/// The two codes of a block.
pub(super) struct Codes {
    pub(super) symbols: Code,
    pub(super) distances: Code,
}

impl Codes {
    pub(super) fn fixed() -> Result<Self> {
        let mut lengths = [8; 288];
        lengths[144..256].fill(9);
        lengths[256..280].fill(7);
        Ok(Codes { symbols: Code::new(&lengths)?, distances: Code::new(&[5; 30])? })
    }

    pub(super) fn read<R: Read>(bits: &mut Bits<R>) -> Result<Self> {
        let symbols = 257 + bits.take(5)? as usize;
        let all = symbols + 1 + bits.take(5)? as usize;
        let mut lengths = [0; 19];
        for &place in &ORDER[..4 + bits.take(4)? as usize] {
            lengths[place] = bits.take(3)? as u8;
        }
        let code = Code::new(&lengths)?;
        let mut lengths = Vec::with_capacity(all);
        while lengths.len() < all {
            let (length, count) = match code.next(bits)? {
                16 => {
                    let last = lengths.last().ok_or_else(|| wrong("a repetition of nothing"))?;
                    (*last, 3 + bits.take(2)?)
                }
                17 => (0, 3 + bits.take(3)?),
                18 => (0, 11 + bits.take(7)?),
                length => (length as u8, 1),
            };
            lengths.extend(std::iter::repeat_n(length, count as usize));
        }
        if lengths.len() > all {
            return Err(wrong("too many code lengths"));
        }
        let (symbols, distances) = lengths.split_at(symbols);
        Ok(Codes { symbols: Code::new(symbols)?, distances: Code::new(distances)? })
    }
}

/// A prefix code: for all bits that may come next, as many as the longest code has, the symbol and
/// the length of its code; 0 where there is none.
pub(super) struct Code(Vec<(u16, u8)>);

impl Code {
    /// The canonical code of these lengths: shorter codes first, then in the order of symbols.
    fn new(lengths: &[u8]) -> Result<Self> {
        let longest = usize::from(lengths.iter().copied().max().unwrap_or(0)).min(LONGEST);
        let mut table = vec![(0, 0); 1 << longest];
        let mut code = 0u32;
        for length in 1..=longest {
            for (symbol, _) in
                lengths.iter().enumerate().filter(|(_, l)| usize::from(**l) == length)
            {
                if code >> length != 0 {
                    return Err(wrong("too many codes"));
                }
                // Codes come with their most significant bit first, unlike everything else.
                let first = (code as u16).reverse_bits() >> (16 - length);
                let places = table[usize::from(first)..].iter_mut().step_by(1 << length);
                places.for_each(|place| *place = (symbol as u16, length as u8));
                code += 1;
            }
            code <<= 1;
        }
        Ok(Code(table))
    }

    pub(super) fn next<R: Read>(&self, bits: &mut Bits<R>) -> Result<u16> {
        bits.want(LONGEST as u32)?;
        match self.0[bits.held as usize % self.0.len()] {
            (_, 0) => Err(wrong("a code that stands for nothing")),
            (symbol, length) => bits.drop(u32::from(length)).map(|()| symbol),
        }
    }
}

/// The length of a copy: up to 10 each, then four for each number of further bits.
pub(super) fn length<R: Read>(symbol: u16, bits: &mut Bits<R>) -> Result<usize> {
    let number = u32::from(symbol) - 257;
    Ok(3 + match number {
        0..8 => number,
        8..28 => {
            let more = number / 4 - 1;
            ((4 + number % 4) << more) + bits.take(more)?
        }
        28 => 255,
        _ => return Err(wrong("a length")),
    } as usize)
}

/// The distance of a copy: up to 4 each, then two for each number of further bits.
pub(super) fn distance<R: Read>(symbol: u16, bits: &mut Bits<R>) -> Result<usize> {
    let number = u32::from(symbol);
    Ok(1 + match number {
        0..4 => number,
        4..30 => {
            let more = number / 2 - 1;
            ((2 + number % 2) << more) + bits.take(more)?
        }
        _ => return Err(wrong("a distance")),
    } as usize)
}
