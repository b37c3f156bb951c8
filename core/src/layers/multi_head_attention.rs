//! `MultiHeadAttention`: softmax(q·kᵀ / √d)·v of several heads.

use super::dropout::mask;
use super::linear::product;
use super::softmax::{below_zero, normalized};
use super::window::Window;
use super::{Call, Flat, OnDevice, error};
use crate::backend::{Backend, Float};
use crate::error::Result;
use crate::value::Value;
use crate::waves::waves;
use dfdx::prelude::*;
use netwright_spec::graph::Node;

/// The parameters of a `MultiHeadAttention<num_heads>` layer. Queries q, keys k and values v are linear
/// maps of the input, or k and v of a memory; each head has a part of d = width / heads features of all
/// three, and gives softmax(q·kᵀ / √d)·v; the output is a linear map of all heads beside each other.
///
/// # Shapes
/// `[time, width]` → `[time, width]`. In the graph form `(query, memory) => MultiHeadAttention<8>` looks
/// at the steps of `memory`, `[other time, width]`; a last value of one index for each sample,
/// `(x, lengths)`, says how many steps there are to look at: those behind them have the weight 0.
/// `in_proj_weight` is `[3 · width, width]`, with the rows of q, k and v in this order, `in_proj_bias`
/// `[3 · width]`; `out_proj_weight` is `[width, width]`, `out_proj_bias` `[width]`: the parameters of
/// PyTorch's `nn.MultiheadAttention`.
///
/// With `causal = true` a step sees only itself and those before it. With `rotary = true` queries and keys
/// of step t are turned: of each head's d features those numbered 2i and 2i + 1, as a point of the plane,
/// by the angle t / 10000^(2i / d), so that a score depends on how far apart two steps are. In training the weights of the
/// softmax are dropped with the probability `dropout`.
///
/// A length of 0, or beyond the steps, is an error. What a query does not see changes nothing of its
/// output, whatever it is, also where it is not finite. Gradients are another matter: those of the linear
/// maps are sums over all steps, so no step of a training may be NaN or infinite, not even padding.
///
/// # Memory
/// On the CPU with f32 the scores are made tile by tile, forward and backward, and never kept: memory
/// grows with the steps. Elsewhere all scores of a batch exist at once.
///
/// # Initial values
/// As PyTorch's: `in_proj_weight` uniform in ±√(6 / (4 · width)), `out_proj_weight` in ±1/√width, biases 0.
///
/// # Source
/// Vaswani and others: Attention Is All You Need, 2017. Su and others: RoFormer: Enhanced Transformer with
/// Rotary Position Embedding, 2021. Tiles: Milakov and Gimelshein: Online normalizer calculation for
/// softmax, 2018; Dao: FlashAttention-2, 2023.
#[derive(Clone, Debug)]
pub struct MultiHeadAttention<Wi, Wo, Bi, Bo> {
    /// Makes queries, keys and values.
    pub in_proj_weight: Wi,
    /// Makes the output of all heads.
    pub out_proj_weight: Wo,
    /// Added to queries, keys and values.
    pub in_proj_bias: Bi,
    /// Added to the output.
    pub out_proj_bias: Bo,
}

/// Four axes.
type Four<E, D> = Tensor<(usize, usize, usize, usize), E, D, OwnedTape<E, D>>;
/// Three axes: head and sample, step, feature.
type Heads<E, D> = Tensor<(usize, usize, usize), E, D, OwnedTape<E, D>>;

/// What is attended to.
struct Sizes {
    batch: usize,
    heads: usize,
    queries: usize,
    keys: usize,
    width: usize,
}

/// Which of a node's inputs are its memory and its lengths; `index` says of an input whether it holds
/// indices.
pub(crate) fn inputs(
    count: usize,
    index: impl Fn(usize) -> bool,
) -> (Option<usize>, Option<usize>) {
    let memory = (1..count).find(|&i| !index(i));
    (memory, (1..count).find(|&i| index(i)))
}

/// What the softmax cannot be of, nor a last state be behind; that of a stream's step `may_end` before it.
pub(crate) fn check(node: &Node, lengths: &[usize], keys: usize) -> Result<()> {
    let least = usize::from(!node.flag("may_end"));
    match lengths.iter().position(|&length| length < least || length > keys) {
        None => Ok(()),
        Some(sample) => Err(error(
            node,
            format!("the length {} of sample {sample} is not in 1 ..= {keys}", lengths[sample]),
        )),
    }
}

