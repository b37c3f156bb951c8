//! The largest along one axis of what lies in memory as `[blocks, along, behind]`, and where it was.

#[cfg(test)]
mod tests;

use crate::engine::simd::{Lanes, Level, kernel};

/// The first of equals wins, and a NaN wins over all.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Maximum {
    along: usize,
    behind: usize,
    level: Level,
}

impl Maximum {
    /// # Panics
    /// If a size is 0, or if the axis is so long that a float does not hold its places.
    pub(crate) fn new(along: usize, behind: usize) -> Self {
        Self::at_level(along, behind, Level::best())
    }

    fn at_level(along: usize, behind: usize, level: Level) -> Self {
        assert!(along > 0 && behind > 0 && along <= Self::LONGEST);
        Maximum { along, behind, level: level.fitting(behind) }
    }

    /// The longest axis.
    pub(crate) const LONGEST: usize = 1 << 24;

    /// Overwrites `y`, and `places` with the winners' numbers along the axis.
    pub(crate) fn forward(&self, x: &[f32], y: &mut [f32], places: &mut [f32]) {
        let &Maximum { along, behind, level } = self;
        assert!(y.len() == places.len() && Some(x.len()) == y.len().checked_mul(along));
        assert!(y.len().is_multiple_of(behind));
        let job = Job { blocks: y.len() / behind, along, behind };
        let (x, y, places) = (x.as_ptr(), y.as_mut_ptr(), places.as_mut_ptr());
        // SAFETY: the lengths are checked.
        unsafe { winners(level, &job, x, y, places) };
    }

    /// Adds the gradients to those of the winners.
    pub(crate) fn backward(&self, places: &[f32], dy: &[f32], dx: &mut [f32]) {
        let (behind, block) = (self.behind, self.along * self.behind);
        let blocks = dy.chunks_exact(behind).zip(places.chunks_exact(behind));
        for (dx, (dy, places)) in dx.chunks_exact_mut(block).zip(blocks) {
            for (i, (dy, place)) in dy.iter().zip(places).enumerate() {
                dx[*place as usize * behind + i] += dy;
            }
        }
    }
}

struct Job {
    blocks: usize,
    along: usize,
    behind: usize,
}

kernel!(
    unsafe fn winners(job: &Job, x: *const f32, y: *mut f32, places: *mut f32) = winners_lanes
);

/// # Safety
/// `x` holds `blocks` · `along` · `behind` floats, `y` and `places` `blocks` · `behind`.
#[inline(always)]
unsafe fn winners_lanes<V: Lanes>(job: &Job, x: *const f32, y: *mut f32, places: *mut f32) {
    let &Job { blocks, along, behind } = job;
    for block in 0..blocks {
        for first in (0..behind).step_by(V::COUNT) {
            let (count, at) = (V::COUNT.min(behind - first), block * behind + first);
            // SAFETY: the blocks lie one behind the other, and `count` floats are left of each row.
            unsafe {
                let from = x.add(block * along * behind + first);
                let (mut most, mut place) = (V::load_up_to(from, count), V::splat(0.0));
                for i in 1..along {
                    let next = V::load_up_to(from.add(i * behind), count);
                    (most, place) = most.max_at(place, next, V::splat(i as f32));
                }
                most.store_up_to(y.add(at), count);
                place.store_up_to(places.add(at), count);
            }
        }
    }
}
