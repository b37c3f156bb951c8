//! Convolution, activation and max pooling in one: only what pooling keeps is stored, and only
//! the winners have gradients.

use super::dense;
use super::spread::{Spread, spread};
use super::sweep::{NONE, Sweep, pack, unpack};
use super::walk::offset;
use super::winners::{self, Job, Mask, Windows};
use super::{Act, Conv, ConvSizes, add_bias_gradient};
use crate::engine::simd::{Lanes, Level, kernel};

/// Floats of a cache line.
const LINE: usize = 16;

/// A convolution with max pooling behind it: windows side by side, without padding; what is left
/// over is cut off and not computed.
pub(crate) struct ConvPool {
    conv: Conv,
    /// [rows, columns]
    window: [usize; 2],
    /// [channels, height, width]
    output: [usize; 3],
    /// Where the convolution's pixels start in the padded sample, window by window, and where
    /// they are stored: for windows of four the window, else the pixel in the strip.
    from: Vec<u32>,
    to: Vec<u32>,
    /// The windows in the padded sample.
    windows: Windows,
    /// The spread sample and the windows in it, if the runs are short.
    spread: Option<(Spread, Windows)>,
    /// The instruction set of the gradients, and the sources of their packed weights.
    level: Level,
    sources: Vec<u32>,
}

impl ConvPool {
    /// Pooling windows of `window` [rows, columns].
    ///
    /// # Panics
    /// Where [`Conv::new`] does, if no window fits, or if it has more than 256 pixels.
    pub(crate) fn new(sizes: ConvSizes, window: [usize; 2]) -> Self {
        Self::at_level(sizes, window, Level::best())
    }

    pub(super) fn at_level(sizes: ConvSizes, window: [usize; 2], level: Level) -> Self {
        let conv = Conv::at_level(sizes, level, false);
        let [channels, height, width] = conv.output;
        let area = window[0] * window[1];
        assert!((1..=256).contains(&area));
        let output = [channels, height / window[0], width / window[1]];
        assert!(output[1] > 0 && output[2] > 0, "the pooling window does not fit");
        let walk = &conv.forward.walks[0];
        let level = level.fitting(walk.run_len);
        let start = |row: usize, column: usize| walk.from[row * width + column];
        let windows = Windows::new(window, output, start, walk.runs.clone(), walk.run_len);
        let (rows, columns) = sizes.axes();
        let spread = Spread::new(walk, &rows, &columns, &conv.forward.pad, level.lanes());
        let spread = spread.filter(|_| sizes.groups == 1).map(|spread| {
            let start = |row: usize, column: usize| spread.start(&rows, row, column);
            let windows = Windows::new(window, output, start, spread.runs(&rows), level.lanes());
            (spread, windows)
        });
        let (from, to, sources) = (vec![], vec![], vec![]);
        let mut pool = ConvPool { conv, window, output, from, to, windows, spread, level, sources };
        pool.fill_tables();
        pool.fill_sources();
        pool
    }

    fn area(&self) -> usize {
        self.window[0] * self.window[1]
    }

    fn fill_tables(&mut self) {
        let [channels, rows, columns] = self.output;
        for base in &self.windows.bases {
            let places = &self.windows.places[..self.area()];
            self.from.extend(places.iter().map(|place| base + place));
        }
        let pixels = if self.area() == 4 { rows * columns } else { columns * self.area() };
        self.to = (0..pixels).map(|pixel| offset(pixel * channels)).collect();
    }

    /// Rows of [channel][run], each run padded to whole vectors.
    fn fill_sources(&mut self) {
        let (walk, sizes) = (&self.conv.forward.walks[0], &self.conv.sizes);
        let inputs = self.conv.forward.group_from;
        let row = walk.run_len.next_multiple_of(self.level.lanes());
        self.sources = vec![NONE; self.output[0] * walk.runs.len() * row];
        for channel in 0..self.output[0] {
            for depth in 0..walk.depth() {
                let (run, inside) = (depth / walk.run_len, depth % walk.run_len);
                let (ky, kx) = walk.taps[depth / inputs];
                let [rows, columns] = sizes.kernel_size;
                let from = ((channel * inputs + depth % inputs) * rows + ky) * columns + kx;
                self.sources[(channel * walk.runs.len() + run) * row + inside] = offset(from);
            }
        }
    }

    /// [channels, height, width], pooled
    pub(crate) fn output(&self) -> [usize; 3] {
        self.output
    }

