//! Numbers that PyTorch computed: `tests/fixtures/training.txt` and its siblings.

use std::str::FromStr;

const TEXTS: [&str; 7] = [
    include_str!("../fixtures/training.txt"),
    include_str!("../fixtures/losses.txt"),
    include_str!("../fixtures/optimizers.txt"),
    include_str!("../fixtures/tables.txt"),
    include_str!("../fixtures/tied.txt"),
    include_str!("../fixtures/packed.txt"),
    include_str!("../fixtures/masked.txt"),
];

/// The numbers of this name.
pub fn numbers<T: FromStr>(name: &str) -> Vec<T> {
    let line = TEXTS
        .iter()
        .flat_map(|text| text.lines())
        .find(|line| line.split(' ').next() == Some(name));
    let line = line.unwrap_or_else(|| panic!("{name} is not in the fixture"));
    let parse = |word: &str| word.parse().unwrap_or_else(|_| panic!("{name}: {word}"));
    line.split(' ').skip(1).map(parse).collect()
}

/// Whether all numbers agree within `tolerance`, relative above 1.
pub fn assert_close(found: &[f64], expected: &[f64], tolerance: f64, what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (a, b) in found.iter().zip(expected) {
        assert!((a - b).abs() <= tolerance * b.abs().max(1.0), "{what}: {a} is not {b}");
    }
}
