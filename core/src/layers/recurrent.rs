//! What the recurrent layers share: a state that goes along time, one matrix product for each step.

use super::linear::product;
use super::multi_head_attention::check;
use super::window::{Rows, Window, samples};
use super::{Call, Flat, OnDevice, relu};
use crate::backend::{Backend, Float};
use crate::cell::Cell;
use crate::error::Result;
use crate::value::Value;
use dfdx::prelude::*;
use netwright_spec::graph::Node;

/// A layer's struct.
macro_rules! layer {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        ///
        /// # Shapes
        /// `[time, features]` → `[time, hidden]`, or with `output = last` → `[hidden]`: the state after
        /// the last step. `bidirectional = true` makes a second state that goes from the end to the
        /// beginning: then it is twice `hidden`, and the last states are those of both ends.
        /// `reverse = true` goes from the end to the beginning alone. All weights and biases have
        /// gates · hidden rows, in PyTorch's order; the names are PyTorch's too, so that its parameters
        /// of one layer load.
        ///
        /// The state before the first step is zero, or given as the layer gives it: `[hidden]`, or with
        /// both directions one behind the other. In the graph form it goes in, `(x, h) => …`, and that
        /// behind the last step comes out, `let (y, h) = x => …`; an `Lstm`'s memory `c` behind it.
        ///
        /// A last value of one index for each sample, `(x, lengths)`, says how many steps it has: states
        /// behind them are zero and have no gradient, the last state is that of the last of them, and a
        /// second direction begins there. A length of 0, or beyond the steps, is an error.
        ///
        /// `layers = 2` puts a second layer behind the first, with parameters of its own: `lstm_1_l0`
        /// and `lstm_1_l1`, each with PyTorch's names of a first layer (files of PyTorch load, see
        /// [`Files::load`](crate::files::Files::load)). In training `dropout` is the probability that
        /// a number between two layers is 0. The states of all layers lie one behind the other.
        ///
        /// # Initial values
        /// All uniform in ±1/√hidden, as in PyTorch.
        #[derive(Clone, Debug)]
        pub struct $name<Wi, Wh, Bi, Bh, Ri, Rh, Ci, Ch> {
            /// What the input is multiplied with: `[gates · hidden, features]`.
            pub weight_ih_l0: Wi,
            /// What the state is multiplied with: `[gates · hidden, hidden]`.
            pub weight_hh_l0: Wh,
            /// Added to the input's product.
            pub bias_ih_l0: Bi,
            /// Added to the state's product.
            pub bias_hh_l0: Bh,
            /// The second direction's, with `bidirectional = true`.
            pub weight_ih_l0_reverse: Ri,
            /// The second direction's.
            pub weight_hh_l0_reverse: Rh,
            /// The second direction's.
            pub bias_ih_l0_reverse: Ci,
            /// The second direction's.
            pub bias_hh_l0_reverse: Ch,
        }
    };
}

layer! {
    /// The parameters of an `Rnn<hidden>` layer: hₜ = tanh(Wᵢ·xₜ + bᵢ + Wₕ·hₜ₋₁ + bₕ), or with
    /// `nonlinearity = relu` the ReLU of it.
    ///
    /// # Source
    /// Elman: Finding Structure in Time, 1990.
    Rnn
}
layer! {
    /// The parameters of an `Lstm<hidden>` layer. With the gates i, f, o = σ(…) and g = tanh(…), each of
    /// Wᵢ·xₜ + bᵢ + Wₕ·hₜ₋₁ + bₕ with rows of its own in the order i, f, g, o:
    /// cₜ = f · cₜ₋₁ + i · g, hₜ = o · tanh(cₜ).
    ///
    /// # Source
    /// Hochreiter and Schmidhuber: Long Short-Term Memory, 1997; the gate f: Gers and others, 2000.
    Lstm
}
layer! {
    /// The parameters of a `Gru<hidden>` layer. With the gates r, z = σ(Wᵢ·xₜ + bᵢ + Wₕ·hₜ₋₁ + bₕ) and
    /// n = tanh(Wᵢ·xₜ + bᵢ + r · (Wₕ·hₜ₋₁ + bₕ)), with rows in the order r, z, n:
    /// hₜ = (1 - z) · n + z · hₜ₋₁.
    ///
    /// # Source
    /// Cho and others: Learning Phrase Representations using RNN Encoder-Decoder, 2014; the gate r
    /// behind the product, as cuDNN and PyTorch have it.
    Gru
}

/// The kind of a recurrent layer's steps.
pub(crate) fn cell_of(node: &Node) -> Cell {
    match node.kind {
        "Lstm" => Cell::Lstm,
        "Gru" => Cell::Gru,
        _ => Cell::Rnn { relu: node.word("nonlinearity") == "relu" },
    }
}

