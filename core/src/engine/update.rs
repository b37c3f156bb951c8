//! Updates of a parameter and what is remembered of it, in one pass over their memory.
//!
//! The loops are plain; the compiler vectorizes them for each instruction set. They are
//! elementwise, so results are the same bits whatever the pieces and the number of threads.

use super::simd::{Lanes, Level, kernel};
use super::threads::both;
use std::ops::Range;

/// Elements that one thread takes at once.
const PIECE: usize = 1 << 16;

/// A rule of one step with all its numbers. `decay` is the share of the parameter in its gradient.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Formula {
    /// No memory.
    Sgd { lr: f32, decay: f32 },
    /// Remembers the velocity.
    Momentum { lr: f32, decay: f32, momentum: f32, nesterov: bool },
    /// Remembers the averages of the gradient and of its square. `keep` is the share of the
    /// parameter that stays, `rate` the length over the first bias, `root` the other's.
    Adam { keep: f32, rate: f32, betas: [f32; 2], rests: [f32; 2], root: f32, eps: f32, decay: f32 },
    /// Remembers the average of the square, and the velocity if `momentum` is above 0.
    RmsProp { lr: f32, alpha: f32, rest: f32, eps: f32, momentum: f32, decay: f32 },
}

impl Formula {
    /// How many floats it remembers of each element.
    pub(crate) fn memories(self) -> usize {
        match self {
            Formula::Sgd { .. } => 0,
            Formula::Momentum { .. } => 1,
            Formula::RmsProp { momentum: 0.0, .. } => 1,
            Formula::RmsProp { .. } | Formula::Adam { .. } => 2,
        }
    }

    /// Whether a gradient of 0 may move a parameter or what is remembered of it.
    #[cfg(feature = "engine")]
    pub(crate) fn moves_without_gradient(self) -> bool {
        !matches!(self, Formula::Sgd { decay: 0.0, .. })
    }
}

/// What one update works on: `first` and `second` are as long as `param`, or empty where the
/// formula does not remember so much.
pub(crate) struct Parts<'a> {
    pub(crate) param: &'a mut [f32],
    pub(crate) gradient: &'a [f32],
    pub(crate) first: &'a mut [f32],
    pub(crate) second: &'a mut [f32],
}

impl Parts<'_> {
    /// Those before and behind this element.
    pub(crate) fn split_at(self, at: usize) -> [Self; 2] {
        let (p0, p1) = self.param.split_at_mut(at);
        let (g0, g1) = self.gradient.split_at(at.min(self.gradient.len()));
        let (a0, a1) = self.first.split_at_mut(at.min(self.first.len()));
        let (b0, b1) = self.second.split_at_mut(at.min(self.second.len()));
        [
            Parts { param: p0, gradient: g0, first: a0, second: b0 },
            Parts { param: p1, gradient: g1, first: a1, second: b1 },
        ]
    }

    /// Some of the elements.
    pub(crate) fn part(&mut self, range: Range<usize>) -> Parts<'_> {
        let some = |len: usize| range.start.min(len)..range.end.min(len);
        let [gradient, first, second] =
            [self.gradient.len(), self.first.len(), self.second.len()].map(some);
        Parts {
            param: &mut self.param[range],
            gradient: &self.gradient[gradient],
            first: &mut self.first[first],
            second: &mut self.second[second],
        }
    }
}

/// Moves the rows of this width whose gradient is not 0 throughout.
pub(crate) fn update_rows(formula: Formula, width: usize, mut parts: Parts<'_>) {
    for at in (0..parts.param.len()).step_by(width.max(1)) {
        let row = parts.part(at..at + width);
        if row.gradient.iter().any(|g| *g != 0.0) {
            update(formula, row, 1);
        }
    }
}

