//! Data comes in and changes its layout.

use super::{Call, Source, Step};
use crate::engine::chunk::{Chunk, Edge, Slot};
use crate::engine::kernels::sum::accumulate;
use crate::engine::kernels::transpose::transpose;

/// How a sample lies in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// As the user sees it: row-major.
    Plain,
    /// An image of this many channels and pixels, channels innermost.
    Pixels {
        /// Channels.
        channels: usize,
        /// Height times width.
        pixels: usize,
    },
}

impl Layout {
    /// Where in memory element `i` of the user's order lies.
    pub(crate) fn place(self, i: usize) -> usize {
        match self {
            Layout::Plain => i,
            Layout::Pixels { channels, pixels } => i % pixels * channels + i / pixels,
        }
    }

    /// Whether both orders are the same.
    pub(crate) fn is_plain(self) -> bool {
        match self {
            Layout::Plain => true,
            Layout::Pixels { channels, pixels } => channels == 1 || pixels == 1,
        }
    }
}

/// Brings an input of the network into a chunk.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Enter {
    pub(crate) number: usize,
    pub(crate) to: Slot,
    pub(crate) layout: Layout,
}

impl Enter {
    /// The samples of a chunk as the user's.
    pub(super) fn samples<'a>(&self, call: &Call<'a>, chunk: &Chunk) -> Option<&'a [f32]> {
        let Source::Floats(batch) = call.inputs[self.number] else { return None };
        Some(&batch[chunk.first * self.to.len..(chunk.first + chunk.n) * self.to.len])
    }

    /// Samples as the engine has them.
    pub(super) fn bring(&self, x: &[f32], y: &mut [f32]) {
        match self.layout {
            Layout::Pixels { channels, pixels } if !self.layout.is_plain() => {
                transpose(x, y, channels, pixels);
            }
            _ => y.copy_from_slice(x),
        }
    }

    /// Behind what a step does that reads the input where the user has it.
    pub(super) fn describe_end(enter: Option<Enter>) -> String {
        enter.map_or(String::new(), |enter| format!(" of input {}", enter.number))
    }
}

impl Step for Enter {
    fn describe(&self) -> String {
        let layout = if self.layout.is_plain() { "" } else { ", pixel-major" };
        format!("input {}{layout}", self.number)
    }

    fn forward(&self, call: &Call<'_>, chunk: &mut Chunk) {
        let Some(x) = self.samples(call, chunk) else { return };
        self.bring(x, &mut chunk.memory.values[self.to.range(chunk.n)]);
    }

    fn backward(&self, _: &Call<'_>, _: &mut Chunk) {}
}

/// From pixels back to the user's order: before `Flatten`, and at the network's end.
#[derive(Debug)]
pub(crate) struct Transpose {
    pub(crate) from: Edge,
    pub(crate) to: Slot,
    /// Channels and pixels of the image.
    pub(crate) image: [usize; 2],
    /// To pixels instead.
    pub(crate) to_pixels: bool,
}

impl Step for Transpose {
    fn describe(&self) -> String {
        let order = if self.to_pixels { "pixel-major" } else { "channels first" };
        format!("{} floats {order}", self.to.len)
    }

    fn forward(&self, _: &Call<'_>, chunk: &mut Chunk) {
        let [channels, pixels] = self.image;
        let at = chunk.forward(self.from.slot, self.to, Slot::default());
        match self.to_pixels {
            true => transpose(at.x, at.y, channels, pixels),
            false => transpose(at.x, at.y, pixels, channels),
        }
    }

    fn backward(&self, call: &Call<'_>, chunk: &mut Chunk) {
        if self.from.input && !call.input_gradient {
            return;
        }
        let [channels, pixels] = self.image;
        let at = chunk.backward(self.from.slot, self.to, Slot::default(), Slot::default());
        let (rows, columns) = if self.to_pixels { (pixels, channels) } else { (channels, pixels) };
        if self.from.first {
            return transpose(at.dy, at.dx, rows, columns);
        }
        let scratch = &mut at.scratch[..at.dy.len()];
        transpose(at.dy, scratch, rows, columns);
        add(scratch, at.dx);
    }

    fn scratch_len(&self, n: usize) -> usize {
        if self.from.first { 0 } else { self.to.len * n }
    }
}

/// `y += x`
pub(crate) fn add(x: &[f32], y: &mut [f32]) {
    accumulate(x, y, false);
}
