//! Convolutions of one sample, pixel-major: `x[(row · width + column) · channels + channel]`, or of
//! a volume, whose slices lie one behind the other.
//!
//! [`Conv`] is the convolution by itself, [`ConvPool`] with max pooling fused behind it. Weights
//! are packed once for a step, gradients of packed weights are added over many samples and
//! unpacked once. Buffers should be [`Floats`](crate::engine::simd::Floats), which start at a cache
//! line: packed weights that do not cost up to half the speed.

mod band;
mod dense;
mod depthwise;
mod gather;
mod pad;
mod patches;
mod pool;
mod pool_backward;
#[cfg(test)]
mod reference;
mod scatter;
mod slices;
mod strip;
mod sweep;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod timing;
mod walk;
mod weights;
mod winners;
mod winograd;

pub(crate) use pool::ConvPool;

use crate::engine::simd::Level;
use pad::Pad;
use sweep::{Sweep, pack, unpack};
pub(crate) use walk::Axis;
use walk::{Images, Steps, Walk};
use winograd::Winograd;

/// What is done with every output before it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    None,
    /// 0 for at most 0; NaN stays NaN.
    Relu,
}

/// The sizes of a convolution.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ConvSizes {
    /// [channels, height, width], of each slice
    pub input: [usize; 3],
    /// The slices of a volume, [lone](Axis::LONE) for an image.
    pub depth: Axis,
    pub out_channels: usize,
    pub kernel_size: [usize; 2],
    pub stride: [usize; 2],
    /// [top, bottom, left, right]
    pub padding: [usize; 4],
    pub dilation: [usize; 2],
    pub groups: usize,
    /// Rows at the bottom and columns on the right of the padded image that no window reaches,
    /// besides those that the stride leaves: what a transposed convolution's output is larger.
    pub unread: [usize; 2],
}

impl ConvSizes {
    fn axes(&self) -> [Axis; 3] {
        let axis = |i: usize| Axis {
            size: self.input[i + 1],
            kernel_size: self.kernel_size[i],
            stride: self.stride[i],
            dilation: self.dilation[i],
            before: self.padding[2 * i],
            after: self.padding[2 * i + 1],
            unread: self.unread[i],
        };
        [self.depth, axis(0), axis(1)]
    }

    /// Floats of the user's weights, [out, in / groups, slices, rows, columns].
    pub(crate) fn weight_len(&self) -> usize {
        self.out_channels
            * (self.input[0] / self.groups)
            * self.depth.kernel_size
            * self.kernel_size[0]
            * self.kernel_size[1]
    }

    /// Whether a prediction is faster with a max pooling behind it in a step of its own.
    pub(crate) fn pools_apart(&self) -> bool {
        winograd::beats_pooling(self)
    }

    /// Whether samples may as well lie channel after channel, with max pooling in the same step if it is
    /// `pooled`: whether they are copied anyway, are read but `once`, or have one channel.
    pub(crate) fn turns(&self, pooled: bool, once: bool) -> bool {
        let border = self.axes().iter().any(|axis| axis.before + axis.after > 0);
        (pooled || !winograd::fits(self)) && (once || border || self.input[0] == 1)
    }

    /// Where a tap of a filter is in the user's weights.
    fn tap(&self, filter: usize, [slice, row, column]: [usize; 3]) -> usize {
        let [height, width] = self.kernel_size;
        ((filter * self.depth.kernel_size + slice) * height + row) * width + column
    }

    fn check(&self) {
        let [channels, height, width] = self.input;
        assert!(channels > 0 && height > 0 && width > 0 && self.out_channels > 0);
        assert!(self.groups > 0 && channels.is_multiple_of(self.groups));
        assert!(self.out_channels.is_multiple_of(self.groups));
        for axis in self.axes() {
            assert!(axis.size > 0 && axis.kernel_size > 0 && axis.stride > 0 && axis.dilation > 0);
            assert!(axis.out() > 0, "the window does not fit");
        }
    }
}

/// A convolution: tables of offsets for one shape and one instruction set.
pub(crate) struct Conv {
    sizes: ConvSizes,
    /// [channels, height, width], of each slice
    output: [usize; 3],
    forward: Sweep,
    backward: Sweep,
    /// The same with fewer products, where that is possible.
    winograd: Option<[Winograd; 2]>,
}

impl Conv {
    /// # Panics
    /// If a size is 0, the groups do not divide the channels, or the window does not fit.
    pub(crate) fn new(sizes: ConvSizes) -> Self {
        Self::at_level(sizes, Level::best(), true)
    }

    /// `special` allows kernels for depthwise and for 3×3 convolutions.
    fn at_level(sizes: ConvSizes, level: Level, special: bool) -> Self {
        sizes.check();
        let [_, rows, columns] = sizes.axes();
        let output = [sizes.out_channels, rows.out(), columns.out()];
        let depthwise = special
            && sizes.groups > 1
            && sizes.groups == sizes.input[0]
            && sizes.groups == sizes.out_channels;
        let make = Maker { sizes, output, level, depthwise };
        let winograd = if special { winograd::both(&sizes, output, level) } else { None };
        Conv { sizes, output, forward: make.forward(), backward: make.backward(), winograd }
    }

