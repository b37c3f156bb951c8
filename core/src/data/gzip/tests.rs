use super::*;
use crate::rng::Rng;
use flate2::{Compression, GzBuilder, write::GzEncoder};
use std::io::Write;

fn unpacked(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    Gunzip::new(bytes).read_to_end(&mut out)?;
    Ok(out)
}

fn packed(bytes: &[u8], level: u32) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(level));
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Numbers below `values`, each repeated up to `longest` times: from noise to long runs.
fn sample(rng: &mut Rng, length: usize, values: usize, longest: usize) -> Vec<u8> {
    let mut out = Vec::new();
    while out.len() < length {
        let value = rng.below(values) as u8;
        out.extend(std::iter::repeat_n(value, 1 + rng.below(longest)));
    }
    out
}

#[test]
fn every_level_comes_back() {
    let mut rng = Rng::seeded(1, 0);
    for length in [0, 1, 2, 300, 40_000, 100_000] {
        for (values, longest) in [(256, 1), (4, 1), (20, 7), (256, 700), (1, 1)] {
            let bytes = sample(&mut rng, length, values, longest);
            for level in [0, 1, 6, 9] {
                assert_eq!(
                    unpacked(&packed(&bytes, level)).unwrap(),
                    bytes,
                    "{length} {values} {level}"
                );
            }
        }
    }
}

#[test]
fn far_copies_come_back() {
    let mut rng = Rng::seeded(2, 0);
    let block = sample(&mut rng, 32_000, 256, 1);
    let bytes = [&block[..], &block, &block].concat();
    let small = packed(&bytes, 9);
    assert!(small.len() < 40_000);
    assert_eq!(unpacked(&small).unwrap(), bytes);
}

#[test]
fn headers_are_passed_over() {
    let builder = GzBuilder::new().filename("a name").comment("a comment").extra([1, 2, 0, 3]);
    let mut encoder = builder.write(Vec::new(), Compression::fast());
    encoder.write_all(b"text").unwrap();
    assert_eq!(unpacked(&encoder.finish().unwrap()).unwrap(), b"text");
}

#[test]
fn members_are_joined_and_garbage_is_refused() {
    let both = [packed(b"one, ", 6), packed(b"", 6), packed(b"two", 0)].concat();
    assert_eq!(unpacked(&both).unwrap(), b"one, two");
    assert!(unpacked(&[&both[..], b"x"].concat()).is_err());
    assert_eq!(unpacked(b"").unwrap(), b"");
}

#[test]
fn every_cut_is_noticed() {
    let mut rng = Rng::seeded(3, 0);
    let bytes = packed(&sample(&mut rng, 500, 20, 7), 6);
    for end in 1..bytes.len() {
        assert!(unpacked(&bytes[..end]).is_err(), "{end}");
    }
}

#[test]
fn damage_is_noticed_and_never_panics() {
    let mut rng = Rng::seeded(4, 0);
    let plain = sample(&mut rng, 2000, 40, 5);
    for level in [0, 1, 9] {
        let whole = packed(&plain, level);
        for _ in 0..300 {
            let mut bytes = whole.clone();
            // The header has bits that nobody reads.
            let at = 10 + rng.below(bytes.len() - 10);
            bytes[at] ^= 1 << rng.below(8);
            // Some bits before a stored block and at the end are nobody's.
            assert!(unpacked(&bytes).map_or(true, |found| found == plain), "{at}");
        }
        for _ in 0..300 {
            let noise = sample(&mut rng, 300, 256, 1);
            assert!(unpacked(&[&whole[..10], &noise].concat()).is_err());
        }
    }
}
