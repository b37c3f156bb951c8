//! Chains of activations, dropout and noise, element by element in one pass over memory, where they
//! could not be fused into the step before.

mod dropout;
mod elements;
mod functions;
mod noise;
mod traced;

pub(crate) use dropout::Dropout;

use super::{Call, Layout, Step, add};
use crate::engine::chunk::{Chunk, Edge, Slot};
use crate::engine::simd::{Lanes, Level, kernel};
use crate::layers::selu;
use functions::{Elu, Function};
use netwright_spec::graph::Node;
use netwright_spec::scalar::Expression;
use noise::Noise;

/// One link of a chain.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Map {
    Relu,
    LeakyRelu(f32),
    Elu(Elu),
    Relu6,
    HardSigmoid,
    HardSwish,
    Softsign,
    LogSigmoid,
    Mish,
    Gelu,
    GeluTanh,
    Silu,
    Sigmoid,
    Tanh,
    Softplus {
        beta: f32,
        threshold: f32,
    },
    Dropout(Dropout),
    AlphaDropout(Dropout),
    Noise(Noise),
    /// Part of a function of the user's.
    Exp,
    /// A function of the user's; there is one for each declared layer, as long as the program runs.
    Traced(&'static Expression),
}

impl Map {
    /// How many a chain may have.
    pub(crate) const MOST: usize = 4;

    /// What a node does to each element, if it is a map.
    pub(crate) fn of(node: &Node, number: usize, layout: Layout) -> Option<Map> {
        let len = node.shape.iter().product();
        let dropout =
            |each| Dropout { node: number as u64, p: node.number("p"), each, layout, len };
        Some(match node.kind {
            "Relu" => Map::Relu,
            "LeakyRelu" => Map::LeakyRelu(node.number("negative_slope") as f32),
            "Elu" => Map::Elu(Elu::of([1.0, node.number("alpha"), 1.0])),
            "Celu" => {
                let alpha = node.number("alpha");
                Map::Elu(Elu::of([1.0, alpha, 1.0 / alpha]))
            }
            "Selu" => Map::Elu(Elu::of([selu::SCALE, selu::SCALE * selu::ALPHA, 1.0])),
            "Relu6" => Map::Relu6,
            "HardSigmoid" => Map::HardSigmoid,
            "HardSwish" => Map::HardSwish,
            "Softsign" => Map::Softsign,
            "LogSigmoid" => Map::LogSigmoid,
            "Mish" => Map::Mish,
            "Gelu" if node.word("approximate") == "tanh" => Map::GeluTanh,
            "Gelu" => Map::Gelu,
            "Silu" => Map::Silu,
            "Sigmoid" => Map::Sigmoid,
            "Tanh" => Map::Tanh,
            "Softplus" => Map::Softplus {
                beta: node.number("beta") as f32,
                // Above, ln(1 + exp(x)) is x to every digit.
                threshold: node.number("threshold").min(40.0) as f32,
            },
            "Dropout" => Map::Dropout(dropout(1)),
            "SpatialDropout2d" => Map::Dropout(dropout(len / node.shape.first()?)),
            "AlphaDropout" => Map::AlphaDropout(dropout(1)),
            "GaussianNoise" => {
                let stddev = node.number("stddev");
                Map::Noise(Noise { node: number as u64, stddev, layout, len })
            }
            "Map" => Map::Traced(node.function("function")?.known()),
            _ => return None,
        })
    }
}

/// Calls `$name::<V, _>` with the map's function and the arguments.
macro_rules! with_function {
    ($map:expr, $name:ident($($arg:expr),*)) => {
        match $map {
            Map::Relu => $name::<V, _>(functions::Relu, $($arg),*),
            Map::LeakyRelu(slope) => $name::<V, _>(functions::LeakyRelu(slope), $($arg),*),
            Map::Elu(elu) => $name::<V, _>(elu, $($arg),*),
            Map::Relu6 => $name::<V, _>(functions::Relu6, $($arg),*),
            Map::HardSigmoid => $name::<V, _>(functions::HardSigmoid, $($arg),*),
            Map::HardSwish => $name::<V, _>(functions::HardSwish, $($arg),*),
            Map::Softsign => $name::<V, _>(functions::Softsign, $($arg),*),
            Map::LogSigmoid => $name::<V, _>(functions::LogSigmoid, $($arg),*),
            Map::Mish => $name::<V, _>(functions::Mish, $($arg),*),
            Map::Gelu => $name::<V, _>(functions::Gelu, $($arg),*),
            Map::GeluTanh => $name::<V, _>(functions::GeluTanh, $($arg),*),
            Map::Silu => $name::<V, _>(functions::Silu, $($arg),*),
            Map::Sigmoid => $name::<V, _>(functions::Sigmoid, $($arg),*),
            Map::Tanh => $name::<V, _>(functions::Tanh, $($arg),*),
            Map::Softplus { beta, threshold } => {
                $name::<V, _>(functions::Softplus { beta, threshold }, $($arg),*)
            }
            Map::Exp => $name::<V, _>(functions::Exp, $($arg),*),
            Map::Dropout(_) | Map::AlphaDropout(_) | Map::Noise(_) | Map::Traced(_) => {}
        }
    };
}