/// The directions of a layer: whether each goes from the end to the beginning.
pub(crate) fn directions(node: &Node) -> &'static [bool] {
    match (node.flag("bidirectional"), node.flag("reverse")) {
        (true, _) => &[false, true],
        (false, true) => &[true],
        (false, false) => &[false],
    }
}

pub(super) fn forward<E: Float, D: Backend<E>>(call: &mut Call<'_, E, D>) -> Result<Flat<E, D>> {
    let time = call.input_shape().first().copied().unwrap_or(1);
    let directions = directions(call.node);
    let lengths = call.inputs.iter().find_map(|value| match value {
        Value::Indices(array) => Some(array.data.as_vec()),
        Value::Floats(_) => None,
    });
    let lengths = lengths.unwrap_or_default();
    check(call.node, &lengths, time)?;
    let x = without_padding(call, &lengths)?;
    let again = x.retaped::<NoneTape>();
    let (mut states, mut ends) = (Vec::new(), Vec::new());
    let mut x = Some(x);
    for (number, reverse) in directions.iter().enumerate() {
        let x = x.take().unwrap_or_else(|| again.retaped());
        let Run { states: all, end } = direction(call, x, number, *reverse, (time, &lengths))?;
        states.push(all);
        ends.push(end);
    }
    let count = states.iter().map(Vec::len).max().unwrap_or(0);
    let mut states: Vec<_> = states.into_iter().map(Vec::into_iter).collect();
    // Both directions' states of one time beside each other.
    let by_time: Vec<_> = (0..count)
        .flat_map(|_| states.iter_mut().filter_map(Iterator::next).collect::<Vec<_>>())
        .chain(ends_of(call.node, ends)?)
        .collect();
    match joined(by_time)? {
        Some(rows) => samples(rows),
        None => Err(call.error("has no steps")),
    }
}

/// The input with zeros for the steps that samples lack: what stands there is nothing to anybody, not
/// even NaN.
fn without_padding<E: Float, D: Backend<E>>(
    call: &mut Call<'_, E, D>,
    lengths: &[usize],
) -> Result<Flat<E, D>> {
    let x = call.input()?;
    let &[time, features] = call.input_shape() else { return Ok(x) };
    if lengths.iter().all(|&length| length == time) {
        return Ok(x);
    }
    let rows = lengths.iter().flat_map(|&length| (0..time).map(move |at| at < length));
    let there = rows.flat_map(|there| std::iter::repeat_n(there, features));
    let there: Vec<E> = there.map(|there| if there { E::one() } else { E::default() }).collect();
    let count = (there.len(),);
    let there = call.device.try_tensor_from_vec(there, count).on_device()?;
    let zeros = call.device.try_zeros_like(&count).on_device()?.put_tape(OwnedTape::default());
    there.try_gt(E::default()).on_device()?.try_choose(x, zeros).on_device()
}

/// What is given behind the states by time, where that is asked for: the last state of each
/// direction, then each memory.
fn ends_of<E: Float, D: Backend<E>>(
    node: &Node,
    ends: Vec<State<E, D>>,
) -> Result<Vec<Rows<E, D>>> {
    if !node.flag("states") {
        return Ok(Vec::new());
    }
    let (h, c): (Vec<_>, Vec<_>) = ends.into_iter().map(|end| (end.h, end.c)).unzip();
    let memory = if cell_of(node) == Cell::Lstm { c } else { Vec::new() };
    // Tensors of their own: the last state is among those by time already.
    h.into_iter().chain(memory).map(|rows| rows.try_mul(E::one()).on_device()).collect()
}

/// One direction.
struct Run<E: Float, D: Backend<E>> {
    /// The states by time, or only the last one.
    states: Vec<Rows<E, D>>,
    /// The state behind the last step.
    end: State<E, D>,
}