pub(super) fn forward<E: Float, D: Backend<E>>(call: &mut Call<'_, E, D>) -> Result<Flat<E, D>> {
    let index = |i: usize| matches!(call.inputs.get(i), Some(Value::Indices(_)));
    let (memory, lengths) = inputs(call.inputs.len(), index);
    let &[queries, width] = call.input_shape() else {
        return Err(call.error("takes [time, width]"));
    };
    let keys = memory.and_then(|i| call.inputs[i].shape().get(1).copied()).unwrap_or(queries);
    let sizes =
        Sizes { batch: call.batch, heads: call.node.size("num_heads"), queries, keys, width };
    let lengths = match lengths.and_then(|i| call.inputs.get(i)) {
        Some(Value::Indices(array)) => array.data.as_vec(),
        _ => vec![keys; call.batch],
    };
    check(call.node, &lengths, keys)?;
    let x = call.input()?;
    let other = match memory {
        Some(i) => call.nth_input(i)?,
        None => x.retaped(),
    };
    let q = projected(call, x, 0..width)?;
    let both = projected(call, other, width..3 * width)?;
    let q = by_head(q, &sizes, [queries, 1], 0)?.try_mul(E::of(scale(&sizes))).on_device()?;
    let v = by_head(both.retaped(), &sizes, [keys, 2], 1)?;
    let k = by_head(both, &sizes, [keys, 2], 0)?;
    let [q, k] = match call.node.flag("rotary") {
        true => [turned(call, q)?, turned(call, k)?],
        false => [q, k],
    };
    let found = attention(call, &sizes, &lengths, [q, k, v])?;
    output(call, found, &sizes)
}

fn scale(sizes: &Sizes) -> f64 {
    1.0 / ((sizes.width / sizes.heads.max(1)) as f64).sqrt()
}

/// Some rows of the first map, of all steps.
fn projected<E: Float, D: Backend<E>>(
    call: &Call<'_, E, D>,
    x: Flat<E, D>,
    rows: std::ops::Range<usize>,
) -> Result<Flat<E, D>> {
    let (weight, bias) = (call.param(0)?, call.has_param(2).then(|| call.param(2)).transpose()?);
    let count = rows.len();
    let columns = call.input_shape().last().copied().unwrap_or(1);
    let all = weight.shape().0 / columns.max(1);
    let weight = weight.try_reshape_like(&(all, columns)).on_device()?;
    let weight = Window::gather(weight, rows.clone().collect())?;
    let bias = match bias {
        Some(bias) => {
            let bias = bias.try_reshape_like(&(all, 1)).on_device()?;
            let bias = Window::gather(bias, rows.collect())?;
            Some(bias.try_reshape_like(&(count,)).on_device()?)
        }
        None => None,
    };
    product(x, weight, bias)
}

/// Of [samples, steps, parts · heads · features] one of the parts: head and sample, step, feature.
fn by_head<E: Float, D: Backend<E>>(
    z: Flat<E, D>,
    sizes: &Sizes,
    [steps, parts]: [usize; 2],
    part: usize,
) -> Result<Heads<E, D>> {
    let &Sizes { batch, heads, width, .. } = sizes;
    let features = width / heads.max(1);
    let z = z.try_reshape_like(&(batch, steps, parts * heads, features)).on_device()?;
    let z: Four<E, D> = z.try_permute::<_, Axes4<2, 0, 1, 3>>().on_device()?;
    let z = z.try_reshape_like(&(parts, batch * steps * width)).on_device()?;
    let z = Window::gather(z, vec![part])?;
    z.try_reshape_like(&(heads * batch, steps, features)).on_device()
}