#[inline(always)]
unsafe fn values_of<V: Lanes, F: Function>(f: F, x: *const f32, y: *mut f32, n: usize) {
    for i in (0..n).step_by(V::COUNT) {
        let count = V::COUNT.min(n - i);
        // SAFETY: `count` floats from `i` on are within the `n` that the caller vouches for.
        unsafe { f.value(V::load_up_to(x.add(i), count)).store_up_to(y.add(i), count) };
    }
}

#[inline(always)]
unsafe fn values_body<V: Lanes>(map: Map, x: *const f32, y: *mut f32, n: usize) {
    // SAFETY: the caller's promise.
    unsafe { with_function!(map, values_of(x, y, n)) }
}

#[inline(always)]
unsafe fn gradients_of<V: Lanes, F: Function>(
    f: F,
    x: *const f32,
    y: *const f32,
    d: *mut f32,
    n: usize,
) {
    for i in (0..n).step_by(V::COUNT) {
        let count = V::COUNT.min(n - i);
        // SAFETY: `count` floats from `i` on are within the `n` that the caller vouches for.
        unsafe {
            let (x, y) = (V::load_up_to(x.add(i), count), V::load_up_to(y.add(i), count));
            f.gradient(x, y, V::load_up_to(d.add(i), count)).store_up_to(d.add(i), count);
        }
    }
}

#[inline(always)]
unsafe fn gradients_body<V: Lanes>(map: Map, x: *const f32, y: *const f32, d: *mut f32, n: usize) {
    // SAFETY: the caller's promise.
    unsafe { with_function!(map, gradients_of(x, y, d, n)) }
}

kernel!(
    /// `y = map(x)`, for `n` floats; both pointers may be the same.
    unsafe fn values(map: Map, x: *const f32, y: *mut f32, n: usize) = values_body
);

kernel!(
    /// `d` from the gradient of `y` to that of `x`, for `n` floats.
    unsafe fn gradients(map: Map, x: *const f32, y: *const f32, d: *mut f32, n: usize) =
        gradients_body
);

/// Floats that go through a whole chain before the next ones: they stay in the nearest cache.
const BLOCK: usize = 512;

type Block = [f32; BLOCK];

/// `y = … map₁(map₀(x))`
#[derive(Debug)]
pub(crate) struct MapStep {
    pub(crate) x: Edge,
    pub(crate) y: Slot,
    /// At least one, at most [`Map::MOST`].
    pub(crate) maps: Vec<Map>,
}

/// Where a block lies in its batch, and the key of random numbers in the training form.
#[derive(Clone, Copy)]
struct Place {
    training: Option<u64>,
    start: usize,
}

/// A map that works number by number.
fn apply(map: Map, x: &[f32], y: &mut [f32]) {
    let n = x.len().min(y.len());
    // SAFETY: `x` and `y` have `n` floats.
    unsafe { values(Level::best(), map, x.as_ptr(), y.as_mut_ptr(), n) }
}

/// `d` from the gradient of `y` to that of `x`.
fn apply_gradient(map: Map, x: &[f32], y: &[f32], d: &mut [f32]) {
    let n = d.len().min(x.len()).min(y.len());
    // SAFETY: all three have `n` floats.
    unsafe { gradients(Level::best(), map, x.as_ptr(), y.as_ptr(), d.as_mut_ptr(), n) }
}

