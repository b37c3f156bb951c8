//! Convolution, activation and max pooling in one: only what pooling keeps is stored, and only
//! the winners have gradients.

use super::patches::Patches;
use super::strip::{Strip, pool_strip};
use super::sweep::{NONE, pack, unpack};
use super::walk::offset;
use super::winners::Windows;
use super::{Act, Conv, ConvSizes, dense};
use crate::engine::simd::Level;

/// Floats of a cache line.
pub(super) const LINE: usize = 16;

/// A convolution with max pooling behind it: windows side by side, without padding; what is left
/// over is cut off and not computed.
pub(crate) struct ConvPool {
    pub(super) conv: Conv,
    /// [channels, slices, rows, columns]
    pub(super) output: [usize; 4],
    /// Where the convolution's pixels start in the padded sample, window by window, and where
    /// they are stored: for windows of four the window, else the pixel in the strip.
    pub(super) from: Vec<u32>,
    pub(super) to: Vec<u32>,
    /// The windows in the padded sample.
    pub(super) windows: Windows,
    /// For the gradients, if the windows' runs are not whole vectors.
    pub(super) patches: Option<Patches>,
    /// The instruction set of the gradients, and the sources of their packed weights.
    pub(super) level: Level,
    pub(super) sources: Vec<u32>,
}

impl ConvPool {
    /// Pooling windows of `window` [slices, rows, columns].
    ///
    /// # Panics
    /// Where [`Conv::new`] does, if no window fits, or if it has more than 256 pixels.
    pub(crate) fn new(sizes: ConvSizes, window: [usize; 3]) -> Self {
        Self::at_level(sizes, window, Level::best())
    }

    pub(super) fn at_level(sizes: ConvSizes, window: [usize; 3], level: Level) -> Self {
        let conv = Conv::at_level(sizes, level, false);
        let ([channels, height, width], depth) = (conv.output, sizes.depth.out());
        assert!((1..=256).contains(&window.iter().product::<usize>()));
        let all = [depth / window[0], height / window[1], width / window[2]];
        assert!(!all.contains(&0), "the pooling window does not fit");
        let output = [channels, all[0], all[1], all[2]];
        let walk = &conv.forward.walks[0];
        let level = level.fitting(walk.run_len);
        let start = |[slice, row, column]: [usize; 3]| {
            walk.slices[slice].0 + walk.from[row * width + column]
        };
        let windows = Windows::new(window, all, start, walk.runs.clone(), walk.run_len);
        let patches = Patches::new(&windows, level.lanes());
        let (from, to, sources) = (vec![], vec![], vec![]);
        let mut pool = ConvPool { conv, output, from, to, windows, patches, level, sources };
        pool.fill_tables();
        pool.fill_sources();
        pool
    }

    /// Of samples that lie channel after channel.
    pub(crate) fn turning(self) -> Self {
        ConvPool { conv: self.conv.turning(), ..self }
    }

    pub(super) fn area(&self) -> usize {
        self.windows.area
    }

    fn fill_tables(&mut self) {
        let [channels, slices, rows, columns] = self.output;
        for base in &self.windows.bases {
            let places = &self.windows.places[..self.area()];
            self.from.extend(places.iter().map(|place| base + place));
        }
        let pixels = if self.area() == 4 { slices * rows * columns } else { columns * self.area() };
        self.to = (0..pixels).map(|pixel| offset(pixel * channels)).collect();
    }

    /// A row of a window's numbers for each channel, padded to whole vectors.
    fn fill_sources(&mut self) {
        let (walk, sizes) = (&self.conv.forward.walks[0], &self.conv.sizes);
        let inputs = self.conv.forward.group_from;
        let row = walk.depth().next_multiple_of(self.level.lanes());
        self.sources = vec![NONE; self.output[0] * row];
        for channel in 0..self.output[0] {
            for depth in 0..walk.depth() {
                let (tap, filter) = (walk.taps[depth / inputs], channel * inputs + depth % inputs);
                self.sources[channel * row + depth] = offset(sizes.tap(filter, tap));
            }
        }
    }

    /// [channels, slices, rows, columns], pooled
    pub(crate) fn output(&self) -> [usize; 4] {
        self.output
    }

    pub(super) fn output_len(&self) -> usize {
        self.output.iter().product()
    }

    /// Floats of the weights packed for the forward pass.
    pub(crate) fn packed_len(&self) -> usize {
        self.conv.packed_len()
    }

