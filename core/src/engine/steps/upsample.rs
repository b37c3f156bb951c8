//! `Upsample2d`: every pixel several times.

use super::{Call, Step, add};
use crate::engine::chunk::{Chunk, Edge, Slot};

/// An image of `[height, width]` pixels, each of them `scale` times down and across.
#[derive(Debug)]
pub(crate) struct UpsampleStep {
    pub(crate) x: Edge,
    pub(crate) y: Slot,
    pub(crate) channels: usize,
    pub(crate) width: usize,
    pub(crate) scale: [usize; 2],
}

impl UpsampleStep {
    /// Floats of a row of the image, and of all rows that it becomes.
    fn rows(&self) -> [usize; 2] {
        let row = self.width * self.channels;
        [row, row * self.scale[0] * self.scale[1]]
    }
}

impl Step for UpsampleStep {
    fn describe(&self) -> String {
        let [down, across] = self.scale;
        format!("each pixel {down}x{across} times, {} floats", self.y.len)
    }

    fn forward(&self, _: &Call<'_>, chunk: &mut Chunk) {
        let ([from, to], [down, across]) = (self.rows(), self.scale);
        let at = chunk.forward(self.x.slot, self.y, Slot::default());
        for (x, y) in at.x.chunks_exact(from).zip(at.y.chunks_exact_mut(to)) {
            let wide = y[..to / down].chunks_exact_mut(across * self.channels);
            for (pixel, copies) in x.chunks_exact(self.channels).zip(wide) {
                for copy in copies.chunks_exact_mut(self.channels) {
                    copy.copy_from_slice(pixel);
                }
            }
            let (first, rest) = y.split_at_mut(to / down);
            rest.chunks_exact_mut(to / down).for_each(|row| row.copy_from_slice(first));
        }
    }

    fn backward(&self, call: &Call<'_>, chunk: &mut Chunk) {
        if self.x.input && !call.input_gradient {
            return;
        }
        let ([from, to], [down, across]) = (self.rows(), self.scale);
        let at = chunk.backward(self.x.slot, self.y, Slot::default(), Slot::default());
        if self.x.first {
            at.dx.fill(0.0);
        }
        for (dx, dy) in at.dx.chunks_exact_mut(from).zip(at.dy.chunks_exact(to)) {
            for row in dy.chunks_exact(to / down) {
                let wide = row.chunks_exact(across * self.channels);
                for (pixel, copies) in dx.chunks_exact_mut(self.channels).zip(wide) {
                    copies.chunks_exact(self.channels).for_each(|copy| add(copy, pixel));
                }
            }
        }
    }
}
