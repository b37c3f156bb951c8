//! Batch norm of rows of channels, `x[row · channels + channel]`: sums for the statistics, and
//! what is done with them.

use crate::engine::simd::{Lanes, Level, kernel};

/// Channels that are summed at once.
pub(crate) const BLOCK: usize = 8;

/// Adds the sum and the sum of squares of each channel to `to`: [channels] and [channels].
pub(crate) fn add_moments(x: &[f32], channels: usize, to: &mut [f64]) {
    let (sums, squares) = to.split_at_mut(channels);
    for first in (0..channels).step_by(BLOCK) {
        let mut block = [[0.0; BLOCK]; 2];
        // SAFETY: safe code, compiled for each instruction set.
        unsafe { moments(Level::best(), x, channels, first, &mut block) };
        add_block(&block[0], &mut sums[first..]);
        add_block(&block[1], &mut squares[first..]);
    }
}

fn add_block(block: &[f64; BLOCK], to: &mut [f64]) {
    for (to, x) in to.iter_mut().zip(block) {
        *to += x;
    }
}

/// What the sums for a gradient are made of.
pub(crate) struct GradientSums<'a> {
    pub(crate) x: &'a [f32],
    pub(crate) dy: &'a [f32],
    /// Where a ReLU stands behind: its values.
    pub(crate) y: Option<&'a [f32]>,
    pub(crate) channels: usize,
}

impl GradientSums<'_> {
    /// The sums of dy and of dy · (x - mean) for up to [`BLOCK`] channels from `first` on.
    pub(crate) fn block(&self, first: usize, mean: &[f64; BLOCK]) -> [[f64; BLOCK]; 2] {
        let mut block = [[0.0; BLOCK]; 2];
        // SAFETY: safe code, compiled for each instruction set.
        unsafe { gradient_sums(Level::best(), self, first, mean, &mut block) };
        block
    }
}

kernel!(unsafe fn moments(x: &[f32], channels: usize, first: usize, sums: &mut [[f64; BLOCK]; 2]) = moments_body);

#[inline(always)]
unsafe fn moments_body<V: Lanes>(
    x: &[f32],
    channels: usize,
    first: usize,
    sums: &mut [[f64; BLOCK]; 2],
) {
    let [mut sum, mut square] = *sums;
    if channels - first >= BLOCK {
        for row in x.chunks_exact(channels) {
            let row = &row[first..first + BLOCK];
            for i in 0..BLOCK {
                let x = f64::from(row[i]);
                sum[i] += x;
                square[i] += x * x;
            }
        }
    } else {
        for row in x.chunks_exact(channels) {
            for (i, x) in row[first..].iter().enumerate() {
                let x = f64::from(*x);
                sum[i] += x;
                square[i] += x * x;
            }
        }
    }
    *sums = [sum, square];
}

