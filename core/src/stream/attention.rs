//! Attention of one step: to itself and the keys and values of those before it, which are kept, or to
//! those of a memory, which are made once.

use super::derive::{Derivation, Flow, Of, linear, refused};
use super::draft::{Draft, Kind, Ref};
use super::steps::{Hidden, Memory};
use crate::error::Result;
use crate::layers::multi_head_attention as layers;
use netwright_spec::graph::{Attr, Node};

pub(super) fn layer(to: &mut Derivation, node: &'static Node, inputs: &[Flow]) -> Result<Flow> {
    let (memory, lengths) = layers::inputs(inputs.len(), |input| to.holds_indices(node, input));
    let of = |i: usize| inputs[i].of;
    match memory {
        None if !node.flag("causal") => {
            return Err(refused(node, "looks at later steps: `causal = true` is missing"));
        }
        Some(memory) if (of(0), of(memory)) != (Of::Steps, Of::Given) => {
            let why = "looks at all steps of a memory that must be there before the first step: made \
                       of inputs that are given whole, by `stream_with`";
            return Err(refused(node, why));
        }
        _ => {}
    }
    let looked = memory.map_or(node.inputs[0], |memory| node.inputs[memory]);
    let keys = to.graph.shape_of(looked)[0];
    let lengths = lengths.map(|i| to.lengths(node, inputs[i], keys)).transpose()?;
    let (width, heads) = (node.shape[1], node.size("num_heads").max(1));
    let mut step = Step { to, node, width, features: width / heads, keys };
    let value = match memory {
        None => step.causal(inputs[0].value, lengths),
        Some(memory) => step.across(inputs[0].value, inputs[memory].value, lengths),
    };
    Ok(Flow { value, of: Of::Steps })
}

struct Step<'a> {
    to: &'a mut Derivation,
    node: &'static Node,
    width: usize,
    /// Of a head.
    features: usize,
    /// How many steps there are to look at.
    keys: usize,
}

