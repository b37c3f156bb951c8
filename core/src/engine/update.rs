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
    /// Remembers the sum of the square, which begins with `start`.
    Adagrad { lr: f32, eps: f32, decay: f32, start: f32 },
    /// Remembers the average of the gradient, and the largest.
    Adamax { rate: f32, betas: [f32; 2], rest: f32, eps: f32, decay: f32 },
    /// Remembers what Adam does. `rates` are the lengths along the gradient and its average.
    NAdam { rates: [f32; 2], betas: [f32; 2], rests: [f32; 2], root: f32, eps: f32, decay: f32 },
    /// Remembers the average of the gradient.
    Lion { keep: f32, lr: f32, betas: [f32; 2], rests: [f32; 2] },
    /// Remembers what Adam does; `scale` and `root` undo the biases.
    Lamb { lr: f32, betas: [f32; 2], rests: [f32; 2], scale: f32, root: f32, eps: f32, decay: f32 },
}

impl Formula {
    /// How many floats it remembers of each element.
    pub(crate) fn memories(self) -> usize {
        match self {
            Formula::Sgd { .. } => 0,
            Formula::Momentum { .. } | Formula::Adagrad { .. } | Formula::Lion { .. } => 1,
            Formula::RmsProp { momentum: 0.0, .. } => 1,
            Formula::RmsProp { .. } | Formula::Adam { .. } | Formula::Adamax { .. } => 2,
            Formula::NAdam { .. } | Formula::Lamb { .. } => 2,
        }
    }

    /// Whether a gradient of 0 may move a parameter or what is remembered of it.
    #[cfg(feature = "engine")]
    pub(crate) fn moves_without_gradient(self) -> bool {
        !matches!(self, Formula::Sgd { decay: 0.0, .. } | Formula::Adagrad { decay: 0.0, .. })
    }

    /// What it remembers before the first step.
    pub(crate) fn start(self) -> f32 {
        if let Formula::Adagrad { start, .. } = self { start } else { 0.0 }
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
    fn reborrowed(&mut self) -> Parts<'_> {
        let Parts { param, gradient, first, second } = self;
        Parts { param, gradient, first, second }
    }

