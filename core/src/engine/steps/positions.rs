//! `PositionalEncoding`.

use super::{Call, Deliver, Step, add};
use crate::engine::chunk::{Chunk, Edge, Slot};

/// The same numbers added to each sample.
#[derive(Debug)]
pub(crate) struct PositionsStep {
    pub(crate) x: Edge,
    pub(crate) y: Slot,
    pub(crate) added: Added,
}

/// What is added.
#[derive(Debug)]
pub(crate) enum Added {
    /// The same always.
    Waves(Vec<f32>),
    /// The parameter of this number.
    Learned(usize),
}

impl PositionsStep {
    fn is_learned(&self) -> bool {
        matches!(self.added, Added::Learned(_))
    }
}

impl Step for PositionsStep {
    fn describe(&self) -> String {
        let what = if self.is_learned() { "learned positions" } else { "positions" };
        format!("{what} added to {} floats", self.y.len)
    }

    fn gradient_len(&self) -> usize {
        if self.is_learned() { self.y.len } else { 0 }
    }

    fn deliver(&self, gradients: &[f32], to: &mut Deliver<'_>) {
        if let Added::Learned(weight) = self.added {
            to(weight, &mut |sum| add(gradients, sum));
        }
    }

    fn forward(&self, call: &Call<'_>, chunk: &mut Chunk) {
        let added = match &self.added {
            Added::Waves(waves) => waves,
            Added::Learned(weight) => call.params[*weight],
        };
        let (at, len) = (chunk.forward(self.x.slot, self.y, Slot::default()), self.y.len);
        for (x, y) in at.x.chunks_exact(len).zip(at.y.chunks_exact_mut(len)) {
            x.iter().zip(added).zip(y).for_each(|((x, added), y)| *y = x + added);
        }
    }

    fn backward(&self, call: &Call<'_>, chunk: &mut Chunk) {
        let wanted = !self.x.input || call.input_gradient;
        let at = chunk.backward(self.x.slot, self.y, Slot::default(), call.gradients);
        if self.is_learned() {
            at.dy.chunks_exact(self.y.len).for_each(|dy| add(dy, at.parameters));
        }
        match self.x.first {
            _ if !wanted => {}
            true => at.dx.copy_from_slice(at.dy),
            false => add(at.dy, at.dx),
        }
    }
}
