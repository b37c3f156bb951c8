//! Pooling by itself: the largest or the mean of windows, and the mean of a whole image.

use super::{Call, Step};
use crate::engine::chunk::{Chunk, Edge, Slot};
use crate::engine::kernels::window::Window;

/// What a pooling gives of each window.
#[derive(Debug)]
pub(crate) enum Pooling {
    /// The largest value; its tap is kept as a byte where there are few enough.
    Max { winners: Slot },
    /// The sum times a share for each window.
    Mean { shares: Vec<f32> },
}

/// `MaxPool2d`, `AvgPool2d` and `GlobalAvgPool2d`, and those of a volume.
#[derive(Debug)]
pub(crate) struct PoolStep {
    pub(crate) x: Edge,
    pub(crate) y: Slot,
    pub(crate) window: Window,
    pub(crate) pooling: Pooling,
}

impl PoolStep {
    fn winners(&self) -> Slot {
        match self.pooling {
            Pooling::Max { winners } => winners,
            Pooling::Mean { .. } => Slot::default(),
        }
    }
}

impl Step for PoolStep {
    fn describe(&self) -> String {
        let what = match self.pooling {
            Pooling::Max { .. } => "largest",
            Pooling::Mean { .. } => "mean",
        };
        format!("{what} of {} for each of {} floats", self.window.size(), self.y.len)
    }

    fn forward(&self, _: &Call<'_>, chunk: &mut Chunk) {
        let winners = self.winners();
        let at = chunk.forward(self.x.slot, self.y, winners);
        let samples = at.x.chunks_exact(self.x.slot.len).zip(at.y.chunks_exact_mut(self.y.len));
        for (i, (x, y)) in samples.enumerate() {
            match &self.pooling {
                Pooling::Max { .. } => {
                    let bytes = i * winners.len..(i + 1) * winners.len;
                    self.window.max(x, y, &mut at.bytes[bytes]);
                }
                Pooling::Mean { shares } => self.window.mean(x, shares, y),
            }
        }
    }

    fn backward(&self, call: &Call<'_>, chunk: &mut Chunk) {
        if self.x.input && !call.input_gradient {
            return;
        }
        let (winners, first) = (self.winners(), self.x.first);
        let at = chunk.backward(self.x.slot, self.y, winners, Slot::default());
        let [from, to] = [self.x.slot.len, self.y.len];
        let samples = at.x.chunks_exact(from).zip(at.dx.chunks_exact_mut(from));
        for (i, ((x, dx), dy)) in samples.zip(at.dy.chunks_exact(to)).enumerate() {
            match &self.pooling {
                Pooling::Max { .. } if winners.len == 0 => {
                    self.window.max_gradient_again(x, dy, dx, first);
                }
                Pooling::Max { .. } => {
                    let bytes = i * winners.len..(i + 1) * winners.len;
                    self.window.max_gradient(dy, &at.bytes[bytes], dx, first);
                }
                Pooling::Mean { shares } => self.window.mean_gradient(dy, shares, dx, first),
            }
        }
    }
}
