//! Weights at the 16 points of a tile, and back.
//!
//! Each point has a matrix, packed for the dense kernel: for each channel read the channels
//! written. Filters go through vectors of channels written, tap by tap.

// Loops over the index of an array unroll into registers; iterators over arrays of vectors may not.
#![allow(clippy::needless_range_loop)]

use super::super::dense;
use super::POINTS;
use crate::engine::simd::{Lanes, Level, kernel};

/// The weights of one direction.
#[derive(Clone, Copy)]
pub(super) struct Filters {
    /// Taps along the depth.
    pub taps: usize,
    /// Channels read, of all taps, one tap behind the other; and written.
    pub from: usize,
    pub to: usize,
    pub lanes: usize,
    /// For the input gradient: of the weights [out, in, taps, 3, 3], `from` is out, and each filter
    /// is turned by half a turn.
    pub turned: bool,
}

type Taps<V> = [[V; 3]; 3];
type Points<V> = [[V; 4]; 4];

impl Filters {
    fn point_len(&self) -> usize {
        dense::packed_len(self.from, self.to, self.lanes)
    }

    pub fn packed_len(&self) -> usize {
        POINTS * self.point_len()
    }

    fn check(&self, weight: &[f32], packed: &[f32]) {
        assert_eq!(weight.len(), self.from * self.to * 9);
        assert_eq!(packed.len(), self.packed_len());
    }

    pub fn pack(&self, level: Level, weight: &[f32], packed: &mut [f32]) {
        self.check(weight, packed);
        // SAFETY: the lengths are checked, and the lanes are the level's.
        unsafe { pack(level, self, weight, packed) };
    }

    /// Overwrites the weights.
    pub fn unpack(&self, level: Level, packed: &[f32], weight: &mut [f32]) {
        self.check(weight, packed);
        // SAFETY: the lengths are checked, and the lanes are the level's.
        unsafe { unpack(level, self, packed, weight) };
    }

    /// Adds to the gradient of the weights.
    pub fn unpack_gradient(&self, level: Level, packed: &[f32], weight: &mut [f32]) {
        self.check(weight, packed);
        // SAFETY: the lengths are checked, and the lanes are the level's.
        unsafe { unpack_gradient(level, self, packed, weight) };
    }

    /// Calls `f(place in a packed point, channel read, first channel written)` for each vector.
    #[inline(always)]
    fn vectors(&self, mut f: impl FnMut(usize, usize, usize)) {
        let (mut first, mut at) = (0, 0);
        while first < self.to {
            let vectors = dense::vectors(self.to - first, self.lanes);
            for from in 0..self.from {
                for vector in 0..vectors {
                    f(at, from, first + vector * self.lanes);
                    at += self.lanes;
                }
            }
            first += vectors * self.lanes;
        }
    }

    /// Where the filter between two channels is in the weights.
    #[inline(always)]
    fn filter(&self, from: usize, to: usize) -> usize {
        let each = self.from / self.taps;
        let (tap, from) = (from / each, from % each);
        let filter = if self.turned { from * self.to + to } else { to * each + from };
        9 * (filter * self.taps + tap)
    }

    /// The place of tap or point `i` of `len`.
    #[inline(always)]
    fn turn(&self, i: usize, len: usize) -> usize {
        if self.turned { len - 1 - i } else { i }
    }

    /// The filters from a channel to a vector of channels.
    #[inline(always)]
    unsafe fn load<V: Lanes>(&self, weight: &[f32], from: usize, first: usize) -> Taps<V> {
        let mut taps = [[0.0; 16]; 9];
        for lane in 0..self.lanes.min(self.to - first) {
            let filter = &weight[self.filter(from, first + lane)..][..9];
            for i in 0..9 {
                taps[i][lane] = filter[self.turn(i, 9)];
            }
        }
        // SAFETY: a vector has at most 16 lanes.
        unsafe {
            let mut g = [[V::splat(0.0); 3]; 3];
            for i in 0..9 {
                g[i / 3][i % 3] = V::load(taps[i].as_ptr());
            }
            g
        }
    }