/// Each pair of features turned by the angle of its step: z · cos + (z turned by a right angle) · sin.
fn turned<E: Float, D: Backend<E>>(call: &Call<'_, E, D>, z: Heads<E, D>) -> Result<Heads<E, D>> {
    let shape @ (heads, steps, features) = *z.shape();
    let waves: Vec<f64> = waves(steps, features).collect();
    // Sines stand in even columns, cosines behind them.
    let table = |which: usize| {
        let of_pair = |i: usize| E::of(waves[i - i % 2 + which]);
        let one: Vec<E> = (0..steps * features).map(of_pair).collect();
        call.device.try_tensor_from_vec(one.repeat(heads), shape).on_device()
    };
    let mut right_angle = vec![E::default(); features * features];
    for first in (0..features).step_by(2) {
        right_angle[(first + 1) * features + first] = -E::one();
        right_angle[first * features + first + 1] = E::one();
    }
    let right_angle = call.device.try_tensor_from_vec(right_angle, (features, features));
    let again: Heads<E, D> = z.retaped();
    let rows = again.try_reshape_like(&(heads * steps, features)).on_device()?;
    let across = rows.try_matmul(right_angle.on_device()?).on_device()?;
    let across = across.try_reshape_like(&shape).on_device()?.try_mul(table(0)?).on_device()?;
    z.try_mul(table(1)?).on_device()?.try_add(across).on_device()
}

/// softmax(q·kᵀ)·v
fn attention<E: Float, D: Backend<E>>(
    call: &Call<'_, E, D>,
    sizes: &Sizes,
    lengths: &[usize],
    [q, k, v]: [Heads<E, D>; 3],
) -> Result<Flat<E, D>> {
    let &Sizes { batch, heads, queries, keys, width } = sizes;
    let k = without_padding(call, lengths, k)?;
    let v = without_padding(call, lengths, v)?;
    let k = k.try_permute::<(usize, usize, usize), Axes3<0, 2, 1>>().on_device()?;
    let scores = q.try_matmul(k).on_device()?;
    let count = heads * batch * queries * keys;
    let scores = scores.try_reshape_like(&(count,)).on_device()?;
    let scores = hide(call, sizes, lengths, scores)?;
    let lines = (heads * batch * queries, keys, 1);
    let weights = normalized(below_zero(scores, lines)?, lines)?;
    let weights = drop(call, sizes, weights)?;
    let weights = weights.try_reshape_like(&(heads * batch, queries, keys)).on_device()?;
    let y = weighted(call, lengths, weights, v)?;
    let y = y.try_reshape_like(&(heads, batch, queries, width / heads.max(1))).on_device()?;
    let y: Four<E, D> = y.try_permute::<_, Axes4<1, 2, 0, 3>>().on_device()?;
    y.try_reshape_like(&(batch * queries * width,)).on_device()
}

/// Steps behind the lengths are 0 if they are not finite: neither weights nor gradients of 0 hide that.
fn without_padding<E: Float, D: Backend<E>>(
    call: &Call<'_, E, D>,
    lengths: &[usize],
    z: Heads<E, D>,
) -> Result<Heads<E, D>> {
    let (heads, steps, features) = *z.shape();
    if lengths.iter().all(|&length| length == steps) || finite(&z)? {
        return Ok(z);
    }
    let at = |i: usize| (i / features / steps % lengths.len(), i / features % steps);
    let hidden =
        (0..heads * steps * features).map(at).map(|(sample, step)| step >= lengths[sample]);
    chosen(call, hidden, zeros(call, &z)?, z)
}

/// weights·v. What is not finite goes to the queries that see it, and not through a weight of 0 to others.
fn weighted<E: Float, D: Backend<E>>(
    call: &Call<'_, E, D>,
    lengths: &[usize],
    weights: Heads<E, D>,
    v: Heads<E, D>,
) -> Result<Heads<E, D>> {
    let ((heads, queries, _), (_, keys, features)) = (*weights.shape(), *v.shape());
    if lengths.iter().all(|&length| seen(call, length, 0) == keys) || finite(&v)? {
        return weights.try_matmul(v).on_device();
    }
    let odd: Vec<bool> = v.as_vec().into_iter().map(|x| !x.f64().is_finite()).collect();
    // The first step of each head's feature that is not finite.
    let first = |head: usize, feature: usize| {
        (0..keys).find(|key| odd[(head * keys + key) * features + feature]).unwrap_or(keys)
    };
    let firsts = (0..heads * features).map(|i| first(i / features, i % features));
    let firsts: Vec<usize> = firsts.collect();
    let sees = |i: usize| {
        let (head, query) = (i / features / queries, i / features % queries);
        let seen = seen(call, lengths[head % lengths.len()], query);
        firsts[head * features + i % features] < seen
    };
    let [one, other] = [&weights, &v].map(|z| z.retaped::<OwnedTape<E, D>>());
    let whole = one.try_matmul(other).on_device()?;
    let finite = chosen(call, odd.iter().copied(), zeros(call, &v)?, v)?;
    let finite = weights.try_matmul(finite).on_device()?;
    chosen(call, (0..heads * queries * features).map(sees), whole, finite)
}