impl Step<'_> {
    /// The present step looks at all that are kept, and at itself.
    fn causal(&mut self, x: Ref, lengths: Option<usize>) -> Ref {
        let (width, features, keys) = (self.width, self.features, self.keys);
        let maps = linear(self.node, [0, 2], None);
        let all = self.to.draft.node(self.node, maps, vec![x], &[1, 3 * width]);
        let [q, k, v] = [0, 1, 2].map(|part| self.columns(all, part * width, [1, width]));
        let [q, k] = match self.node.flag("rotary") {
            true => self.turned([q, k]),
            false => [q, k],
        };
        let q = self.scaled(q);
        let seen = self.to.draft.shared(Memory::Seen { lengths }, &[1, keys]);
        let firsts = (0..width).step_by(features);
        let heads = firsts.map(|first| {
            let [q, k, v] = [q, k, v].map(|row| self.columns(row, first, [1, features]));
            let k = self.node("Reshape", &[], vec![k], &[features, 1]);
            self.causal_head([q, k, v], seen, lengths)
        });
        let heads = heads.collect();
        self.output(heads)
    }

    /// One head of it. Those before and the present one have scores and sums of their own, so that
    /// what is kept is read where it lies.
    fn causal_head(&mut self, [q, k, v]: [Ref; 3], seen: Ref, lengths: Option<usize>) -> Ref {
        let (features, before) = (self.features, self.keys - 1);
        let now = self.node("MatMul", &[], vec![q, k], &[1, 1]);
        if before == 0 {
            let weights = self.weights(now, Some(seen));
            return self.node("MatMul", &[], vec![weights, v], &[1, features]);
        }
        let keys = self.kept(k, true, [features, before], lengths);
        let values = self.kept(v, false, [before, features], lengths);
        let scores = self.node("MatMul", &[], vec![q, keys], &[1, before]);
        let axis = [("axis", Attr::Size(1))];
        let scores = self.node("Concat", &axis, vec![scores, now], &[1, before + 1]);
        let weights = self.weights(scores, Some(seen));
        let [then, now] = [(0, before), (before, 1)]
            .map(|(start, count)| self.columns(weights, start, [1, count]));
        let [then, now] = [(then, values), (now, v)]
            .map(|(weights, v)| self.node("MatMul", &[], vec![weights, v], &[1, features]));
        self.node("Add", &[], vec![then, now], &[1, features])
    }

    /// The present step looks at a memory, whose keys and values are the same in each step.
    fn across(&mut self, x: Ref, memory: Ref, lengths: Option<usize>) -> Ref {
        let (width, features, keys) = (self.width, self.features, self.keys);
        let map = linear(self.node, [0, 2], Some([0, width]));
        let q = self.to.draft.node(self.node, map, vec![x], &[1, width]);
        let q = self.scaled(q);
        let map = linear(self.node, [0, 2], Some([width, 2 * width]));
        let both = self.to.once.node(self.node, map, vec![memory], &[keys, 2 * width]);
        let looked =
            lengths.map(|lengths| self.to.draft.shared(Memory::Looked { lengths }, &[1, keys]));
        let firsts = (0..width).step_by(features);
        let heads = firsts.map(|first| {
            let part = |once: &mut Draft, start| {
                let attrs = [("start", Attr::Size(start)), ("axis", Attr::Size(1))];
                once.node(self.node, Kind::plain("Slice", &attrs), vec![both], &[keys, features])
            };
            let k = part(&mut self.to.once, first);
            let order = Kind::plain("Transpose", &[("order", Attr::Sizes(&[1, 0]))]);
            let k = self.to.once.node(self.node, order, vec![k], &[features, keys]);
            let v = part(&mut self.to.once, width + first);
            let [k, v] = [(k, [features, keys], 1), (v, [keys, features], 0)];
            let [k, v] = [k, v].map(|(value, shape, axis)| {
                let made = self.to.keep(value);
                self.to.hidden.extend(lengths.map(|lengths| Hidden { made, axis, lengths }));
                self.to.draft.shared(Memory::Given { made }, &shape)
            });
            let q = self.columns(q, first, [1, features]);
            let scores = self.node("MatMul", &[], vec![q, k], &[1, keys]);
            let weights = self.weights(scores, looked);
            self.node("MatMul", &[], vec![weights, v], &[1, features])
        });
        let heads = heads.collect();
        self.output(heads)
    }

    fn node(
        &mut self,
        kind: &'static str,
        attrs: &[(&'static str, Attr)],
        inputs: Vec<Ref>,
        shape: &[usize],
    ) -> Ref {
        self.to.draft.node(self.node, Kind::plain(kind, attrs), inputs, shape)
    }

    fn columns(&mut self, of: Ref, start: usize, shape: [usize; 2]) -> Ref {
        let attrs = [("start", Attr::Size(start)), ("axis", Attr::Size(1))];
        self.node("Slice", &attrs, vec![of], &shape)
    }

    fn scaled(&mut self, q: Ref) -> Ref {
        let scale = [("by", Attr::Number(1.0 / (self.features as f64).sqrt()))];
        self.node("Mul", &scale, vec![q], &[1, self.width])
    }

    /// Pairs of features turned by the angles of this step, those of each head alike.
    fn turned(&mut self, rows: [Ref; 2]) -> [Ref; 2] {
        let (width, features, pairs) = (self.width, self.features, self.width / 2);
        let waves = self.to.draft.shared(Memory::Waves { width: features }, &[1, features]);
        let waves = match width / features {
            1 => waves,
            heads => {
                let axis = [("axis", Attr::Size(1))];
                self.node("Concat", &axis, vec![waves; heads], &[1, width])
            }
        };
        let [sin, cos] = self.pairs(waves);
        rows.map(|row| {
            let [x, y] = self.pairs(row);
            let once = [("by", Attr::Number(1.0))];
            let mut product = |a, b| self.node("Mul", &once, vec![a, b], &[pairs, 1]);
            let [xc, ys, xs, yc] =
                [product(x, cos), product(y, sin), product(x, sin), product(y, cos)];
            let x = self.node("Sub", &[], vec![xc, ys], &[pairs, 1]);
            let y = self.node("Add", &[], vec![xs, yc], &[pairs, 1]);
            let both = self.node("Concat", &[("axis", Attr::Size(1))], vec![x, y], &[pairs, 2]);
            self.node("Reshape", &[], vec![both], &[1, width])
        })
    }

    /// The first number of each pair, and the second.
    fn pairs(&mut self, row: Ref) -> [Ref; 2] {
        let pairs = self.width / 2;
        let row = self.node("Reshape", &[], vec![row], &[pairs, 2]);
        [0, 1].map(|which| self.columns(row, which, [pairs, 1]))
    }

    /// What this value was in all steps before, in rows or columns.
    fn kept(
        &mut self,
        value: Ref,
        columns: bool,
        shape: [usize; 2],
        lengths: Option<usize>,
    ) -> Ref {
        let all = Memory::All { output: 0, columns, lengths };
        let (memory, before) = self.to.draft.memory(all, &shape);
        self.to.draft.remember(memory, value);
        before
    }

    /// The softmax of scores, with -∞ where nothing is to be seen.
    fn weights(&mut self, mut scores: Ref, hidden: Option<Ref>) -> Ref {
        let shape = [1, self.keys];
        if let Some(hidden) = hidden {
            scores = self.node("Add", &[], vec![scores, hidden], &shape);
        }
        self.node("Softmax", &[("axis", Attr::Size(1))], vec![scores], &shape)
    }

    /// The map of all heads beside each other.
    fn output(&mut self, heads: Vec<Ref>) -> Ref {
        let shape = [1, self.width];
        let joined = match heads.as_slice() {
            [only] => *only,
            _ => self.node("Concat", &[("axis", Attr::Size(1))], heads, &shape),
        };
        self.to.draft.node(self.node, linear(self.node, [1, 3], None), vec![joined], &shape)
    }
}