    /// Of samples that lie channel after channel.
    pub(crate) fn turning(mut self) -> Self {
        assert!(self.winograd.is_none(), "tiles are read from pixels");
        self.forward.pad.planes = self.sizes.input[0] > 1;
        self
    }

    /// [channels, slices, rows, columns]
    pub(crate) fn output(&self) -> [usize; 4] {
        let [channels, rows, columns] = self.output;
        [channels, self.sizes.depth.out(), rows, columns]
    }

    /// Floats of the packed weights, and of their gradient.
    pub(crate) fn packed_len(&self) -> usize {
        match &self.winograd {
            Some([forward, _]) => forward.packed_len(),
            None => self.forward.sources.len(),
        }
    }

    /// Floats of the weights packed for the input gradient.
    pub(crate) fn packed_transposed_len(&self) -> usize {
        match &self.winograd {
            Some([_, backward]) => backward.packed_len(),
            None => self.backward.sources.len(),
        }
    }

    /// Packs weights [out, in / groups, rows, columns] for the forward pass.
    pub(crate) fn pack(&self, weight: &[f32], packed: &mut [f32]) {
        assert_eq!(weight.len(), self.sizes.weight_len());
        match &self.winograd {
            Some([forward, _]) => forward.pack(weight, packed),
            None => pack(&self.forward.sources, weight, packed),
        }
    }

    /// Packs weights [out, in / groups, rows, columns] for the input gradient.
    pub(crate) fn pack_transposed(&self, weight: &[f32], packed: &mut [f32]) {
        assert_eq!(weight.len(), self.sizes.weight_len());
        match &self.winograd {
            Some([_, backward]) => backward.pack(weight, packed),
            None => pack(&self.backward.sources, weight, packed),
        }
    }

    /// Adds the gradient of packed weights to one of weights [out, in / groups, rows, columns].
    pub(crate) fn unpack_gradient(&self, packed: &[f32], weight: &mut [f32]) {
        assert_eq!(weight.len(), self.sizes.weight_len());
        match &self.winograd {
            Some([forward, _]) => forward.unpack_gradient(packed, weight),
            None => unpack(&self.forward.sources, packed, weight),
        }
    }

    /// Scratch that every function needs at most; what is in it does not matter.
    pub(crate) fn scratch_len(&self) -> usize {
        let sweeps = self.forward.scratch_len().max(self.backward.scratch_len());
        let winograd = self.winograd.iter().flatten().map(Winograd::scratch_len);
        winograd.fold(sweeps, usize::max)
    }

    /// Overwrites `y`, of one sample or more.
    pub(crate) fn forward(
        &self,
        x: &[f32],
        packed: &[f32],
        bias: Option<&[f32]>,
        activation: Act,
        y: &mut [f32],
        scratch: &mut [f32],
    ) {
        let Some([winograd, _]) = &self.winograd else {
            return self.forward.run(x, packed, bias, activation, y, scratch);
        };
        if !winograd.run(x, packed, bias, activation, y, scratch) {
            let packed = repack(&self.forward, &winograd.unpack(packed));
            self.forward.run(x, &packed, bias, activation, y, scratch);
        }
    }

    /// Adds to the gradients of the packed weights and of the bias; `dy` is the gradient before
    /// the activation. Of one sample or more.
    ///
    /// Where tiles would spread what is not finite to taps that do not meet it, leaves out the
    /// weights and returns false: then [`add_direct_gradient`](Self::add_direct_gradient) has to
    /// do them, whose numbers have no place among the packed.
    #[must_use]
    pub(crate) fn backward_weights(
        &self,
        x: &[f32],
        dy: &[f32],
        dw: &mut [f32],
        db: Option<&mut [f32]>,
        scratch: &mut [f32],
    ) -> bool {
        let spreads = self.spreads(x, dy);
        match &self.winograd {
            Some(_) if spreads => {}
            Some([forward, _]) => forward.add_weight_gradient(x, dy, dw, scratch),
            None => self.forward.add_weight_gradient(x, dy, dw, scratch),
        }
        if let Some(db) = db {
            assert_eq!(db.len(), self.output[0]);
            add_bias_gradient(dy, db);
        }
        !spreads
    }

    /// Whether [`backward_weights`](Self::backward_weights) leaves out the weights.
    pub(crate) fn spreads(&self, x: &[f32], dy: &[f32]) -> bool {
        self.winograd.is_some() && !(winograd::bears(x) && winograd::bears(dy))
    }

    /// Adds to the gradient of weights [out, in / groups, rows, columns], slowly.
    pub(crate) fn add_direct_gradient(&self, x: &[f32], dy: &[f32], weight: &mut [f32]) {
        assert_eq!(weight.len(), self.sizes.weight_len());
        let mut packed = vec![0.0; self.forward.sources.len()];
        let mut scratch = vec![0.0; self.scratch_len()];
        self.forward.add_weight_gradient(x, dy, &mut packed, &mut scratch);
        unpack(&self.forward.sources, &packed, weight);
    }

