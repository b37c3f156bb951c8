//! `MultiHeadAttention`: linear maps before and behind the attention itself.

use super::Builder;
use crate::engine::chunk::{Edge, Slot};
use crate::engine::kernels::attention::{Attention, LEFT};
use crate::engine::kernels::conv::Act;
use crate::engine::steps::{AttentionPart, AttentionStep, Dropout, Layout};
use crate::layers::multi_head_attention::inputs;
use netwright_spec::graph::Node;

impl Builder<'_> {
    pub(super) fn attention(&mut self, number: usize) -> Option<()> {
        let node = &self.graph.nodes[number];
        let index = |i: usize| self.graph.inputs.get(node.inputs[i]).is_some_and(|port| port.index);
        let (memory, lengths) = inputs(node.inputs.len(), index);
        let &[queries, width] = node.shape else { return None };
        let keys = *self.graph.shape_of(node.inputs[memory.unwrap_or(0)]).first()?;
        let x = self.edge(node.inputs[0])?;
        let (x, other) = match memory {
            Some(i) => (x, self.edge(node.inputs[i])?),
            // Of both maps of one value the last writes its gradient first.
            None => (Edge { first: false, ..x }, x),
        };
        let q = self.map_in(node, x, 0, [queries, width]);
        let kv = self.map_in(node, other, width, [keys, 2 * width]);
        let part = |slot, stride, first| {
            let edge = Edge { slot, first: true, input: false };
            AttentionPart { edge, stride, first }
        };
        let parts = [part(q, width, 0), part(kv, 2 * width, 0), part(kv, 2 * width, width)];
        let heads = node.size("num_heads");
        let y = self.slot(queries * width);
        let left = if self.memory.reuse() { 0 } else { heads * queries * LEFT };
        let left = self.slot(left);
        let (p, block) = (node.number("dropout"), queries * keys);
        let of = |node| Dropout { node, p, each: 1, layout: Layout::Plain, len: heads * block };
        self.steps.push(Box::new(AttentionStep {
            parts,
            y,
            left,
            heads,
            width,
            kernel: Attention::new(
                [queries, keys, width / heads],
                node.flag("causal"),
                node.flag("rotary"),
            ),
            lengths: lengths.map(|i| node.inputs[i]),
            dropout: (p > 0.0).then(|| of((self.first + number) as u64)),
            block,
        }));
        [q, kv, y].into_iter().for_each(|slot| self.memory.leave(slot));
        self.map_out(number, y)
    }

    /// Rows of the first map from `first` on, of all steps.
    fn map_in(&mut self, node: &Node, x: Edge, first: usize, [steps, outputs]: [usize; 2]) -> Slot {
        let sizes = [x.slot.len / steps, outputs];
        let (weight, y) = (node.params.first, self.slot(steps * outputs));
        let bias = (node.params.count > 2).then_some(weight + 2);
        self.multiply(sizes, (x, y), (first, weight, bias), Act::None);
        y
    }

    /// The map of the output, with the sum of a residual behind it.
    fn map_out(&mut self, number: usize, from: Slot) -> Option<()> {
        let node = &self.graph.nodes[number];
        let (width, weight) = (*node.shape.last()?, node.params.first + 1);
        let bias = (node.params.count > 2).then_some(weight + 2);
        let x = Edge { slot: from, first: true, input: false };
        self.linear_with(number, [width, width], x, (weight, bias));
        Some(())
    }
}