/// Any map, over one block.
fn run(map: Map, place: Place, x: &[f32], y: &mut [f32], scratch: &mut [f32]) {
    match map {
        Map::Dropout(_) | Map::AlphaDropout(_) | Map::Noise(_) => {
            y.copy_from_slice(x);
            run_in_place(map, place, y, scratch);
        }
        Map::Traced(expression) => traced::values(expression, x, y, scratch),
        _ => apply(map, x, y),
    }
}

fn run_in_place(map: Map, place: Place, y: &mut [f32], scratch: &mut [f32]) {
    match map {
        Map::Dropout(dropout) => dropout.apply(place, y),
        Map::AlphaDropout(dropout) => dropout.apply_alpha(place, y),
        Map::Noise(noise) => noise.apply(place, y),
        Map::Traced(expression) => {
            let x: Block = std::array::from_fn(|i| y.get(i).copied().unwrap_or(0.0));
            traced::values(expression, &x[..y.len()], y, scratch);
        }
        _ => {
            let to = y.as_mut_ptr();
            // SAFETY: `y` is what is read and written, each float before it is overwritten.
            unsafe { values(Level::best(), map, to, to, y.len()) }
        }
    }
}

fn run_gradient(map: Map, place: Place, [x, y]: [&[f32]; 2], d: &mut [f32], scratch: &mut [f32]) {
    match map {
        Map::Dropout(dropout) => dropout.apply(place, d),
        Map::AlphaDropout(dropout) => dropout.apply_alpha_gradient(place, d),
        Map::Noise(_) => {}
        Map::Traced(expression) => traced::gradients(expression, x, d, scratch),
        _ => apply_gradient(map, x, y, d),
    }
}

impl MapStep {
    fn place(&self, call: &Call<'_>, first: usize, block: usize) -> Place {
        Place { training: call.training, start: first * self.y.len + block * BLOCK }
    }
}

impl Step for MapStep {
    fn describe(&self) -> String {
        let names = self.maps.iter().map(|map| match map {
            Map::Traced(expression) => {
                // The first is the argument.
                format!("a function of {} operations", expression.ops.len() - 1)
            }
            map => format!("{map:?}"),
        });
        format!("[{}] of {} floats", names.collect::<Vec<_>>().join(", "), self.y.len)
    }

    fn scratch_len(&self, _: usize) -> usize {
        let each = self.maps.iter().map(|map| match map {
            Map::Traced(expression) => traced::scratch_len(expression),
            _ => 0,
        });
        each.max().unwrap_or(0)
    }

    fn forward(&self, call: &Call<'_>, chunk: &mut Chunk) {
        let first = chunk.first;
        let at = chunk.forward(self.x.slot, self.y, Slot::default());
        for (i, (x, y)) in at.x.chunks(BLOCK).zip(at.y.chunks_mut(BLOCK)).enumerate() {
            let place = self.place(call, first, i);
            run(self.maps[0], place, x, y, at.scratch);
            for map in &self.maps[1..] {
                run_in_place(*map, place, y, at.scratch);
            }
        }
    }

    /// Values between the maps are computed again: that costs less than to keep them.
    fn backward(&self, call: &Call<'_>, chunk: &mut Chunk) {
        if self.x.input && !call.input_gradient {
            return;
        }
        let first = chunk.first;
        let at = chunk.backward(self.x.slot, self.y, Slot::default(), Slot::default());
        let mut between: [Block; Map::MOST] = [[0.0; BLOCK]; Map::MOST];
        let values = at.x.chunks(BLOCK).zip(at.y.chunks(BLOCK));
        let gradients = at.dx.chunks_mut(BLOCK).zip(at.dy.chunks_mut(BLOCK));
        for (block, ((x, y), (dx, dy))) in values.zip(gradients).enumerate() {
            let place = self.place(call, first, block);
            let n = x.len();
            let last = self.maps.len() - 1;
            // The input of map i lies in between[i].
            between[0][..n].copy_from_slice(x);
            for i in 0..last {
                let (done, next) = between.split_at_mut(i + 1);
                run(self.maps[i], place, &done[i][..n], &mut next[0][..n], at.scratch);
            }
            for i in (0..=last).rev() {
                let y = if i == last { y } else { &between[i + 1][..n] };
                run_gradient(self.maps[i], place, [&between[i][..n], y], dy, at.scratch);
            }
            match self.x.first {
                true => dx.copy_from_slice(dy),
                false => add(dy, dx),
            }
        }
    }
}
