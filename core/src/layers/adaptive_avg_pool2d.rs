//! `AdaptiveAvgPool2d`: means of windows that are as large as the output's size asks for.
//!
//! Some windows of an axis may be longer than others. All are read as if they were as long as the
//! longest, with zeros behind the end, and each sum is divided by its window's true size.

use super::moves::NOTHING;
use super::{Call, Flat, avg_pool2d, moves};
use crate::backend::{Backend, Float};
use crate::error::Result;
use std::ops::Range;

/// The windows of an image.
pub(crate) struct Windows {
    image: [usize; 3],
    /// Of the rows and of the columns.
    sides: [Vec<Range<usize>>; 2],
    /// The longest of the rows and of the columns.
    pub(crate) longest: [usize; 2],
}

impl Windows {
    /// `None` if these are no images.
    pub(crate) fn of(input: &[usize], output: &[usize]) -> Option<Self> {
        let (&[_, height, width], &[channels, rows, columns]) = (input, output) else {
            return None;
        };
        let sides = [windows(height, rows), windows(width, columns)];
        let longest = |side: &Vec<Range<usize>>| side.iter().map(Range::len).max().unwrap_or(1);
        let longest = [longest(&sides[0]), longest(&sides[1])];
        Some(Windows { image: [channels, height, width], sides, longest })
    }

    #[cfg(feature = "engine")]
    /// Whether each window begins where the one before it ends, and all are as long.
    pub(crate) fn are_even(&self) -> bool {
        let sides = self.sides.iter().zip(&self.image[1..]).zip(self.longest);
        sides.into_iter().all(|((side, size), longest)| side.len() * longest == *size)
    }

    /// One divided by the size of each window.
    pub(crate) fn shares(&self) -> impl Iterator<Item = f64> {
        let [rows, columns] = &self.sides;
        rows.iter().flat_map(move |row| {
            columns.iter().map(move |column| 1.0 / (row.len() * column.len()) as f64)
        })
    }

    /// The pixel that a tap of a window reads, all as long as the longest, or [`NOTHING`].
    fn pixel(&self, channel: usize, place: [usize; 2], tap: [usize; 2]) -> usize {
        let at = |side: usize| self.sides[side][place[side]].clone().nth(tap[side]);
        let [_, height, width] = self.image;
        let pixel = |(row, column)| (channel * height + row) * width + column;
        at(0).zip(at(1)).map_or(NOTHING, pixel)
    }

    /// All pairs below these.
    fn pairs([rows, columns]: [usize; 2]) -> impl Iterator<Item = [usize; 2]> {
        (0..rows).flat_map(move |row| (0..columns).map(move |column| [row, column]))
    }

    #[cfg(feature = "engine")]
    /// Where the pixels come from of an image in which the windows lie side by side.
    pub(crate) fn side_by_side(&self) -> Vec<usize> {
        let [down, across] = self.longest;
        let size = [self.sides[0].len() * down, self.sides[1].len() * across];
        let pixels = |channel| {
            Self::pairs(size).map(move |[row, column]| {
                self.pixel(channel, [row / down, column / across], [row % down, column % across])
            })
        };
        (0..self.image[0]).flat_map(pixels).collect()
    }

    /// The same, window by window.
    fn one_by_one(&self) -> Vec<usize> {
        let places = [self.sides[0].len(), self.sides[1].len()];
        let taps = |channel, place| {
            Self::pairs(self.longest).map(move |tap| self.pixel(channel, place, tap))
        };
        let places = |channel| Self::pairs(places).flat_map(move |place| taps(channel, place));
        (0..self.image[0]).flat_map(places).collect()
    }
}

/// PyTorch's windows along one axis: they share an element where the sizes ask for it.
fn windows(input: usize, output: usize) -> Vec<Range<usize>> {
    (0..output).map(|i| i * input / output..((i + 1) * input).div_ceil(output)).collect()
}

pub(super) fn forward<E: Float, D: Backend<E>>(call: &mut Call<'_, E, D>) -> Result<Flat<E, D>> {
    let Some(windows) = Windows::of(call.input_shape(), call.node.shape) else {
        return Err(call.error("its input is not [channels, height, width]"));
    };
    let (rows, table) = moves::with_zeros(call, windows.one_by_one())?;
    let shares: Vec<E> = windows.shares().map(E::of).collect();
    let shares = (0..windows.image[0]).flat_map(|_| shares.iter().copied()).collect();
    avg_pool2d::means(call, rows, table, shares)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_pytorchs() {
        assert_eq!(windows(5, 3), [0..2, 1..4, 3..5]);
        assert_eq!(windows(6, 3), [0..2, 2..4, 4..6]);
        assert_eq!(windows(2, 3), [0..1, 0..2, 1..2]);
    }

    #[cfg(feature = "engine")]
    #[test]
    fn only_windows_that_share_nothing_are_even() {
        let even = |input: [usize; 3], output: [usize; 3]| {
            Windows::of(&input, &output).unwrap().are_even()
        };
        assert!(even([2, 6, 4], [2, 3, 1]));
        assert!(!even([2, 6, 4], [2, 4, 2]));
        // Each is two long, but the middle one begins inside of the first.
        assert!(!even([2, 2, 4], [2, 2, 3]));
    }
}