    /// Gives each tap of the filters to `f`, with its number.
    #[inline(always)]
    unsafe fn store<V: Lanes>(
        &self,
        g: Taps<V>,
        from: usize,
        first: usize,
        mut f: impl FnMut(usize, f32),
    ) {
        let mut taps = [[0.0; 16]; 9];
        for i in 0..9 {
            // SAFETY: a vector has at most 16 lanes.
            unsafe { g[i / 3][i % 3].store(taps[i].as_mut_ptr()) };
        }
        for lane in 0..self.lanes.min(self.to - first) {
            let filter = self.filter(from, first + lane);
            for i in 0..9 {
                f(filter + self.turn(i, 9), taps[i][lane]);
            }
        }
    }

    /// A vector at all points.
    #[inline(always)]
    unsafe fn points<V: Lanes>(&self, packed: &[f32], at: usize) -> Points<V> {
        // SAFETY: the slice is checked to hold a vector.
        unsafe {
            let mut u = [[V::splat(0.0); 4]; 4];
            for point in 0..POINTS {
                let from = &packed[point * self.point_len() + at..][..V::COUNT];
                u[point / 4][point % 4] = V::load(from.as_ptr());
            }
            u
        }
    }
}

/// `f` of all columns, then of all rows.
#[inline(always)]
unsafe fn frame<V: Lanes, const N: usize, const M: usize>(
    g: [[V; N]; N],
    f: impl Fn([V; N]) -> [V; M],
) -> [[V; M]; M] {
    // SAFETY: the caller has the instruction set.
    let zero = unsafe { V::splat(0.0) };
    let mut columns = [[zero; M]; N];
    for j in 0..N {
        let mut column = [zero; N];
        for i in 0..N {
            column[i] = g[i][j];
        }
        columns[j] = f(column);
    }
    let mut out = [[zero; M]; M];
    for i in 0..M {
        let mut row = [zero; N];
        for j in 0..N {
            row[j] = columns[j][i];
        }
        out[i] = f(row);
    }
    out
}

kernel!(unsafe fn pack(job: &Filters, weight: &[f32], packed: &mut [f32]) = pack_lanes);
kernel!(unsafe fn unpack(job: &Filters, packed: &[f32], weight: &mut [f32]) = unpack_lanes);
kernel!(unsafe fn unpack_gradient(job: &Filters, packed: &[f32], weight: &mut [f32]) = unpack_gradient_lanes);

/// G g Gᵀ.
///
/// # Safety
/// The lanes are the filters'.
#[inline(always)]
unsafe fn pack_lanes<V: Lanes>(job: &Filters, weight: &[f32], packed: &mut [f32]) {
    // SAFETY: the slices are checked to hold a vector.
    unsafe {
        let half = V::splat(0.5);
        job.vectors(|at, from, first| {
            let u = frame(job.load::<V>(weight, from, first), |g: [V; 3]| {
                let (ends, middle) = (g[0].add(g[2]), g[1]);
                [g[0], ends.add(middle).mul(half), ends.sub(middle).mul(half), g[2]]
            });
            for point in 0..POINTS {
                let to = &mut packed[point * job.point_len() + at..][..V::COUNT];
                u[point / 4][point % 4].store(to.as_mut_ptr());
            }
        });
    }
}

/// g from G g Gᵀ, to rounding.
///
/// # Safety
/// The lanes are the filters'.
#[inline(always)]
unsafe fn unpack_lanes<V: Lanes>(job: &Filters, packed: &[f32], weight: &mut [f32]) {
    // SAFETY: the caller has the instruction set.
    unsafe {
        job.vectors(|at, from, first| {
            let g = frame(job.points::<V>(packed, at), |u: [V; 4]| [u[0], u[1].sub(u[2]), u[3]]);
            job.store(g, from, first, |i, tap| weight[i] = tap);
        });
    }
}

/// Adds Gᵀ u G.
///
/// # Safety
/// The lanes are the filters'.
#[inline(always)]
unsafe fn unpack_gradient_lanes<V: Lanes>(job: &Filters, packed: &[f32], weight: &mut [f32]) {
    // SAFETY: the caller has the instruction set.
    unsafe {
        let half = V::splat(0.5);
        job.vectors(|at, from, first| {
            let g = frame(job.points::<V>(packed, at), |u: [V; 4]| {
                let (sum, difference) = (u[1].add(u[2]).mul(half), u[1].sub(u[2]).mul(half));
                [u[0].add(sum), difference, sum.add(u[3])]
            });
            job.store(g, from, first, |i, tap| weight[i] += tap);
        });
    }
}