fn direction<E: Float, D: Backend<E>>(
    call: &Call<'_, E, D>,
    x: Flat<E, D>,
    number: usize,
    reverse: bool,
    (time, lengths): (usize, &[usize]),
) -> Result<Run<E, D>> {
    let cell = cell_of(call.node);
    let each = call.params.len() / directions(call.node).len();
    let first = number * each;
    let bias = |i: usize| (each == 4).then_some(first + i);
    let input = Product::of(call, first, bias(2))?;
    let hidden = Product::of(call, first + 1, bias(3))?;
    let inputs = input.of_samples(x, call.batch)?;
    let again = inputs.retaped::<NoneTape>();
    let mut inputs = Some(inputs);
    let mut state = State::first(call, number, hidden.columns)?;
    let mut states = Vec::new();
    for step in 0..time {
        let at = if reverse { time - 1 - step } else { step };
        let x = inputs.take().unwrap_or_else(|| again.retaped());
        let x = range(x, at * input.rows, input.rows)?;
        let there = There::of(call, lengths, (at, hidden.columns))?;
        let old = State { h: state.h.retaped(), c: state.c.retaped() };
        let before = State { h: state.h.retaped(), c: state.c };
        let h = hidden.of_rows(state.h)?;
        state = before.next(cell, Gates::of(x, hidden.columns), Gates::of(h, hidden.columns))?;
        if let Some(there) = &there {
            state = State { h: there.or(state.h, old.h)?, c: there.or(state.c, old.c)? };
        }
        let last = step + 1 == time;
        if call.node.flag("last") && !last {
            continue;
        }
        let h = state.h.retaped();
        // All that is on the tape goes with the last state.
        let given = if last { std::mem::replace(&mut state.h, h) } else { h };
        states.push(match &there {
            Some(there) if !call.node.flag("last") => there.or_zero(given)?,
            _ => given,
        });
    }
    let end = state;
    if reverse {
        states.reverse();
    }
    Ok(Run { states, end })
}

/// Which samples have a step; those that do not keep their state.
struct There<E: Float, D: Backend<E>> {
    there: Tensor<(usize, usize), bool, D>,
    zeros: Tensor<(usize, usize), E, D>,
}

impl<E: Float, D: Backend<E>> There<E, D> {
    /// Of the step at this time, for so many features; `None` if all have it.
    fn of(
        call: &Call<'_, E, D>,
        lengths: &[usize],
        (at, features): (usize, usize),
    ) -> Result<Option<Self>> {
        if lengths.iter().all(|&length| at < length) {
            return Ok(None);
        }
        let shape = (features, lengths.len());
        let row = lengths.iter().map(|&length| if at < length { E::one() } else { E::default() });
        let rows = row.collect::<Vec<_>>().repeat(features);
        let there = call.device.try_tensor_from_vec(rows, shape).on_device()?;
        let zeros = call.device.try_zeros_like(&shape).on_device()?;
        Ok(Some(There { there: there.try_gt(E::default()).on_device()?, zeros }))
    }

    fn or(&self, new: Rows<E, D>, old: Rows<E, D>) -> Result<Rows<E, D>> {
        self.there.clone().try_choose(new, old).on_device()
    }

    fn or_zero(&self, new: Rows<E, D>) -> Result<Rows<E, D>> {
        self.or(new, self.zeros.retaped())
    }
}

/// A weight and its bias.
struct Product<E: Float, D: Backend<E>> {
    weight: Tensor<(usize, usize), E, D>,
    bias: Option<Tensor<(usize,), E, D>>,
    rows: usize,
    columns: usize,
}

impl<E: Float, D: Backend<E>> Product<E, D> {
    fn of(call: &Call<'_, E, D>, weight: usize, bias: Option<usize>) -> Result<Self> {
        let (Some(weight), bias) = (call.params.get(weight), bias.map(|i| call.params.get(i)))
        else {
            return Err(call.error("lacks a parameter"));
        };
        let &[rows, columns] = weight.shape.as_slice() else {
            return Err(call.error("its weight is not [rows, columns]"));
        };
        let weight = weight.data.clone().try_reshape_like(&(rows, columns)).on_device()?;
        let bias = bias.flatten().map(|bias| bias.data.clone());
        Ok(Product { weight, bias, rows, columns })
    }

    /// Of all samples and times: rows (time, gate, feature), the batch innermost.
    fn of_samples(&self, x: Flat<E, D>, batch: usize) -> Result<Rows<E, D>> {
        let bias = self.bias.as_ref().map(|bias| bias.retaped());
        let y = product(x, self.weight.retaped(), bias)?;
        let each = y.shape().0 / batch.max(1);
        let y = y.try_reshape_like(&(batch, each)).on_device()?;
        y.try_permute::<(usize, usize), Axes2<1, 0>>().on_device()
    }

    /// Of one state: rows (gate, feature), the batch innermost.
    fn of_rows(&self, h: Rows<E, D>) -> Result<Rows<E, D>> {
        let batch = h.shape().1;
        let y = self.weight.retaped::<OwnedTape<E, D>>().try_matmul(h).on_device()?;
        let Some(bias) = &self.bias else { return Ok(y) };
        let bias = bias.retaped::<OwnedTape<E, D>>();
        let bias = bias.try_broadcast_like::<_, Axis<1>>(&(self.rows, batch)).on_device()?;
        y.try_add(bias).on_device()
    }
}

/// Gates that lie one behind the other. The first that is asked for has the tape.
struct Gates<E: Float, D: Backend<E>> {
    all: Option<Rows<E, D>>,
    again: Tensor<(usize, usize), E, D>,
    each: usize,
}