kernel!(unsafe fn gradient_sums(job: &GradientSums<'_>, first: usize, mean: &[f64; BLOCK], sums: &mut [[f64; BLOCK]; 2]) = gradient_sums_body);

#[inline(always)]
unsafe fn gradient_sums_body<V: Lanes>(
    job: &GradientSums<'_>,
    first: usize,
    mean: &[f64; BLOCK],
    sums: &mut [[f64; BLOCK]; 2],
) {
    let [mut sum, mut product] = *sums;
    let rows = job.x.chunks_exact(job.channels).zip(job.dy.chunks_exact(job.channels));
    // Without a ReLU its place is taken by `x`, which is not asked.
    let relu = job.y.is_some();
    let rows = rows.zip(job.y.unwrap_or(job.x).chunks_exact(job.channels));
    let mut add = |i: usize, x: f32, dy: f32, y: f32| {
        let dy = if relu && y <= 0.0 { 0.0 } else { f64::from(dy) };
        sum[i] += dy;
        product[i] += dy * (f64::from(x) - mean[i]);
    };
    if job.channels - first >= BLOCK {
        for ((x, dy), y) in rows {
            let block = first..first + BLOCK;
            let (x, dy, y) = (&x[block.clone()], &dy[block.clone()], &y[block]);
            for i in 0..BLOCK {
                add(i, x[i], dy[i], y[i]);
            }
        }
    } else {
        for ((x, dy), y) in rows {
            for i in 0..job.channels - first {
                add(i, x[first + i], dy[first + i], y[first + i]);
            }
        }
    }
    *sums = [sum, product];
}

/// `y = (x + negative_mean) · scale + shift`, at least 0 with `relu`; `coefficients` are
/// [negative_mean, scale, shift], each for all channels.
pub(crate) fn normalize(
    x: &[f32],
    coefficients: &[f32],
    channels: usize,
    relu: bool,
    y: &mut [f32],
) {
    let rows = x.len() / channels;
    assert!(coefficients.len() == 3 * channels && rows * channels == y.len());
    let (x, y, coefficients) = (x.as_ptr(), y.as_mut_ptr(), coefficients.as_ptr());
    let job = Normalize { x, y, coefficients, rows, channels, relu };
    // SAFETY: the lengths are those of the slices.
    unsafe { normalized(Level::best().fitting(channels), &job) };
}

/// # Safety
/// `x` and `y` point at `rows · channels` floats, `coefficients` at three times `channels`.
struct Normalize {
    x: *const f32,
    y: *mut f32,
    coefficients: *const f32,
    rows: usize,
    channels: usize,
    relu: bool,
}

kernel!(unsafe fn normalized(job: &Normalize) = normalized_lanes);

/// # Safety
/// See [`Normalize`].
#[inline(always)]
unsafe fn normalized_lanes<V: Lanes>(job: &Normalize) {
    for first in (0..job.channels).step_by(V::COUNT) {
        let count = V::COUNT.min(job.channels - first);
        // SAFETY: `count` channels are left of every row.
        unsafe {
            let [mean, scale, shift] = [0, 1, 2]
                .map(|i| V::load_up_to(job.coefficients.add(i * job.channels + first), count));
            for row in 0..job.rows {
                let at = row * job.channels + first;
                let x = V::load_up_to(job.x.add(at), count);
                let y = x.add(mean).mul_add(scale, shift);
                let y = if job.relu { y.relu() } else { y };
                y.store_up_to(job.y.add(at), count);
            }
        }
    }
}

/// `dx = dy · a + (x + negative_mean) · b + c`, overwritten or added to.
pub(crate) struct Gradient<'a> {
    /// `None` where all of b and c are 0: an infinite `x` times 0 would be NaN.
    pub(crate) x: Option<&'a [f32]>,
    pub(crate) dy: &'a [f32],
    /// Where a ReLU stands behind: its values.
    pub(crate) y: Option<&'a [f32]>,
    /// [negative_mean, a, b, c], each for all channels.
    pub(crate) coefficients: &'a [f32],
    pub(crate) channels: usize,
    pub(crate) overwrite: bool,
}

impl Gradient<'_> {
    pub(crate) fn run(&self, dx: &mut [f32]) {
        let len = dx.len();
        assert!(self.dy.len() == len && len.is_multiple_of(self.channels));
        assert!([self.x, self.y].iter().flatten().all(|values| values.len() == len));
        assert_eq!(self.coefficients.len(), 4 * self.channels);
        // SAFETY: the lengths are right.
        unsafe { gradient(Level::best().fitting(self.channels), self, dx) };
    }
}

kernel!(unsafe fn gradient(job: &Gradient<'_>, dx: &mut [f32]) = gradient_lanes);

/// # Safety
/// The slices' lengths are those of whole rows.
#[inline(always)]
unsafe fn gradient_lanes<V: Lanes>(job: &Gradient<'_>, dx: &mut [f32]) {
    let rows = dx.len() / job.channels;
    let (dy, dx, coefficients) = (job.dy.as_ptr(), dx.as_mut_ptr(), job.coefficients.as_ptr());
    for first in (0..job.channels).step_by(V::COUNT) {
        let count = V::COUNT.min(job.channels - first);
        // SAFETY: `count` channels are left of every row.
        unsafe {
            let [mean, a, b, c] = [0, 1, 2, 3]
                .map(|i| V::load_up_to(coefficients.add(i * job.channels + first), count));
            for row in 0..rows {
                let at = row * job.channels + first;
                let mut dy = V::load_up_to(dy.add(at), count);
                if let Some(y) = job.y {
                    dy = dy.where_active(V::load_up_to(y.as_ptr().add(at), count));
                }
                let rest = match job.x {
                    Some(x) => V::load_up_to(x.as_ptr().add(at), count).add(mean).mul_add(b, c),
                    None => c,
                };
                let mut sum = dy.mul_add(a, rest);
                if !job.overwrite {
                    sum = sum.add(V::load_up_to(dx.add(at), count));
                }
                sum.store_up_to(dx.add(at), count);
            }
        }
    }
}
