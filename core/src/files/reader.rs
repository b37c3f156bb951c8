//! Reader of safetensors files. No more memory is taken than the file is long, and none for
//! numbers before the caller has compared the header with the network.

use super::VERSION;
use super::header::Header;
use super::widen::widened;
use crate::{Error, Result};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

/// The longest header that the format allows.
const LONGEST: u64 = 100_000_000;

/// How other files begin that are taken for safetensors files.
const OTHERS: &[(&[u8], &str)] = &[
    (
        b"PK\x03\x04",
        "a zip archive, such as `torch.save`, NumPy and Keras write\n  help: for PyTorch's, in Python: \
         `safetensors.torch.save_file(torch.load(file), \"net.safetensors\")`",
    ),
    (
        b"\x80\x02",
        "a pickle, such as an old `torch.save` wrote\n  help: in Python: \
         `safetensors.torch.save_file(torch.load(file), \"net.safetensors\")`",
    ),
    (b"\x89HDF", "an HDF5 file, such as Keras writes"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"GGUF", "a GGUF file, such as llama.cpp reads"),
    (
        b"{",
        "JSON\n  help: if it says which files have a model's tensors, load one after the other with \
         `StateDict::new(file).strict(false)`",
    ),
    (b"version ", "a pointer of Git LFS: the file itself was not fetched"),
    (b"<", "a web page"),
];

/// A file whose header is read and checked.
pub(super) struct Stored<'a> {
    path: &'a Path,
    file: File,
    header: Header,
    /// Where its numbers begin.
    start: u64,
}

impl<'a> Stored<'a> {
    /// Reads the header and checks it against the file's length.
    pub(super) fn open(path: &'a Path) -> Result<Self> {
        let mut file = File::open(path).map_err(|e| Error::io(path, "cannot be opened", e))?;
        let json = header(path, &mut file)?;
        let header = Header::parse(&json)
            .map_err(|e| Error::io(path, "is not a safetensors file, or is damaged", e))?;
        let start = 8 + json.len() as u64;
        let stored = Stored { path, file, header, start };
        stored.check_length()?;
        Ok(stored)
    }

    pub(super) fn header(&self) -> &Header {
        &self.header
    }

    /// A later netwright may write another layout; other programs' files have no version.
    pub(super) fn check_version(&self) -> Result<()> {
        match (self.header.metadata("format"), self.header.metadata("version")) {
            (Some("netwright"), Some(version)) if version != VERSION => Err(self.wrong(format!(
                "has version `{}` of netwright's layout, but only version `{VERSION}` can be read",
                version.escape_debug()
            ))),
            _ => Ok(()),
        }
    }

    /// The bytes of a tensor's numbers, in the network's type.
    pub(super) fn read(&mut self, name: &str, float: &str) -> Result<Vec<u8>> {
        let Some(info) = self.header.info(name) else {
            return Err(self.wrong(format!("has no tensor `{name}`")));
        };
        let (from, to) = info.data_offsets;
        let (from, length) = (self.start + from as u64, (to - from) as u64);
        self.file
            .seek(SeekFrom::Start(from))
            .and_then(|_| next(&mut self.file, length))
            .map_err(|e| Error::io(self.path, "cannot be read", e))
            .and_then(|bytes| match bytes.len() as u64 == length {
                true => Ok(widened(bytes, &info.dtype, float)),
                false => Err(self.wrong("became shorter while it was read")),
            })
    }

    fn check_length(&self) -> Result<()> {
        let expected = self.start.saturating_add(self.header.data_len() as u64);
        let found = length(self.path, &self.file)?;
        if found == expected {
            return Ok(());
        }
        let how = if found < expected { "is cut off" } else { "goes on after its end" };
        Err(self.wrong(format!("{how}: {expected} bytes expected, {found} found")))
    }

    fn wrong(&self, problem: impl Into<String>) -> Error {
        Error::file(self.path, problem)
    }
}

/// The header's JSON.
fn header(path: &Path, file: &mut File) -> Result<Vec<u8>> {
    let found = length(path, file)?;
    let start = next(file, found.min(8)).map_err(|e| Error::io(path, "cannot be read", e))?;
    let size = match <[u8; 8]>::try_from(&start[..]) {
        Ok(size) => u64::from_le_bytes(size),
        Err(_) => return Err(Error::file(path, format!("is cut off: it has {found} bytes"))),
    };
    if size > LONGEST {
        return Err(Error::file(path, foreign(&start, size)));
    }
    if found < 8 + size {
        let problem = "is cut off inside its header";
        return Err(Error::file(
            path,
            format!("{problem}: {} bytes expected, {found} found", 8 + size),
        ));
    }
    next(file, size).map_err(|e| Error::io(path, "cannot be read", e))
}

/// What a file is that begins with the length of an impossible header.
fn foreign(start: &[u8], size: u64) -> String {
    match OTHERS.iter().find(|(magic, _)| start.starts_with(magic)) {
        Some((_, other)) => format!("is not a safetensors file, but {other}"),
        None => format!(
            "is not a safetensors file, or is damaged: its header would have {size} bytes, the \
             format allows {LONGEST}"
        ),
    }
}

/// The next bytes: as many, or fewer where the file ends. The file must have been found as long.
fn next(file: &mut File, length: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(usize::try_from(length).unwrap_or(usize::MAX))?;
    file.take(length).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn length(path: &Path, file: &File) -> Result<u64> {
    let metadata = file.metadata().map_err(|e| Error::io(path, "cannot be read", e))?;
    Ok(metadata.len())
}
