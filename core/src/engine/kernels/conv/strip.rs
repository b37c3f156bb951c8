//! Max pooling of convolved pixels that lie window by window.

use crate::engine::simd::{Lanes, kernel};

/// A row of windows, one window's pixels after the other's.
///
/// # Safety
/// The strip holds `windows` × `area` × `channels` floats, `y` and the winners (unless null)
/// `windows` × `channels`.
pub(super) struct Strip {
    pub strip: *mut f32,
    pub area: usize,
    pub windows: usize,
    pub channels: usize,
    pub relu: bool,
    pub y: *mut f32,
    pub winners: *mut u8,
}

kernel!(pub(super) unsafe fn pool_strip(job: &Strip) = pool_strip_lanes);

/// # Safety
/// See [`Strip`].
#[inline(always)]
unsafe fn pool_strip_lanes<V: Lanes>(job: &Strip) {
    for window in 0..job.windows {
        for first in (0..job.channels).step_by(V::COUNT) {
            let count = V::COUNT.min(job.channels - first);
            // SAFETY: `count` channels are left of every pixel.
            unsafe {
                let pixels = job.strip.add(window * job.area * job.channels + first);
                let (mut best, mut place) = (V::load_up_to(pixels, count), V::splat(0.0));
                for i in 1..job.area {
                    let x = V::load_up_to(pixels.add(i * job.channels), count);
                    (best, place) = best.max_at(place, x, V::splat(i as f32));
                }
                let best = if job.relu { best.relu() } else { best };
                let to = window * job.channels + first;
                best.store_up_to(job.y.add(to), count);
                if !job.winners.is_null() {
                    place.store_bytes_up_to(job.winners.add(to), count);
                }
            }
        }
    }
}
