//! A walk over a padded sample, with its weights: the forward pass, or the input gradient.

use super::Act;
use super::dense::{self, Job};
use super::pad::Pad;
use super::walk::Walk;
use super::{depthwise, weights};
use crate::engine::simd::Level;

/// Marks packed weights that are padding.
pub(super) const NONE: u32 = u32::MAX;

pub(super) struct Sweep {
    pub level: Level,
    pub pad: Pad,
    pub walks: Vec<Walk>,
    pub groups: usize,
    /// Channels of a group that are read, and that are written.
    pub group_from: usize,
    pub group_to: usize,
    /// Pixels written.
    pub pixels: usize,
    pub depthwise: bool,
    /// For each packed weight, where it is in the user's weights.
    pub sources: Vec<u32>,
}

impl Sweep {
    /// Finds the sources: `source(channel written, channel read in its group, group, tap)`.
    pub fn with_sources(
        mut self,
        source: impl Fn(usize, usize, usize, [usize; 3]) -> usize,
    ) -> Self {
        let mut sources = vec![];
        for walk in &self.walks {
            let start = sources.len();
            sources.resize(start + self.walk_len(walk), NONE);
            let packed = &mut sources[start..];
            for group in 0..self.groups {
                if self.depthwise {
                    for (tap, &at) in walk.taps.iter().enumerate() {
                        packed[tap * self.group_row() + group] = source(0, 0, group, at) as u32;
                    }
                    continue;
                }
                let packed = &mut packed[group * self.group_len(walk)..];
                dense::each(
                    walk.depth(),
                    self.group_to,
                    self.level.lanes(),
                    |to, depth, channel| {
                        let (tap, from) = (depth / self.group_from, depth % self.group_from);
                        packed[to] = source(channel, from, group, walk.taps[tap]) as u32;
                    },
                );
            }
        }
        self.sources = sources;
        self
    }

    fn group_row(&self) -> usize {
        self.groups.next_multiple_of(self.level.lanes())
    }

    /// Packed weights of one group of a walk.
    pub fn group_len(&self, walk: &Walk) -> usize {
        dense::packed_len(walk.depth(), self.group_to, self.level.lanes())
    }

    fn walk_len(&self, walk: &Walk) -> usize {
        match self.depthwise {
            true => walk.taps.len() * self.group_row(),
            false => self.groups * self.group_len(walk),
        }
    }

    /// Numbers written.
    pub fn output_len(&self) -> usize {
        self.pixels * self.groups * self.group_to
    }

    /// Overwrites `y` of some samples.
    pub fn run(
        &self,
        x: &[f32],
        packed: &[f32],
        bias: Option<&[f32]>,
        act: Act,
        y: &mut [f32],
        scratch: &mut [f32],
    ) {
        self.check(packed, bias);
        self.check_samples(x, y);
        let samples = x.chunks_exact(self.pad.len()).zip(y.chunks_exact_mut(self.output_len()));
        for (x, y) in samples {
            self.run_sample(x, packed, bias, act, y, scratch);
        }
    }

    fn run_sample(
        &self,
        x: &[f32],
        packed: &[f32],
        bias: Option<&[f32]>,
        act: Act,
        y: &mut [f32],
        scratch: &mut [f32],
    ) {
        let mut slices = self.pad.slices(self.held(), x, scratch);
        let mut packed = packed;
        for walk in &self.walks {
            let (weights, rest) = packed.split_at(self.walk_len(walk));
            packed = rest;
            for &(from, to) in &walk.slices {
                let x = slices.read(from as usize / self.pad.slice_len(), walk.reach);
                for group in 0..self.kernel_groups() {
                    let y = y[to as usize..].as_mut_ptr();
                    let job = self.job(walk, group, x, weights, bias, act, y);
                    // SAFETY: the lengths of all slices are checked above, and the walk was made
                    // for them.
                    unsafe {
                        if self.depthwise {
                            depthwise::convolve(self.level, &job);
                        } else {
                            dense::convolve(self.level, &job);
                        }
                    }
                }
            }
        }
    }

    /// Slices that are held at a time: each is made once.
    fn held(&self) -> usize {
        match &self.walks[..] {
            [walk] => self.pad.held(walk.reach),
            _ => self.pad.held(usize::MAX),
        }
    }