    fn output_len(&self) -> usize {
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
        let spread = self.spread.as_ref().map_or(0, |(spread, _)| spread.len());
        let backward = self.output_len() + spread.max(self.area() * self.output[0]);
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
        let [channels, _, width] = self.output;
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

    /// Adds to the gradients of the weights, in the packing of
    /// [`pack_transposed`](Self::pack_transposed), and of the bias. `y` is the output where the
    /// activation is ReLU.
    #[allow(clippy::too_many_arguments)]
    pub(crate) fn backward_weights(
        &self,
        x: &[f32],
        dy: &[f32],
        y: Option<&[f32]>,
        winners: &[u8],
        dw: &mut [f32],
        db: Option<&mut [f32]>,
        scratch: &mut [f32],
    ) {
        assert_eq!(dw.len(), self.sources.len());
        let (x, scratch) = self.conv.forward.pad.pad(x, scratch);
        let (masked, scratch) = scratch.split_at_mut(self.output_len());
        let gradient = self.masked(dy, y, masked);
        let (x, windows) = self.spread(x, scratch);
        // The kernel only reads the image.
        let job = self.job(x.as_ptr().cast_mut(), dw.as_mut_ptr(), gradient, winners);
        // SAFETY: the lengths are checked, and the tables were made for them.
        unsafe { winners::weight_gradient(self.level, &Job { windows, ..job }) };
        if let Some(db) = db {
            assert_eq!(db.len(), self.output[0]);
            add_bias_gradient(gradient, db);
        }
    }

    /// Overwrites `dx`; `packed` is from [`pack_transposed`](Self::pack_transposed). `y` is the
    /// output where the activation is ReLU.
    pub(crate) fn backward_input(
        &self,
        dy: &[f32],
        y: Option<&[f32]>,
        winners: &[u8],
        packed: &[f32],
        dx: &mut [f32],
        scratch: &mut [f32],
    ) {
        let pad = &self.conv.forward.pad;
        assert_eq!(packed.len(), self.sources.len());
        assert_eq!(dx.len(), pad.len());
        let (padded, scratch) = scratch.split_at_mut(pad.scratch_len());
        let (masked, scratch) = scratch.split_at_mut(self.output_len());
        let gradient = self.masked(dy, y, masked);
        let lists = scratch[..self.area() * self.output[0]].as_mut_ptr().cast();
        let image = if pad.is_empty() { &mut *dx } else { &mut *padded };
        image.fill(0.0);
        // The kernel only reads the weights.
        let job = self.job(image.as_mut_ptr(), packed.as_ptr().cast_mut(), gradient, winners);
        // SAFETY: the lengths are checked, and the tables were made for them.
        unsafe { winners::input_gradient(self.level, &Job { lists, ..job }) };
        if !pad.is_empty() {
            pad.crop(padded, dx);
        }
    }

    /// What the weights' gradient reads: the padded sample, spread if its runs are short.
    fn spread<'a>(&'a self, x: &'a [f32], scratch: &'a mut [f32]) -> (&'a [f32], &'a Windows) {
        let Some((job, windows)) = &self.spread else { return (x, &self.windows) };
        let skip = scratch.as_ptr().align_offset(4 * LINE).min(LINE);
        let to = &mut scratch[skip..skip + job.len()];
        // SAFETY: `x` is the padded sample, `to` is as long as it must be, and the level is the one
        // for whose lanes the job was made.
        unsafe { spread(self.level, job, x.as_ptr(), to.as_mut_ptr()) };
        (to, windows)
    }

    /// The gradient before the activation.
    fn masked<'a>(&self, dy: &'a [f32], y: Option<&[f32]>, scratch: &'a mut [f32]) -> &'a [f32] {
        assert_eq!(dy.len(), self.output_len());
        let Some(y) = y else { return dy };
        assert_eq!(y.len(), dy.len());
        let to = &mut scratch[..dy.len()];
        let job = Mask { dy: dy.as_ptr(), y: y.as_ptr(), to: to.as_mut_ptr(), len: dy.len() };
        // SAFETY: all have one length.
        unsafe { winners::mask(Level::best(), &job) };
        to
    }

    fn job<'a>(
        &'a self,
        image: *mut f32,
        weights: *mut f32,
        gradient: &[f32],
        winners: &[u8],
    ) -> Job<'a> {
        assert_eq!(winners.len(), gradient.len());
        let Sweep { group_from, group_to, .. } = self.conv.forward;
        Job {
            image,
            weights,
            gradient: gradient.as_ptr(),
            winners: winners.as_ptr(),
            windows: &self.windows,
            range: (0, self.windows.bases.len()),
            channels: self.output[0],
            group_out: group_to,
            group_in: group_from,
            lists: std::ptr::null_mut(),
        }
    }
}

/// A row of windows, one window's pixels after the other's.
///
/// # Safety
/// The strip holds `windows` × `area` × `channels` floats, `y` and the winners (unless null)
/// `windows` × `channels`.
struct Strip {
    strip: *mut f32,
    area: usize,
    windows: usize,
    channels: usize,
    relu: bool,
    y: *mut f32,
    winners: *mut u8,
}

kernel!(unsafe fn pool_strip(job: &Strip) = pool_strip_lanes);

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
