//! Recurrent layers of one step: the state goes in and comes out.

use super::derive::{Derivation, Flow, Of, refused};
use super::draft::{Kind, Ref};
use super::steps::Memory;
use crate::error::Result;
use netwright_spec::graph::{Attr, Node};

/// Its state goes in and comes out.
pub(super) fn layer(to: &mut Derivation, node: &'static Node, inputs: &[Flow]) -> Result<Flow> {
    if node.flag("bidirectional") || node.flag("reverse") {
        return Err(refused(node, "begins at the end of the sequence"));
    }
    let mut firsts = Vec::new();
    let mut there = None;
    for (input, flow) in inputs.iter().enumerate().skip(1) {
        if to.holds_indices(node, input) {
            let lengths = to.lengths(node, *flow, to.time)?;
            there = Some(to.draft.shared(Memory::There { lengths }, &[]));
        } else if flow.of == Of::Given {
            firsts.push(to.keep(flow.value));
        } else {
            let why = "takes a first state that is not known before the last step: it must be \
                       made of inputs that are given whole, by `stream_with`";
            return Err(refused(node, why));
        }
    }
    if inputs[0].of != Of::Steps {
        return Err(refused(node, "takes another sequence than the steps"));
    }
    let weight = to.graph.params_of(node).get(1).and_then(|weight| weight.shape.last());
    let hidden = weight.copied().unwrap_or(0);
    let before: Vec<(usize, Ref)> = (0..if node.kind == "Lstm" { 2 } else { 1 })
        .map(|part| {
            let state = Memory::State { output: 0, first: firsts.get(part).copied() };
            to.draft.memory(state, &[hidden])
        })
        .collect();
    let mut layer = Layer { to, node, hidden };
    let values = layer.step(inputs[0].value, &before, there);
    for ((memory, _), end) in before.iter().zip(&values[1..]) {
        layer.to.draft.remember(*memory, *end);
    }
    Ok(layer.given(values))
}

struct Layer<'a> {
    to: &'a mut Derivation,
    node: &'static Node,
    hidden: usize,
}

impl Layer<'_> {
    fn node(&mut self, kind: Kind, inputs: Vec<Ref>, shape: &[usize]) -> Ref {
        self.to.draft.node(self.node, kind, inputs, shape)
    }

    /// What comes out of the layer for one step, and each state behind it. How many steps are `there`
    /// is 1, or 0 behind a sequence's length: the layer does then what it does there in a whole
    /// sequence.
    fn step(&mut self, x: Ref, before: &[(usize, Ref)], there: Option<Ref>) -> Vec<Ref> {
        let (count, hidden) = (1 + before.len(), self.hidden);
        let states = before.iter().map(|(_, value)| *value);
        let taken = std::iter::once(x).chain(states).chain(there).collect();
        let kind = Kind::of(self.node);
        let kind = kind.with("states", Attr::Flag(true)).with("may_end", Attr::Flag(true));
        let all = self.node(kind, taken, &[count * hidden]);
        (0..count)
            .map(|part| {
                let attrs = [("start", Attr::Size(part * hidden)), ("axis", Attr::Size(0))];
                self.node(Kind::plain("Slice", &attrs), vec![all], &[hidden])
            })
            .collect()
    }

    /// As the network has it: the steps, or the last of them, and the states if they are asked for.
    fn given(&mut self, values: Vec<Ref>) -> Flow {
        let (last, hidden) = (self.node.flag("last"), self.hidden);
        if self.node.flag("states") {
            let shape = [values.len() * hidden];
            let joined = Kind::plain("Concat", &[("axis", Attr::Size(0))]);
            let value = self.node(joined, values, &shape);
            return Flow { value, of: if last { Of::Last } else { Of::Packed } };
        }
        if last {
            return Flow { value: values[0], of: Of::Last };
        }
        let value = self.node(Kind::plain("Reshape", &[]), vec![values[0]], &[1, hidden]);
        Flow { value, of: Of::Steps }
    }
}