/// Moves a parameter by the formula, on at most `threads` threads.
pub(crate) fn update(formula: Formula, parts: Parts<'_>, threads: usize) {
    if parts.param.len() > PIECE && threads > 1 {
        let at = (parts.param.len() / 2).next_multiple_of(PIECE);
        let [left, right] = parts.split_at(at);
        both(threads, |n| update(formula, left, n), |n| update(formula, right, n));
    } else {
        // SAFETY: the body has no promises to keep.
        unsafe { piece(Level::best(), formula, parts) }
    }
}

/// Whether all numbers are finite.
pub(crate) fn all_finite(numbers: &[f32]) -> bool {
    numbers.chunks(PIECE).all(|part| largest(part).is_finite())
}

/// The largest size of a number; infinity if one is not finite.
pub(crate) fn largest(numbers: &[f32]) -> f32 {
    let mut found = 0;
    // SAFETY: the body has no promises to keep.
    unsafe { worst(Level::best(), numbers, &mut found) };
    f32::from_bits(found.min(f32::INFINITY.to_bits()))
}

kernel!(unsafe fn piece(formula: Formula, parts: Parts<'_>) = step);
kernel!(unsafe fn worst(numbers: &[f32], found: &mut u32) = largest_bits);

/// The largest bits without the sign; those of what is not finite are the largest of all.
#[inline(always)]
unsafe fn largest_bits<V: Lanes>(numbers: &[f32], found: &mut u32) {
    *found = numbers.iter().fold(0, |worst, x| worst.max(x.abs().to_bits()));
}

#[inline(always)]
unsafe fn step<V: Lanes>(formula: Formula, parts: Parts<'_>) {
    match formula {
        Formula::Sgd { lr, decay } => {
            for (p, &g) in parts.param.iter_mut().zip(parts.gradient) {
                *p -= lr * (g + decay * *p);
            }
        }
        Formula::Momentum { lr, decay, momentum, nesterov: true } => {
            with_one(parts, |p, g, v| {
                let g = g + decay * *p;
                *v = momentum * *v + g;
                *p -= lr * (g + momentum * *v);
            });
        }
        Formula::Momentum { lr, decay, momentum, nesterov: false } => {
            with_one(parts, |p, g, v| {
                *v = momentum * *v + (g + decay * *p);
                *p -= lr * *v;
            });
        }
        Formula::Adam { keep, rate, betas, rests, root, eps, decay } => {
            with_two(parts, |p, g, m, s| {
                let g = g + decay * *p;
                *m = betas[0] * *m + rests[0] * g;
                *s = betas[1] * *s + rests[1] * (g * g);
                *p = keep * *p - rate * (*m / (s.sqrt() * root + eps));
            });
        }
        Formula::RmsProp { lr, alpha, rest, eps, momentum: 0.0, decay } => {
            with_one(parts, |p, g, s| {
                let g = g + decay * *p;
                *s = alpha * *s + rest * (g * g);
                *p -= lr * (g / (s.sqrt() + eps));
            });
        }
        Formula::RmsProp { lr, alpha, rest, eps, momentum, decay } => {
            with_two(parts, |p, g, s, v| {
                let g = g + decay * *p;
                *s = alpha * *s + rest * (g * g);
                *v = momentum * *v + g / (s.sqrt() + eps);
                *p -= lr * *v;
            });
        }
    }
}

/// For every element of the parameter, the gradient and the first memory.
#[inline(always)]
fn with_one(parts: Parts<'_>, f: impl Fn(&mut f32, f32, &mut f32)) {
    let Parts { param, gradient, first, .. } = parts;
    for ((p, &g), a) in param.iter_mut().zip(gradient).zip(first) {
        f(p, g, a);
    }
}

/// For every element of the parameter, the gradient and both memories.
#[inline(always)]
fn with_two(parts: Parts<'_>, f: impl Fn(&mut f32, f32, &mut f32, &mut f32)) {
    let Parts { param, gradient, first, second } = parts;
    for (((p, &g), a), b) in param.iter_mut().zip(gradient).zip(first).zip(second) {
        f(p, g, a, b);
    }
}