    /// Scratch for a sample.
    pub fn scratch_len(&self) -> usize {
        self.held() * self.pad.slice_len()
    }

    fn check_samples(&self, x: &[f32], y: &[f32]) {
        assert_eq!(x.len() % self.pad.len(), 0);
        assert_eq!(x.len() / self.pad.len() * self.output_len(), y.len());
    }

    pub fn check(&self, packed: &[f32], bias: Option<&[f32]>) {
        assert_eq!(packed.len(), self.sources.len());
        if let Some(bias) = bias {
            assert_eq!(bias.len(), self.groups * self.group_to);
        }
    }

    /// Groups that the kernel is called for: one if it does all.
    pub fn kernel_groups(&self) -> usize {
        if self.depthwise { 1 } else { self.groups }
    }

    /// Of the slice whose numbers begin with `x` and `y`.
    #[allow(clippy::too_many_arguments)]
    pub fn job<'a>(
        &self,
        walk: &'a Walk,
        group: usize,
        x: &[f32],
        weights: &[f32],
        bias: Option<&[f32]>,
        act: Act,
        y: *mut f32,
    ) -> Job<'a> {
        let first = group * self.group_to;
        Job {
            x: x[group * self.group_from..].as_ptr(),
            packed: weights[group * self.group_len(walk)..].as_ptr(),
            bias: bias.map_or(std::ptr::null(), |bias| bias[first..].as_ptr()),
            y: y.wrapping_add(first),
            from: &walk.from,
            to: &walk.to,
            runs: &walk.runs,
            run_len: walk.run_len,
            channels: if self.depthwise { self.groups } else { self.group_to },
            relu: act == Act::Relu,
            winners: std::ptr::null_mut(),
        }
    }

    /// Adds the gradient of the packed weights of some samples, of a sweep of one walk.
    pub fn add_weight_gradient(
        &self,
        x: &[f32],
        dy: &[f32],
        packed: &mut [f32],
        scratch: &mut [f32],
    ) {
        self.check(packed, None);
        self.check_samples(x, dy);
        let samples = x.chunks_exact(self.pad.len()).zip(dy.chunks_exact(self.output_len()));
        for (x, dy) in samples {
            self.add_sample_gradient(x, dy, packed, scratch);
        }
    }

    fn add_sample_gradient(&self, x: &[f32], dy: &[f32], packed: &mut [f32], scratch: &mut [f32]) {
        let mut slices = self.pad.slices(self.held(), x, scratch);
        let walk = &self.walks[0];
        for &(from, to) in &walk.slices {
            let x = slices.read(from as usize / self.pad.slice_len(), walk.reach);
            for group in 0..self.kernel_groups() {
                let job = weights::Job {
                    x: x[group * self.group_from..].as_ptr(),
                    dy: dy[to as usize + group * self.group_to..].as_ptr(),
                    packed: packed[group * self.group_len(walk)..].as_mut_ptr(),
                    from: &walk.from,
                    to: &walk.to,
                    runs: &walk.runs,
                    run_len: walk.run_len,
                    channels: if self.depthwise { self.groups } else { self.group_to },
                };
                // SAFETY: the lengths of all slices are checked above, and the walk was made for
                // them.
                unsafe {
                    if self.depthwise {
                        depthwise::weight_gradient(self.level, &job);
                    } else {
                        weights::weight_gradient(self.level, &job);
                    }
                }
            }
        }
    }
}

/// Fills `packed` from the places of `sources`; padding becomes 0.
pub(super) fn pack(sources: &[u32], weight: &[f32], packed: &mut [f32]) {
    assert_eq!(sources.len(), packed.len());
    for (to, &from) in packed.iter_mut().zip(sources) {
        *to = weight.get(from as usize).copied().unwrap_or(0.0);
    }
}

/// Adds `packed` to the places of `sources`.
pub(super) fn unpack(sources: &[u32], packed: &[f32], weight: &mut [f32]) {
    assert_eq!(sources.len(), packed.len());
    for (from, &to) in packed.iter().zip(sources) {
        if let Some(to) = weight.get_mut(to as usize) {
            *to += from;
        }
    }
}
