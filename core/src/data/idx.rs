//! Reader of IDX files, the format of MNIST.

use crate::{Error, Result};
use flate2::bufread::MultiGzDecoder;
use std::fs::File;
use std::io::{BufReader, Cursor, Read};
use std::path::Path;

/// More values than this are taken for a damaged header.
const MOST: u64 = 1 << 31;

/// What an IDX file holds: an array of unsigned bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Idx {
    /// Sizes of its axes, the number of samples first: `[60000, 28, 28]`.
    pub shape: Vec<usize>,
    /// Its values in row-major order, as many as the product of `shape`.
    pub data: Vec<u8>,
}

/// Reads an IDX file of unsigned bytes, plain or compressed with gzip.
///
/// ```
/// use netwright_core::data::read_idx;
///
/// let file = std::env::temp_dir().join("netwright-doc-example.idx");
/// std::fs::write(&file, [0, 0, 8, 1, 0, 0, 0, 3, 7, 8, 9])?; // u8, one axis, of size 3
/// let idx = read_idx(&file)?;
/// assert_eq!((idx.shape, idx.data), (vec![3], vec![7, 8, 9]));
/// # std::fs::remove_file(file)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`Error::File`] if the file cannot be read, is not an IDX file, has values that are not
/// unsigned bytes, an axis of size 0 or more than 2³¹ values, or ends too early or too late.
pub fn read_idx(path: impl AsRef<Path>) -> Result<Idx> {
    let mut source = Source::open(path.as_ref())?;
    let axes = source.axes()?;
    let shape = source.shape(axes)?;
    let size = source.size(&shape)?;
    let data = source.read(size + 1)?;
    match data.len() as u64 {
        found if found < size => Err(source.wrong(format!(
            "is cut off: {size} values expected for the shape {shape:?}, {found} found"
        ))),
        found if found > size => Err(source.wrong(format!(
            "goes on after its end: more than the {size} values of the shape {shape:?}"
        ))),
        _ => Ok(Idx { shape, data }),
    }
}

/// A file that is being read, unpacked if need be.
struct Source<'a> {
    file: &'a Path,
    reader: Box<dyn Read>,
}

impl<'a> Source<'a> {
    fn open(file: &'a Path) -> Result<Self> {
        let plain = File::open(file).map_err(|e| Error::io(file, "cannot be opened", e))?;
        let mut source = Source { file, reader: Box::new(BufReader::new(plain)) };
        let start = source.read(2)?;
        let packed = start == [0x1f, 0x8b];
        let whole = Cursor::new(start).chain(source.reader);
        source.reader = match packed {
            true => Box::new(MultiGzDecoder::new(BufReader::new(whole))),
            false => Box::new(whole),
        };
        Ok(source)
    }

    /// The next bytes: `most`, or fewer if the file ends before. Memory grows with what is found,
    /// not with what a header promises, and a gzip file is not unpacked any further.
    fn read(&mut self, most: u64) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        match self.reader.by_ref().take(most).read_to_end(&mut bytes) {
            Ok(_) => Ok(bytes),
            Err(error) => Err(Error::io(self.file, "cannot be read", error)),
        }
    }

    /// The number of axes, from the first four bytes: 0, 0, type, axes.
    fn axes(&mut self) -> Result<u8> {
        let magic = self.read(4)?;
        match magic[..] {
            [0, 0, 0x08, 0] => Err(self.wrong("has no axis, at least one is expected")),
            [0, 0, 0x08, axes] => Ok(axes),
            [0, 0, code @ (0x09 | 0x0b..=0x0e), _] => Err(self.wrong(format!(
                "holds {}, but only unsigned bytes (type 0x08) are supported",
                type_name(code)
            ))),
            _ => Err(self.wrong(format!(
                "is not an IDX file: it starts with the bytes [{}], where 00 00 08 and the \
                 number of axes are expected{}",
                hex(&magic),
                if magic.first() == Some(&b'<') { " (it looks like a web page)" } else { "" }
            ))),
        }
    }

    /// The sizes of the axes: four bytes each, the most significant first.
    fn shape(&mut self, axes: u8) -> Result<Vec<usize>> {
        let expected = 4 * usize::from(axes);
        let bytes = self.read(expected as u64)?;
        if bytes.len() < expected {
            return Err(self.wrong(format!(
                "is cut off inside its header: {} bytes expected for {axes} axes, {} found",
                4 + expected,
                4 + bytes.len()
            )));
        }
        let (sizes, _) = bytes.as_chunks::<4>();
        Ok(sizes.iter().map(|&size| u32::from_be_bytes(size) as usize).collect())
    }

    /// The number of values.
    fn size(&self, shape: &[usize]) -> Result<u64> {
        if shape.contains(&0) {
            return Err(self.wrong(format!("has the shape {shape:?}, with an axis of size 0")));
        }
        let size = shape.iter().try_fold(1u64, |size, &axis| size.checked_mul(axis as u64));
        size.filter(|&size| size <= MOST).ok_or_else(|| {
            self.wrong(format!(
                "has the shape {shape:?}: more than 2^31 values, so its header must be damaged"
            ))
        })
    }

    fn wrong(&self, problem: impl Into<String>) -> Error {
        Error::file(self.file, problem)
    }
}

fn type_name(code: u8) -> &'static str {
    match code {
        0x09 => "signed bytes (type 0x09)",
        0x0b => "16-bit integers (type 0x0b)",
        0x0c => "32-bit integers (type 0x0c)",
        0x0d => "32-bit floats (type 0x0d)",
        _ => "64-bit floats (type 0x0e)",
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
