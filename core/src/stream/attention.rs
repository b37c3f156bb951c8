//! Causal attention of one step: to the keys and values of those before it, which are kept.

use super::derive::{Derivation, Memory, refused};
use super::draft::{Flow, Kind, Ref};
use crate::error::Result;
use netwright_spec::graph::{Attr, Node};

/// The present step looks at all that are kept, and at itself.
pub(super) fn causal(to: &mut Derivation, node: &'static Node, inputs: &[Flow]) -> Result<Flow> {
    if !node.flag("causal") {
        return Err(refused(node, "looks at later steps: `causal = true` is missing"));
    }
    if inputs.len() > 1 {
        return Err(refused(node, "takes lengths"));
    }
    let width = node.shape[1];
    let mut step = Step { to, node, width };
    let all = step.map([0, 2], vec![inputs[0].value], 3 * width);
    let [q, k, v] = [0, 1, 2].map(|part| step.columns(all, part * width, [1, width]));
    let features = width / node.size("num_heads").max(1);
    let [q, k] = match node.flag("rotary") {
        true => step.turned([q, k], features),
        false => [q, k],
    };
    let scale = [("by", Attr::Number(1.0 / (features as f64).sqrt()))];
    let q = step.node("Mul", &scale, vec![q], &[1, width]);
    let (keys, values) = (step.kept(k), step.kept(v));
    let time = step.to.time;
    let order = [("order", Attr::Sizes(&[1, 0]))];
    let keys = step.node("Transpose", &order, vec![keys], &[width, time]);
    let heads =
        (0..width / features).map(|head| step.head(head * features, features, [q, keys, values]));
    let heads: Vec<Ref> = heads.collect();
    let joined = match heads.as_slice() {
        [only] => *only,
        _ => step.node("Concat", &[("axis", Attr::Size(1))], heads, &[1, width]),
    };
    let value = step.map([1, 3], vec![joined], width);
    Ok(Flow { value, along: true })
}

struct Step<'a> {
    to: &'a mut Derivation,
    node: &'static Node,
    width: usize,
}

impl Step<'_> {
    fn node(
        &mut self,
        kind: &'static str,
        attrs: &[(&'static str, Attr)],
        inputs: Vec<Ref>,
        shape: &[usize],
    ) -> Ref {
        self.to.draft.node(self.node, Kind::plain(kind, attrs), inputs, shape)
    }

    /// A linear map with this weight and this bias of the layer's.
    fn map(&mut self, params: [usize; 2], inputs: Vec<Ref>, outputs: usize) -> Ref {
        let own = self.node.params;
        let params = params.into_iter().filter(|param| *param < own.count);
        let params = params.map(|param| own.first + param).collect();
        let kind = Kind { params, ..Kind::plain("Linear", &[]) };
        self.to.draft.node(self.node, kind, inputs, &[1, outputs])
    }

    fn columns(&mut self, of: Ref, start: usize, shape: [usize; 2]) -> Ref {
        let attrs = [("start", Attr::Size(start)), ("axis", Attr::Size(1))];
        self.node("Slice", &attrs, vec![of], &shape)
    }

    /// Pairs of features turned by the angles of this step, those of each head alike.
    fn turned(&mut self, rows: [Ref; 2], features: usize) -> [Ref; 2] {
        let (width, pairs) = (self.width, self.width / 2);
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

    /// The rows of all steps before, and this one.
    fn kept(&mut self, row: Ref) -> Ref {
        let (time, width) = (self.to.time, self.width);
        if time == 1 {
            return row;
        }
        let rows = Memory::Rows { output: 0, width };
        let (memory, before) = self.to.draft.memory(rows, &[time - 1, width]);
        self.to.draft.remember(memory, row);
        self.node("Concat", &[("axis", Attr::Size(0))], vec![before, row], &[time, width])
    }

    /// softmax(q·kᵀ)·v of one head, with -∞ where no step has been yet.
    fn head(&mut self, first: usize, features: usize, [q, keys, values]: [Ref; 3]) -> Ref {
        let time = self.to.time;
        let q = self.columns(q, first, [1, features]);
        let rows = [("start", Attr::Size(first)), ("axis", Attr::Size(0))];
        let keys = self.node("Slice", &rows, vec![keys], &[features, time]);
        let values = self.columns(values, first, [time, features]);
        let scores = self.node("MatMul", &[], vec![q, keys], &[1, time]);
        let seen = self.to.draft.shared(Memory::Seen, &[1, time]);
        let scores = self.node("Add", &[], vec![scores, seen], &[1, time]);
        let axis = [("axis", Attr::Size(1))];
        let weights = self.node("Softmax", &axis, vec![scores], &[1, time]);
        self.node("MatMul", &[], vec![weights, values], &[1, features])
    }
}
