//! Matrices that lie the other way round in a file.

/// The bytes of a matrix whose rows are the columns of this one, of numbers with so many bytes.
pub(super) fn transposed(bytes: &[u8], columns: usize, size: usize) -> Vec<u8> {
    let mut all = Vec::with_capacity(bytes.len());
    for first in (0..columns * size).step_by(size.max(1)) {
        let column = bytes.chunks_exact(columns * size).map(|row| &row[first..first + size]);
        column.for_each(|number| all.extend_from_slice(number));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_become_columns() {
        let bytes: Vec<u8> = (0..12).collect();
        assert_eq!(transposed(&bytes, 3, 2), [0, 1, 6, 7, 2, 3, 8, 9, 4, 5, 10, 11]);
        assert_eq!(transposed(&bytes, 3, 1), [0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11]);
        assert_eq!(transposed(&transposed(&bytes, 3, 2), 2, 2), bytes);
        assert!(transposed(&[], 0, 4).is_empty() && transposed(&[], 3, 4).is_empty());
    }
}
