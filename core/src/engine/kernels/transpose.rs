//! Rows become columns: samples change between the user's order and pixels.

use crate::engine::simd::{Lanes, Level, kernel};

/// Floats of a cache line.
const LINE: usize = 16;

/// Rows or columns that are done together, each a stream of its own.
const FEW: usize = 4;

/// The transpose of each sample, [rows, columns] to [columns, rows].
pub(crate) fn transpose(x: &[f32], y: &mut [f32], rows: usize, columns: usize) {
    let samples = x.chunks_exact(rows * columns).zip(y.chunks_exact_mut(rows * columns));
    for (x, y) in samples {
        transpose_planes(x, columns, y, [rows, columns]);
    }
}

/// The transpose of one matrix, of which rows begin `step` floats apart.
pub(crate) fn transpose_planes(x: &[f32], step: usize, y: &mut [f32], [rows, columns]: [usize; 2]) {
    at_level(x, step, y, [rows, columns], Level::best());
}

fn at_level(x: &[f32], step: usize, y: &mut [f32], [rows, columns]: [usize; 2], level: Level) {
    assert!(x.len() >= (rows - 1) * step + columns && y.len() == rows * columns);
    if rows == 1 || (columns, step) == (1, 1) {
        return y.copy_from_slice(&x[..rows * columns]);
    }
    if rows <= FEW || columns <= FEW {
        // SAFETY: the lengths are checked above.
        return unsafe { few(level, x, step, y, rows, columns) };
    }
    // The longer axis is the inner loop.
    if rows.min(columns) >= LINE / 2 {
        // SAFETY: the lengths are checked above.
        unsafe { squares(level, x, step, y, rows, columns) };
    } else if rows < columns {
        for (row, x) in x.chunks(step).take(rows).enumerate() {
            y.chunks_exact_mut(rows).zip(x).for_each(|(y, x)| y[row] = *x);
        }
    } else {
        for (column, y) in y.chunks_exact_mut(rows).enumerate() {
            y.iter_mut().zip(x.chunks(step)).for_each(|(y, x)| *y = x[column]);
        }
    }
}

kernel!(
    unsafe fn few(x: &[f32], step: usize, y: &mut [f32], rows: usize, columns: usize) = few_lanes
);

/// Of a few rows or columns, whose number the compiler knows: it makes vectors of them.
///
/// # Safety
/// `x` holds rows of `columns` floats, `step` apart, and `y` as many.
#[inline(always)]
unsafe fn few_lanes<V: Lanes>(x: &[f32], step: usize, y: &mut [f32], rows: usize, columns: usize) {
    match (rows, columns) {
        (2, _) => join::<2>(x, step, y),
        (3, _) => join::<3>(x, step, y),
        (4, _) => join::<4>(x, step, y),
        (_, 2) => part::<2>(x, step, y),
        (_, 3) => part::<3>(x, step, y),
        (_, 4) => part::<4>(x, step, y),
        // One column.
        _ => y.iter_mut().zip(x.iter().step_by(step)).for_each(|(y, x)| *y = *x),
    }
}

/// Rows become columns.
#[inline(always)]
fn join<const N: usize>(x: &[f32], step: usize, y: &mut [f32]) {
    let columns = y.len() / N;
    let rows: [&[f32]; N] = std::array::from_fn(|row| &x[row * step..][..columns]);
    for (column, y) in y.as_chunks_mut::<N>().0.iter_mut().enumerate() {
        for row in 0..N {
            y[row] = rows[row][column];
        }
    }
}

/// Columns become rows.
#[inline(always)]
fn part<const N: usize>(x: &[f32], step: usize, y: &mut [f32]) {
    let rows = y.len() / N;
    let mut columns = y.chunks_exact_mut(rows);
    let columns: [&mut [f32]; N] = std::array::from_fn(|_| columns.next().unwrap_or_default());
    if step == N {
        for (row, x) in x.as_chunks::<N>().0[..rows].iter().enumerate() {
            for column in 0..N {
                columns[column][row] = x[column];
            }
        }
        return;
    }
    for (row, x) in x.chunks(step).take(rows).enumerate() {
        for column in 0..N {
            columns[column][row] = x[column];
        }
    }
}