impl<E: Float, D: Backend<E>> Gates<E, D> {
    fn of(all: Rows<E, D>, each: usize) -> Self {
        Gates { again: all.retaped(), all: Some(all), each }
    }

    fn gate(&mut self, number: usize) -> Result<Rows<E, D>> {
        let all = self.all.take().unwrap_or_else(|| self.again.retaped());
        range(all, number * self.each, self.each)
    }
}

/// What goes from step to step, one row for each feature.
struct State<E: Float, D: Backend<E>> {
    h: Rows<E, D>,
    /// An `Lstm`'s memory.
    c: Rows<E, D>,
}

impl<E: Float, D: Backend<E>> State<E, D> {
    /// Before the first step of a direction: as given, or zeros.
    fn first(call: &Call<'_, E, D>, number: usize, features: usize) -> Result<Self> {
        let zeros = State::zeros(call, features)?;
        let given = |i: usize| match call.inputs.get(i) {
            Some(Value::Floats(array)) => {
                let width = array.data.shape().0 / call.batch.max(1);
                let x = array.data.retaped::<OwnedTape<E, D>>();
                let x = x.try_reshape_like(&(call.batch, width)).on_device()?;
                let rows = x.try_permute::<(usize, usize), Axes2<1, 0>>().on_device()?;
                range(rows, number * features, features).map(Some)
            }
            _ => Ok(None),
        };
        Ok(State { h: given(1)?.unwrap_or(zeros.h), c: given(2)?.unwrap_or(zeros.c) })
    }

    fn zeros(call: &Call<'_, E, D>, features: usize) -> Result<Self> {
        let zeros = || -> Result<Rows<E, D>> {
            let zeros = call.device.try_zeros_like(&(features, call.batch)).on_device()?;
            Ok(zeros.put_tape(OwnedTape::default()))
        };
        Ok(State { h: zeros()?, c: zeros()? })
    }

    /// After one more step, from the gates of the input and those of the state.
    fn next(self, cell: Cell, mut x: Gates<E, D>, mut h: Gates<E, D>) -> Result<Self> {
        let mut gate = |i| x.gate(i)?.try_add(h.gate(i)?).on_device();
        match cell {
            Cell::Rnn { relu } => {
                let sum = gate(0)?;
                let h = if relu { positive(sum)? } else { sum.try_tanh().on_device()? };
                Ok(State { h, c: self.c })
            }
            Cell::Lstm => {
                let input = gate(0)?.try_sigmoid().on_device()?;
                let forget = gate(1)?.try_sigmoid().on_device()?;
                let new = gate(2)?.try_tanh().on_device()?;
                let output = gate(3)?.try_sigmoid().on_device()?;
                let kept = forget.try_mul(self.c).on_device()?;
                let c = kept.try_add(input.try_mul(new).on_device()?).on_device()?;
                let again = c.retaped();
                let h = output.try_mul(c.try_tanh().on_device()?).on_device()?;
                Ok(State { h, c: again })
            }
            Cell::Gru => {
                let reset = gate(0)?.try_sigmoid().on_device()?;
                let update = gate(1)?.try_sigmoid().on_device()?;
                let hidden = reset.try_mul(h.gate(2)?).on_device()?;
                let new = x.gate(2)?.try_add(hidden).on_device()?.try_tanh().on_device()?;
                let again = new.retaped::<OwnedTape<E, D>>();
                let change = update.try_mul(self.h.try_sub(new).on_device()?).on_device()?;
                Ok(State { h: change.try_add(again).on_device()?, c: self.c })
            }
        }
    }
}

/// A ReLU that NaN goes through.
fn positive<E: Float, D: Backend<E>>(x: Rows<E, D>) -> Result<Rows<E, D>> {
    let &(rows, batch) = x.shape();
    let x = relu::relu(x.try_reshape_like(&(rows * batch,)).on_device()?)?;
    x.try_reshape_like(&(rows, batch)).on_device()
}

fn range<E: Float, D: Backend<E>>(x: Rows<E, D>, from: usize, count: usize) -> Result<Rows<E, D>> {
    Window::gather(x, (from..from + count).collect())
}

/// One below the other, in pairs: each row is copied few times.
fn joined<E: Float, D: Backend<E>>(mut parts: Vec<Rows<E, D>>) -> Result<Option<Rows<E, D>>> {
    while parts.len() > 1 {
        let mut rest = parts.into_iter();
        let mut pairs = Vec::new();
        while let Some(first) = rest.next() {
            pairs.push(match rest.next() {
                Some(second) => (first, second).try_concat_along(Axis::<0>).on_device()?,
                None => first,
            });
        }
        parts = pairs;
    }
    Ok(parts.pop())
}
