//! Sequences, and their steps.

use netwright::data::Column;

/// Numbers that are not alike.
pub fn numbers(count: usize) -> Vec<f32> {
    (0..count).map(|i| ((i * 37 + 11) % 29) as f32 / 14.0 - 1.0).collect()
}

/// A step of all sequences.
pub fn step(whole: &Column, at: usize) -> Column {
    let (time, shape) = (whole.shape()[0], &whole.shape()[1..]);
    let width: usize = shape.iter().product();
    let rows = |sequence: usize| (sequence * time + at) * width..(sequence * time + at + 1) * width;
    let all = (0..whole.len()).flat_map(rows);
    match (whole.as_floats(), whole.as_indices()) {
        (Some(data), _) => Column::floats(all.map(|i| data[i]).collect(), shape),
        (_, data) => Column::indices(all.map(|i| data.unwrap()[i]).collect(), shape),
    }
    .unwrap()
}

/// What a step gives is the row of the whole.
pub fn same_row(whole: &Column, at: usize, row: &Column) {
    same(&step(whole, at), row);
}

/// Two outputs are the same.
pub fn same(a: &Column, b: &Column) {
    assert_eq!((a.shape(), a.len()), (b.shape(), b.len()));
    close(a.as_floats().unwrap(), b.as_floats().unwrap());
}

/// Numbers differ by no more than rounding.
pub fn close(a: &[f32], b: &[f32]) {
    assert_eq!(a.len(), b.len());
    assert!(a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-5), "{a:?} {b:?}");
}

/// `check` of each network with these arguments, in both float types: the engine runs `f32`, dfdx's tape
/// `f64`.
macro_rules! both {
    ($($name:ident: $net:ident($($argument:expr),*))*) => {
        $(mod $name {
            use super::*;
            #[test]
            fn on_the_engine() {
                check(&$net::seeded(&Cpu::default(), 3), $($argument),*);
            }
            #[test]
            fn on_the_portable_path() {
                check(&$net::<f64, Cpu>::init(&Cpu::default(), 3).unwrap(), $($argument),*);
            }
        })*
    };
}
pub(crate) use both;