fn zeros<E: Float, D: Backend<E>>(
    call: &Call<'_, E, D>,
    like: &Heads<E, D>,
) -> Result<Heads<E, D>> {
    let zeros = call.device.try_zeros_like(like.shape()).on_device()?;
    Ok(zeros.put_tape(OwnedTape::default()))
}

/// Numbers of the first where `which` says so, and else of the other.
fn chosen<S: Shape, E: Float, D: Backend<E>>(
    call: &Call<'_, E, D>,
    which: impl Iterator<Item = bool>,
    one: Tensor<S, E, D, OwnedTape<E, D>>,
    other: Tensor<S, E, D, OwnedTape<E, D>>,
) -> Result<Tensor<S, E, D, OwnedTape<E, D>>> {
    let which = which.map(|one| if one { E::one() } else { E::default() }).collect();
    let which = call.device.try_tensor_from_vec(which, *one.shape()).on_device()?;
    which.try_gt(E::default()).on_device()?.try_choose(one, other).on_device()
}

/// Whether all numbers are finite; their sum may be too large.
fn finite<E: Float, D: Backend<E>>(x: &Heads<E, D>) -> Result<bool> {
    let sum = x.retaped::<NoneTape>().try_sum::<(), Axes3<0, 1, 2>>().on_device()?;
    Ok(sum.as_vec().iter().all(|sum| sum.f64().is_finite()))
}

/// The steps that a query sees in a sample of this length.
fn seen<E: Float, D: Backend<E>>(call: &Call<'_, E, D>, length: usize, query: usize) -> usize {
    if call.node.flag("causal") { length.min(query + 1) } else { length }
}

/// Scores of what is not to be seen are -∞.
fn hide<E: Float, D: Backend<E>>(
    call: &Call<'_, E, D>,
    sizes: &Sizes,
    lengths: &[usize],
    scores: Flat<E, D>,
) -> Result<Flat<E, D>> {
    let &Sizes { batch, heads, queries, keys, .. } = sizes;
    // No query sees fewer than the first.
    if lengths.iter().all(|&length| seen(call, length, 0) == keys) {
        return Ok(scores);
    }
    let hidden = (0..heads * batch * queries).flat_map(|i| {
        let seen = seen(call, lengths[i / queries % batch], i % queries);
        (0..keys).map(move |key| key >= seen)
    });
    let nothing = vec![E::of(f64::NEG_INFINITY); heads * batch * queries * keys];
    let nothing = call.device.try_tensor_from_vec(nothing, *scores.shape()).on_device()?;
    chosen(call, hidden, nothing.put_tape(OwnedTape::default()), scores)
}

/// In training some weights are 0. Their numbers are those of [samples, heads, queries, keys].
fn drop<E: Float, D: Backend<E>>(
    call: &Call<'_, E, D>,
    sizes: &Sizes,
    weights: Flat<E, D>,
) -> Result<Flat<E, D>> {
    let (p, Some(key)) = (call.node.number("dropout"), call.training_key()) else {
        return Ok(weights);
    };
    if p == 0.0 {
        return Ok(weights);
    }
    let &Sizes { batch, heads, queries, keys, .. } = sizes;
    let block = (queries * keys) as u64;
    let numbers = (0..heads * batch).flat_map(|i| {
        let first = ((i % batch) * heads + i / batch) as u64 * block;
        first..first + block
    });
    let mask: Vec<E> = mask(key, p, numbers);
    let count = (mask.len(),);
    let mask = call.device.try_tensor_from_vec(mask, count).on_device()?;
    weights.try_mul(mask).on_device()
}

fn output<E: Float, D: Backend<E>>(
    call: &Call<'_, E, D>,
    x: Flat<E, D>,
    sizes: &Sizes,
) -> Result<Flat<E, D>> {
    let weight = call.param(1)?.try_reshape_like(&(sizes.width, sizes.width)).on_device()?;
    product(x, weight, if call.has_param(3) { Some(call.param(3)?) } else { None })
}
