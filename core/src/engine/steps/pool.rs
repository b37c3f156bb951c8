//! Pooling by itself: the largest or the mean of windows, and the mean of a whole image.

use super::enter::Enter;
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

/// `MaxPool2d`, `AvgPool2d` and `GlobalAvgPool2d`, and those of a volume: of each sample, or of each
/// channel of each where those lie one after the other, and the window is of one.
#[derive(Debug)]
pub(crate) struct PoolStep {
    pub(crate) x: Edge,
    /// If it reads the network's input where the user has it: what else would bring that.
    pub(crate) enter: Option<Enter>,
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
        let end = Enter::describe_end(self.enter);
        format!("{what} of {} for each of {} floats{end}", self.window.size(), self.y.len)
    }

    fn forward(&self, call: &Call<'_>, chunk: &mut Chunk) {
        let input = self.enter.and_then(|enter| enter.samples(call, chunk));
        let at = chunk.forward(self.x.slot, self.y, self.winners());
        let (from, to) = (self.window.input_len(), self.window.output_len());
        let samples = input.unwrap_or(at.x).chunks_exact(from).zip(at.y.chunks_exact_mut(to));
        let kept = if at.bytes.is_empty() { 0 } else { to };
        for (i, (x, y)) in samples.enumerate() {
            match &self.pooling {
                Pooling::Max { .. } => {
                    self.window.max(x, y, &mut at.bytes[i * kept..(i + 1) * kept]);
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
        let input = self.enter.and_then(|enter| enter.samples(call, chunk));
        let at = chunk.backward(self.x.slot, self.y, winners, Slot::default());
        let (from, to) = (self.window.input_len(), self.window.output_len());
        let samples = input.unwrap_or(at.x).chunks_exact(from).zip(at.dx.chunks_exact_mut(from));
        for (i, ((x, dx), dy)) in samples.zip(at.dy.chunks_exact(to)).enumerate() {
            match &self.pooling {
                Pooling::Max { .. } if winners.len == 0 => {
                    self.window.max_gradient_again(x, dy, dx, first);
                }
                Pooling::Max { .. } => {
                    let winners = &at.bytes[i * to..(i + 1) * to];
                    self.window.max_gradient(dy, winners, dx, first);
                }
                Pooling::Mean { shares } => self.window.mean_gradient(dy, shares, dx, first),
            }
        }
    }
}
