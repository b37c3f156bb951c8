//! Which numbers a convolution reads for each pixel that it writes, as tables of offsets.
//!
//! The forward pass is one [`Walk`] over the padded sample. The input gradient is one walk for
//! each phase of the stride over the padded output gradient: the pixels of a phase are reached by
//! the same taps.

/// One axis of a convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Axis {
    pub size: usize,
    pub kernel_size: usize,
    pub stride: usize,
    pub dilation: usize,
    /// Zeros before and after.
    pub before: usize,
    pub after: usize,
    /// Positions at the end that are not read at all.
    pub unread: usize,
}

/// One axis of a walk: where each pixel's window starts and what it is the window of, and where
/// in the window each tap is.
#[derive(Clone)]
pub(super) struct Steps {
    /// (position read from, position written to)
    pub places: Vec<(usize, usize)>,
    /// (position from the window's start, index in the kernel), ascending
    pub taps: Vec<(usize, usize)>,
}

impl Axis {
    /// The slices of an image: a lone one.
    pub(crate) const LONE: Axis =
        Axis { size: 1, kernel_size: 1, stride: 1, dilation: 1, before: 0, after: 0, unread: 0 };

    /// Positions of the window; 0 if it does not fit.
    pub(crate) fn out(&self) -> usize {
        let window = (self.kernel_size - 1) * self.dilation + 1 + self.unread;
        (self.before + self.size + self.after + self.stride).saturating_sub(window) / self.stride
    }

    pub(super) fn forward(&self) -> Steps {
        Steps {
            places: (0..self.out()).map(|to| (to * self.stride, to)).collect(),
            taps: (0..self.kernel_size).map(|tap| (tap * self.dilation, tap)).collect(),
        }
    }

    /// The steps of the input gradient over the padded output gradient, one for each phase, and
    /// the padding (before, after).
    pub(super) fn backward(&self) -> (Vec<Steps>, (usize, usize)) {
        let spread = (self.kernel_size - 1) * self.dilation;
        let before = spread.saturating_sub(self.before) / self.stride;
        let last = (self.size - 1 + self.before) / self.stride;
        let after = last.saturating_sub(self.out() - 1);
        let phases = (0..self.stride).map(|phase| self.phase(phase, before)).collect();
        (phases, (before, after))
    }

    /// The inputs at `phase` modulo the stride: input `i` gets from tap `k` the gradient of output
    /// `(i + padding − k·dilation) / stride`.
    fn phase(&self, phase: usize, before: usize) -> Steps {
        let reach = |tap: usize| (tap * self.dilation).checked_sub(phase);
        let mut taps: Vec<(usize, usize)> = (0..self.kernel_size)
            .filter(|&tap| (tap * self.dilation) % self.stride == phase)
            .filter_map(|tap| Some((reach(tap)? / self.stride, tap)))
            .collect();
        let furthest = taps.iter().map(|&(back, _)| back).max().unwrap_or(0);
        taps.iter_mut().for_each(|(back, _)| *back = furthest - *back);
        taps.sort_unstable();
        let places = (0..self.size)
            .filter(|i| (i + self.before) % self.stride == phase)
            .map(|i| ((i + self.before) / self.stride + before - furthest, i))
            .collect();
        Steps { places, taps }
    }
}

/// Pixels to write and, for each, the runs of numbers to read.
pub(super) struct Walk {
    /// Where the windows of each slice start in what is read, and where it is in what is written.
    pub slices: Vec<(u32, u32)>,
    /// Slices that a window reaches over.
    pub reach: usize,
    /// Where each pixel's window starts in what is read, in every slice.
    pub from: Vec<u32>,
    /// Where each pixel is in what is written, in every slice.
    pub to: Vec<u32>,
    /// Where, from the window's start, each contiguous run starts.
    pub runs: Vec<u32>,
    /// Numbers in each run.
    pub run_len: usize,
    /// The kernel's taps [slice, row, column] in the order in which they are read, each with all
    /// channels of a group.
    pub taps: Vec<[usize; 3]>,
}

/// What a walk reads and writes, besides its steps.
#[derive(Clone, Copy)]
pub(super) struct Images {
    /// Channels read and written, and how many of those read belong to a group.
    pub channels_from: usize,
    pub channels_to: usize,
    pub group: usize,
    /// Pixels in a row of what is read and written.
    pub width_from: usize,
    pub width_to: usize,
    /// Numbers in a slice of what is read and written.
    pub slice_from: usize,
    pub slice_to: usize,
}

impl Walk {
    pub fn new([slices, rows, columns]: &[Steps; 3], images: Images) -> Walk {
        let Images { channels_from, channels_to, group, width_from, width_to, .. } = images;
        let (from, to, runs, taps) = (vec![], vec![], vec![], vec![]);
        let reach = slices.taps.last().map_or(1, |tap| tap.0 + 1);
        let mut walk = Walk { slices: vec![], reach, from, to, runs, run_len: group, taps };
        for slice in &slices.places {
            let [from, to] = [slice.0 * images.slice_from, slice.1 * images.slice_to];
            walk.slices.push((offset(from), offset(to)));
        }
        for row in &rows.places {
            for column in &columns.places {
                walk.from.push(offset((row.0 * width_from + column.0) * channels_from));
                walk.to.push(offset((row.1 * width_to + column.1) * channels_to));
            }
        }
        for slice in &slices.taps {
            for row in &rows.taps {
                for column in &columns.taps {
                    let pixel = (row.0 * width_from + column.0) * channels_from;
                    walk.runs.push(offset(slice.0 * images.slice_from + pixel));
                    walk.taps.push([slice.1, row.1, column.1]);
                }
            }
        }
        if walk.runs.is_empty() {
            walk.from.fill(0);
            walk.slices.iter_mut().for_each(|(from, _)| *from = 0);
        }
        walk
    }

    /// Joins runs that follow each other without a gap, as long as all stay of one length.
    pub fn joined(mut self) -> Walk {
        let gap = |pair: &[u32]| pair[1] as usize != pair[0] as usize + self.run_len;
        let joined = self.runs.windows(2).position(gap).map_or(self.runs.len(), |at| at + 1);
        let even = |runs: &[u32]| runs.len() == joined && runs.windows(2).all(|pair| !gap(pair));
        if joined > 1 && self.runs.chunks(joined).all(even) {
            self.runs = self.runs.iter().step_by(joined).copied().collect();
            self.run_len *= joined;
        }
        self
    }

    /// Numbers read for one pixel, of one group.
    pub fn depth(&self) -> usize {
        self.runs.len() * self.run_len
    }
}

/// An offset in the tables' type; the constructor has bounded the images' sizes.
pub(super) fn offset(x: usize) -> u32 {
    debug_assert!(u32::try_from(x).is_ok());
    x as u32
}

/// Slice, row and column of number `n` of so many of each.
pub(super) fn apart(n: usize, [_, rows, columns]: [usize; 3]) -> [usize; 3] {
    [n / columns / rows, n / columns % rows, n % columns]
}
