use super::*;
use flate2::{Compression, write::GzEncoder};
use std::io::Write;

/// The header of an IDX file.
fn header(code: u8, shape: &[u32]) -> Vec<u8> {
    let mut bytes = vec![0, 0, code, shape.len() as u8];
    bytes.extend(shape.iter().flat_map(|size| size.to_be_bytes()));
    bytes
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn read(bytes: &[u8]) -> Result<Idx> {
    let mut file = tempfile::NamedTempFile::with_prefix("some-idx").unwrap();
    file.write_all(bytes).unwrap();
    read_idx(file.path())
}

/// What is said about these bytes; always with the file's name.
fn complaint(bytes: &[u8]) -> String {
    let message = read(bytes).unwrap_err().to_string();
    assert!(message.contains("some-idx"), "{message}");
    message
}

#[track_caller]
fn assert_complains(bytes: &[u8], parts: &[&str]) {
    let message = complaint(bytes);
    assert!(parts.iter().all(|part| message.contains(part)), "{message}");
}

#[test]
fn reads_plain_and_packed_files() {
    let bytes = [header(8, &[2, 3]), vec![1, 2, 3, 4, 5, 6]].concat();
    let idx = read(&bytes).unwrap();
    assert_eq!((&idx.shape[..], &idx.data[..]), (&[2, 3][..], &[1, 2, 3, 4, 5, 6][..]));
    assert_eq!(read(&gzip(&bytes)).unwrap(), idx);
    let members = [gzip(&bytes[..7]), gzip(&bytes[7..])].concat();
    assert_eq!(read(&members).unwrap(), idx);
}

#[test]
fn a_missing_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let message = read_idx(folder.path().join("absent")).unwrap_err().to_string();
    assert!(message.contains("absent: cannot be opened"), "{message}");
    assert!(read_idx(folder.path()).is_err());
}

#[test]
fn other_files_are_refused() {
    assert_complains(b"\x89PNG....", &["[89 50 4e 47]", "00 00 08"]);
    assert_complains(b"<!doctype html>", &["web page"]);
    assert_complains(b"", &["not an IDX file", "[]"]);
    assert_complains(&[0, 0, 8], &["[00 00 08]"]);
    assert_complains(&[0, 0, 7, 1], &["not an IDX file"]);
    assert_complains(&gzip(b"hello"), &["[68 65 6c 6c]"]);
}

#[test]
fn other_types_are_named() {
    assert_complains(&header(0x0d, &[1]), &["32-bit floats (type 0x0d)", "unsigned bytes"]);
    assert_complains(&header(0x09, &[1]), &["signed bytes (type 0x09)"]);
    assert_complains(&header(0x0b, &[1]), &["16-bit integers"]);
}

#[test]
fn a_cut_header_is_refused() {
    assert_complains(&header(8, &[2, 3])[..9], &["header", "12 bytes expected", "9 found"]);
}

#[test]
fn cut_and_longer_data_are_refused() {
    let bytes = [header(8, &[2, 3]), vec![0; 5]].concat();
    for bytes in [bytes.clone(), gzip(&bytes)] {
        assert_complains(&bytes, &["6 values expected", "[2, 3]", "5 found"]);
    }
    let bytes = [header(8, &[2, 3]), vec![0; 7]].concat();
    for bytes in [bytes.clone(), gzip(&bytes)] {
        assert_complains(&bytes, &["more than the 6 values"]);
    }
}

#[test]
fn absurd_sizes_are_refused() {
    assert_complains(&header(8, &[]), &["no axis"]);
    assert_complains(&header(8, &[3, 0]), &["[3, 0]", "size 0"]);
    assert_complains(&header(8, &[1 << 16, 1 << 16]), &["more than 2^31"]);
    assert_complains(&header(8, &[u32::MAX; 255]), &["more than 2^31"]);
    // A lie below the limit costs no memory either.
    assert_complains(&header(8, &[1 << 31]), &["2147483648 values expected", "0 found"]);
}

#[test]
fn damaged_gzip_is_refused() {
    let bytes = gzip(&[header(8, &[100]), (0..100).collect()].concat());
    assert_complains(&bytes[..bytes.len() - 20], &["cannot be read"]);
    let mut checksum = bytes.clone();
    checksum[bytes.len() - 5] ^= 1;
    assert_complains(&checksum, &["cannot be read"]);
}

#[test]
fn a_gzip_bomb_is_not_unpacked() {
    let bomb = gzip(&[header(8, &[10]), vec![0; 1 << 24]].concat());
    assert_complains(&bomb, &["more than the 10 values"]);
}