    /// Overwrites `dx`, of one sample or more; `packed` is from
    /// [`pack_transposed`](Self::pack_transposed).
    pub(crate) fn backward_input(
        &self,
        dy: &[f32],
        packed: &[f32],
        dx: &mut [f32],
        scratch: &mut [f32],
    ) {
        self.transposed(dy, packed, None, Act::None, dx, scratch);
    }

    /// As [`backward_input`](Self::backward_input) a layer of its own: from `x`, of the output's
    /// size, to `y`, of the input's, with a bias for each channel of the input.
    pub(crate) fn transposed(
        &self,
        x: &[f32],
        packed: &[f32],
        bias: Option<&[f32]>,
        activation: Act,
        y: &mut [f32],
        scratch: &mut [f32],
    ) {
        let Some([_, winograd]) = &self.winograd else {
            return self.backward.run(x, packed, bias, activation, y, scratch);
        };
        if !winograd.run(x, packed, bias, activation, y, scratch) {
            let packed = repack(&self.backward, &winograd.unpack(packed));
            self.backward.run(x, &packed, bias, activation, y, scratch);
        }
    }
}

/// Weights packed for a sweep.
fn repack(sweep: &Sweep, weight: &[f32]) -> Vec<f32> {
    let mut packed = vec![0.0; sweep.sources.len()];
    pack(&sweep.sources, weight, &mut packed);
    packed
}

/// Adds to `db` the sum of `dy` over the pixels of each channel.
pub(crate) fn add_bias_gradient(dy: &[f32], db: &mut [f32]) {
    let (channels, pixels) = (db.len(), dy.len() / db.len());
    assert_eq!(dy.len(), pixels * channels);
    let job = weights::Bias { dy: dy.as_ptr(), db: db.as_mut_ptr(), pixels, channels };
    // SAFETY: the lengths are those of the slices.
    unsafe { weights::bias_gradient(Level::best().fitting(channels), &job) };
}

/// What both sweeps of a convolution are made of.
struct Maker {
    sizes: ConvSizes,
    output: [usize; 3],
    level: Level,
    depthwise: bool,
}

impl Maker {
    fn forward(&self) -> Sweep {
        let axes = self.sizes.axes();
        let [channels, height, width] = self.sizes.input;
        let [slices, rows, columns] = axes.map(|axis| (axis.before, axis.after));
        let pad = Pad {
            channels,
            depth: axes[0].size,
            height,
            width,
            slices,
            rows,
            columns,
            planes: false,
        };
        let steps = [axes.map(|axis| axis.forward())];
        let to = (axes[0].out(), self.output);
        let (group_in, group_out) =
            (channels / self.sizes.groups, self.output[0] / self.sizes.groups);
        self.sweep(pad, &steps, to).with_sources(|to, from, group, tap| {
            self.sizes.tap((group * group_out + to) * group_in + from, tap)
        })
    }

    fn backward(&self) -> Sweep {
        let axes = self.sizes.axes();
        let [channels, height, width] = self.output;
        let [(deep, slices), (down, rows), (across, columns)] = axes.map(|axis| axis.backward());
        let pad = Pad {
            channels,
            depth: axes[0].out(),
            height,
            width,
            slices,
            rows,
            columns,
            planes: false,
        };
        let mut steps = vec![];
        for deep in &deep {
            for down in &down {
                steps.extend(across.iter().map(|a| [deep.clone(), down.clone(), a.clone()]));
            }
        }
        let to = (axes[0].size, self.sizes.input);
        let (group_out, group_in) =
            (channels / self.sizes.groups, self.sizes.input[0] / self.sizes.groups);
        self.sweep(pad, &steps, to).with_sources(|to, from, group, tap| {
            self.sizes.tap((group * group_out + from) * group_in + to, tap)
        })
    }

    /// To so many slices.
    fn sweep(&self, pad: Pad, steps: &[[Steps; 3]], (slices, to): (usize, [usize; 3])) -> Sweep {
        let groups = self.sizes.groups;
        let slice_to: usize = to.iter().product();
        let len = pad.padded_len().max(slices * slice_to).max(self.sizes.weight_len());
        assert!(len < i32::MAX as usize, "the image is too large");
        let images = Images {
            channels_from: pad.channels,
            channels_to: to[0],
            group: pad.channels / groups,
            width_from: pad.pitch(),
            width_to: to[2],
            slice_from: pad.slice_len(),
            slice_to,
        };
        let walk = |steps: &[Steps; 3]| {
            let walk = Walk::new(steps, images);
            if groups == 1 { walk.joined() } else { walk }
        };
        Sweep {
            level: self.level.fitting(if self.depthwise { groups } else { to[0] / groups }),
            pad,
            walks: steps.iter().map(walk).collect(),
            groups,
            group_from: pad.channels / groups,
            group_to: to[0] / groups,
            pixels: slices * to[1] * to[2],
            depthwise: self.depthwise,
            sources: vec![],
        }
    }
}