    /// Floats of the weights packed for the input gradient, and of the gradient of the weights.
    pub(crate) fn packed_gradient_len(&self) -> usize {
        self.sources.len()
    }

    /// Packs weights [out, in / groups, rows, columns] for the forward pass.
    pub(crate) fn pack(&self, weight: &[f32], packed: &mut [f32]) {
        self.conv.pack(weight, packed);
    }

    /// Packs weights [out, in / groups, rows, columns] for the input gradient.
    pub(crate) fn pack_transposed(&self, weight: &[f32], packed: &mut [f32]) {
        assert_eq!(weight.len(), self.conv.sizes.weight_len());
        pack(&self.sources, weight, packed);
    }

    /// Adds the gradient of packed weights to one of weights [out, in / groups, rows, columns].
    pub(crate) fn unpack_gradient(&self, packed: &[f32], weight: &mut [f32]) {
        assert_eq!(weight.len(), self.conv.sizes.weight_len());
        unpack(&self.sources, packed, weight);
    }

    /// Scratch that every function needs at most; what is in it does not matter.
    pub(crate) fn scratch_len(&self) -> usize {
        let strip = if self.area() == 4 { 0 } else { self.to.len() * self.output[0] };
        let patches = self.patches.as_ref().map_or(0, Patches::len);
        let backward = self.output_len() + self.area() * self.output[0] + patches;
        self.conv.forward.pad.scratch_len() + strip.max(backward) + LINE
    }

    /// Overwrites `y` with the pooled outputs and `winners` with where each was in its window,
    /// `row · columns + column`: of equals the first, and a NaN before all.
    #[allow(clippy::too_many_arguments)]
    pub(crate) fn forward(
        &self,
        x: &[f32],
        packed: &[f32],
        bias: Option<&[f32]>,
        activation: Act,
        y: &mut [f32],
        mut winners: Option<&mut [u8]>,
        scratch: &mut [f32],
    ) {
        let sweep = &self.conv.forward;
        sweep.check(packed, bias);
        assert_eq!(y.len(), self.output_len());
        if let Some(winners) = &winners {
            assert_eq!(winners.len(), y.len());
        }
        let (x, strip) = sweep.pad.pad(x, scratch);
        let winners = winners.as_mut().map_or(std::ptr::null_mut(), |winners| winners.as_mut_ptr());
        let job = |group, y| sweep.job(&sweep.walks[0], group, x, packed, bias, activation, y);
        if self.area() != 4 {
            return self.forward_strips(job, activation, y, winners, strip);
        }
        for group in 0..sweep.groups {
            let winners = match winners.is_null() {
                true => winners,
                false => winners.wrapping_add(group * sweep.group_to),
            };
            let job = dense::Job {
                from: &self.from,
                to: &self.to,
                winners,
                ..job(group, y.as_mut_ptr())
            };
            // SAFETY: the lengths are checked above, and the tables were made for them.
            unsafe { dense::convolve_pool_4(sweep.level, &job) };
        }
    }

    /// Convolves one row of windows at a time into the strip, and pools it from there.
    fn forward_strips<'a>(
        &'a self,
        job: impl Fn(usize, *mut f32) -> dense::Job<'a>,
        activation: Act,
        y: &mut [f32],
        winners: *mut u8,
        strip: &mut [f32],
    ) {
        let [channels, _, _, width] = self.output;
        let strip = &mut strip[..self.to.len() * channels];
        let rows = self.from.chunks_exact(self.to.len()).zip(y.chunks_exact_mut(width * channels));
        for (row, (from, y)) in rows.enumerate() {
            let mut pooled = Strip {
                strip: strip.as_mut_ptr(),
                area: self.area(),
                windows: width,
                channels,
                relu: activation == Act::Relu,
                y: y.as_mut_ptr(),
                winners,
            };
            if !winners.is_null() {
                pooled.winners = winners.wrapping_add(row * width * channels);
            }
            // SAFETY: the strip holds a row of windows, and `y` and the winners hold the rows.
            unsafe {
                for group in 0..self.conv.forward.groups {
                    let job =
                        dense::Job { from, to: &self.to, relu: false, ..job(group, pooled.strip) };
                    dense::convolve(self.conv.forward.level, &job);
                }
                pool_strip(self.conv.forward.level, &pooled);
            }
        }
    }
}