    fn split(self) -> [Self; 2] {
        let at = (self.param.len() / 2).next_multiple_of(PIECE);
        self.split_at(at)
    }

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
pub(crate) fn update(mut formula: Formula, mut parts: Parts<'_>, threads: usize) {
    if let Formula::Lamb { .. } = formula {
        let [param, direction] = remember(formula, parts.reborrowed(), threads);
        if let Formula::Lamb { lr, .. } = &mut formula {
            *lr *= trust(param, direction) as f32;
        }
    }
    go(formula, parts, threads);
}

/// How much longer than the direction the parameter is, by the squares of their lengths.
pub(crate) fn trust(param: f64, direction: f64) -> f64 {
    if param > 0.0 && direction > 0.0 { (param / direction).sqrt() } else { 1.0 }
}

/// LAMB's averages, and the squares of the lengths of parameter and direction: added up piece by
/// piece in the same order on any number of threads.
fn remember(formula: Formula, parts: Parts<'_>, threads: usize) -> [f64; 2] {
    let mut lengths = [[0.0; 2]; 2];
    if parts.param.len() > PIECE {
        let [left, right] = parts.split();
        let [first, second] = &mut lengths;
        both(
            threads,
            |n| *first = remember(formula, left, n),
            |n| *second = remember(formula, right, n),
        );
    } else {
        // SAFETY: the body has no promises to keep.
        unsafe { averages(Level::best(), formula, parts, &mut lengths[0]) }
    }
    let [first, second] = lengths;
    [first[0] + second[0], first[1] + second[1]]
}

fn go(formula: Formula, parts: Parts<'_>, threads: usize) {
    if parts.param.len() > PIECE && threads > 1 {
        let [left, right] = parts.split();
        both(threads, |n| go(formula, left, n), |n| go(formula, right, n));
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
kernel!(unsafe fn averages(formula: Formula, parts: Parts<'_>, lengths: &mut [f64; 2]) = lamb);
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
        Formula::Adagrad { lr, eps, decay, .. } => {
            with_one(parts, |p, g, s| {
                let g = g + decay * *p;
                *s += g * g;
                *p -= lr * (g / (s.sqrt() + eps));
            });
        }
        Formula::Adamax { rate, betas, rest, eps, decay } => {
            with_two(parts, |p, g, m, u| {
                let g = g + decay * *p;
                *m = betas[0] * *m + rest * g;
                *u = (betas[1] * *u).max(g.abs() + eps);
                *p -= rate * (*m / *u);
            });
        }
        Formula::NAdam { rates, betas, rests, root, eps, decay } => {
            with_two(parts, |p, g, m, s| {
                let g = g + decay * *p;
                *m = betas[0] * *m + rests[0] * g;
                *s = betas[1] * *s + rests[1] * (g * g);
                *p -= (rates[0] * g + rates[1] * *m) / (s.sqrt() * root + eps);
            });
        }
        Formula::Lion { keep, lr, betas, rests } => {
            with_one(parts, |p, g, m| {
                let mixed = betas[0] * *m + rests[0] * g;
                *m = betas[1] * *m + rests[1] * g;
                let sign = f32::from(u8::from(mixed > 0.0)) - f32::from(u8::from(mixed < 0.0));
                *p = keep * *p - lr * sign;
            });
        }
        Formula::Lamb { lr, .. } => {
            with_two(parts, |p, _, m, s| *p -= lr * direction(formula, *p, *m, *s));
        }
    }
}

/// LAMB's direction of one element.
#[inline(always)]
fn direction(formula: Formula, p: f32, m: f32, s: f32) -> f32 {
    let Formula::Lamb { scale, root, eps, decay, .. } = formula else { return 0.0 };
    m * scale / (s.sqrt() * root + eps) + decay * p
}

/// Moves LAMB's averages, and adds up the squares of the parameter and of the direction: in as many
/// sums as the widest vector has lanes.
#[inline(always)]
unsafe fn lamb<V: Lanes>(formula: Formula, parts: Parts<'_>, lengths: &mut [f64; 2]) {
    const LANES: usize = 16;
    let Parts { param, gradient, first, second } = parts;
    let (params, param) = param.as_chunks::<LANES>();
    let (gradients, gradient) = gradient.as_chunks::<LANES>();
    let (firsts, first) = first.as_chunks_mut::<LANES>();
    let (seconds, second) = second.as_chunks_mut::<LANES>();
    let mut sums = [[0.0_f32; LANES]; 2];
    for (((p, g), m), s) in params.iter().zip(gradients).zip(firsts).zip(seconds) {
        for i in 0..LANES {
            let r = averaged(formula, p[i], g[i], &mut m[i], &mut s[i]);
            sums[0][i] += p[i] * p[i];
            sums[1][i] += r * r;
        }
    }
    for (i, ((&p, &g), (m, s))) in
        param.iter().zip(gradient).zip(first.iter_mut().zip(second)).enumerate()
    {
        let r = averaged(formula, p, g, m, s);
        sums[0][i] += p * p;
        sums[1][i] += r * r;
    }
    *lengths = sums.map(|sums| sums.iter().map(|&sum| f64::from(sum)).sum());
}

/// Moves LAMB's averages of one element; its direction.
#[inline(always)]
fn averaged(formula: Formula, p: f32, g: f32, m: &mut f32, s: &mut f32) -> f32 {
    let Formula::Lamb { betas, rests, .. } = formula else { return 0.0 };
    *m = betas[0] * *m + rests[0] * g;
    *s = betas[1] * *s + rests[1] * (g * g);
    direction(formula, p, *m, *s)
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