kernel!(
    unsafe fn squares(x: &[f32], step: usize, y: &mut [f32], rows: usize, columns: usize)
        = squares_lanes
);

/// Of one sample, square by square of whole lines: each is read once and written once, where lines
/// at a distance of a power of two would drive each other out of the nearest cache. What is less than
/// a square at the end is done by one that overlaps the one before it, and gives the same numbers
/// twice.
///
/// # Safety
/// `x` holds rows of `columns` floats, `step` apart, and `y` as many.
#[inline(always)]
unsafe fn squares_lanes<V: Lanes>(
    x: &[f32],
    step: usize,
    y: &mut [f32],
    rows: usize,
    columns: usize,
) {
    let mut tile = [[0.0; LINE]; LINE];
    for first in (0..columns).step_by(LINE) {
        let first = first.min(columns.saturating_sub(LINE));
        let width = LINE.min(columns);
        for top in (0..rows).step_by(LINE) {
            let top = top.min(rows.saturating_sub(LINE));
            let height = LINE.min(rows);
            for (i, row) in tile[..height].iter_mut().enumerate() {
                let from = &x[(top + i) * step + first..][..width];
                if width < LINE {
                    row[..width].copy_from_slice(from);
                    continue;
                }
                // A call to copy so little would take longer than the copy.
                for at in (0..LINE).step_by(V::COUNT) {
                    // SAFETY: the vector lies in both lines.
                    unsafe { V::load(from.as_ptr().add(at)).store(row.as_mut_ptr().add(at)) };
                }
            }
            if [height, width] == [LINE; 2] {
                // SAFETY: the square lies in `y`.
                unsafe { square::<V>(&tile, y.as_mut_ptr().add(first * rows + top), rows) };
                continue;
            }
            for j in 0..width {
                let to = &mut y[(first + j) * rows + top..][..height];
                to.iter_mut().zip(&tile).for_each(|(to, row)| *to = row[j]);
            }
        }
    }
}

/// Writes whole lines, one behind the other.
///
/// # Safety
/// A line is there at `to`, and at each of as many multiples of `step` as follow.
#[inline(always)]
unsafe fn square<V: Lanes>(tile: &[[f32; LINE]; LINE], to: *mut f32, step: usize) {
    for j in (0..LINE).step_by(V::COUNT) {
        for i in (0..LINE).step_by(V::COUNT) {
            // SAFETY: the number of lanes divides that of a line's floats.
            unsafe {
                V::transpose(
                    tile.as_ptr().cast::<f32>().add(i * LINE + j),
                    LINE,
                    to.add(j * step + i),
                    step,
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Level, at_level, transpose};

    #[test]
    fn rows_become_columns() {
        let sizes = [
            [1, 5],
            [5, 1],
            [2, 2],
            [2, 19],
            [3, 1],
            [4, 35],
            [21, 2],
            [50, 3],
            [17, 4],
            [3, 40],
            [7, 16],
            [8, 8],
            [9, 33],
            [16, 17],
            [40, 9],
            [33, 64],
            [16, 48],
        ];
        for (sizes, &level) in sizes.iter().flat_map(|s| Level::all().iter().map(move |l| (s, l))) {
            let [rows, columns] = *sizes;
            for step in [columns, columns + 1, columns + 40] {
                let x: Vec<f32> = (0..(rows - 1) * step + columns).map(|i| i as f32).collect();
                let mut y = vec![f32::NAN; rows * columns];
                at_level(&x, step, &mut y, *sizes, level);
                for (at, y) in y.iter().enumerate() {
                    let (column, row) = (at / rows, at % rows);
                    assert_eq!(*y, x[row * step + column], "{sizes:?} {step} {level:?}");
                }
            }
        }
    }

    #[test]
    fn each_sample_by_itself() {
        let x: Vec<f32> = (0..2 * 3 * 20).map(|i| i as f32).collect();
        let mut y = vec![f32::NAN; x.len()];
        transpose(&x, &mut y, 3, 20);
        for (i, y) in y.iter().enumerate() {
            let (sample, column, row) = (i / 60, i % 60 / 3, i % 3);
            assert_eq!(*y, x[(sample * 3 + row) * 20 + column]);
        }
    }
}
