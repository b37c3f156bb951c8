//! Windows whose runs are not whole vectors, copied out of the sample: run after run, padded to
//! whole vectors at the end. What a window's winners are multiplied with are then whole vectors
//! side by side, and as few as can be: the 3 × 9 numbers of a first layer's window are 4 of 8.

use super::winners::{Job, Windows};
use crate::engine::simd::Lanes;

/// Floats that the patches of some pooled windows take together: half of a core's first cache.
const TOGETHER: usize = 1 << 12;

/// Room for the patches of some pooled windows, one after the other, each with its winners' one
/// after the other: all of one size.
pub(super) struct Patches {
    /// Where they are in it: all patches are one run.
    pub windows: Windows,
    /// Pooled windows that there is room for.
    pub together: usize,
    /// What is copied for a patch: from where in the sample to where in the patch.
    moves: Vec<(u32, u32)>,
    /// Floats of each, which are a vector or fewer.
    count: usize,
    /// Floats of a vector.
    lanes: usize,
}

impl Patches {
    /// For windows whose runs are not whole vectors.
    pub fn new(windows: &Windows, lanes: usize) -> Option<Self> {
        let len = windows.run_len;
        if len.is_multiple_of(lanes) {
            return None;
        }
        let row = windows.depth().next_multiple_of(lanes);
        // The last vector of a run ends with it, and so overlaps the one before it.
        let last = len.saturating_sub(lanes);
        let inside = (0..len).step_by(lanes).map(|at| at.min(last));
        let run = |(number, &run): (usize, &u32)| {
            inside.clone().map(move |at| (run + at as u32, (number * len + at) as u32))
        };
        let moves = windows.runs.iter().enumerate().flat_map(run).collect();
        let together = (TOGETHER / (windows.area * row)).clamp(1, windows.bases.len());
        let windows = Windows { bases: vec![], runs: vec![0], run_len: row, ..*windows };
        Some(Patches { windows, together, moves, count: len.min(lanes), lanes })
    }

    /// Floats: the last patch may be written a vector too far.
    pub fn len(&self) -> usize {
        self.together * self.windows.area * self.windows.run_len + self.lanes
    }

    /// Copies the patches of the job's pooled windows, behind which there are zeros.
    ///
    /// # Safety
    /// See [`Job`]; they are not more than there is room for, and zeros are behind each patch.
    #[inline(always)]
    pub unsafe fn copy<V: Lanes>(&self, job: &Job<'_>) {
        let mut to = job.patches;
        // SAFETY: all places exist; what is shorter than a vector is written with zeros behind it,
        // where the next patch begins, or zeros stand, or something is spare.
        unsafe {
            for base in &job.windows.bases[job.range.0..job.range.1] {
                for place in &job.windows.places[..job.windows.area] {
                    let image = job.image.add((base + place) as usize);
                    for &(from, inside) in &self.moves {
                        V::load_up_to(image.add(from as usize), self.count)
                            .store(to.add(inside as usize));
                    }
                    to = to.add(self.windows.run_len);
                }
            }
        }
    }
}

/// Adds the first patch to the window at `place` of the image.
///
/// # Safety
/// See [`Job`].
#[inline(always)]
pub(super) unsafe fn add_to<V: Lanes>(job: &Job<'_>, place: usize) {
    let len = job.windows.run_len;
    for (number, &run) in job.windows.runs.iter().enumerate() {
        for at in (0..len).step_by(V::COUNT) {
            let count = V::COUNT.min(len - at);
            // SAFETY: `count` floats are left of the run.
            unsafe {
                let to = job.image.add(place + run as usize + at);
                let sum = V::load_up_to(job.patches.add(number * len + at), count);
                V::load_up_to(to, count).add(sum).store_up_to(to, count);
            }
        }
    }
}
