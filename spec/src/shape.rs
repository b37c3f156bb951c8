//! The shape of one sample. The batch axis is implied and never written.

use crate::dim::{Dim, SizeError};
use std::fmt;

/// A list of sizes, channels first; `[]` is a scalar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Indices such as token ids (`[usize; 100]`) instead of floats.
    pub index: bool,
    /// The sizes.
    pub dims: Vec<Dim>,
}

impl Shape {
    /// A shape of floats.
    pub fn floats(dims: Vec<Dim>) -> Self {
        Shape { index: false, dims }
    }

    /// A shape of floats with known sizes.
    pub fn known(sizes: &[usize]) -> Self {
        Shape::floats(sizes.iter().map(|&n| Dim::Known(n)).collect())
    }

    /// A shape of indices: `[usize; 100]`, or `[usize]` for a single one.
    pub fn indices(dims: Vec<Dim>) -> Self {
        Shape { index: true, dims }
    }

    /// The number of axes.
    pub fn rank(&self) -> usize {
        self.dims.len()
    }

    /// The number of elements.
    pub fn numel(&self) -> Result<Dim, SizeError> {
        Dim::product(&self.dims)
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match (self.index, self.dims.is_empty()) {
            (true, true) => "[usize",
            (true, false) => "[usize; ",
            (false, _) => "[",
        })?;
        for (i, dim) in self.dims.iter().enumerate() {
            write!(f, "{}{dim}", if i == 0 { "" } else { ", " })?;
        }
        f.write_str("]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_written_as_the_user_writes_them() {
        assert_eq!(Shape::known(&[16, 6, 6]).to_string(), "[16, 6, 6]");
        assert_eq!(Shape::known(&[]).to_string(), "[]");
        let tokens = Shape::indices(vec![Dim::Named("LEN".into())]);
        assert_eq!(tokens.to_string(), "[usize; LEN]");
        assert_eq!(Shape::indices(vec![]).to_string(), "[usize]");
        assert_eq!(Shape::known(&[16, 6, 6]).numel(), Ok(Dim::Known(576)));
    }
}
