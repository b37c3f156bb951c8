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
    let mut lengths = None;
    for (input, flow) in inputs.iter().enumerate().skip(1) {
        if to.holds_indices(node, input) {
            lengths = Some(to.lengths(node, *flow, to.time)?);
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
    let all = layer.step(inputs[0].value, &before);
    let values = match lengths {
        Some(lengths) => layer.up_to(lengths, &all, &before),
        None => all,
    };
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

    /// What comes out of the layer for one step, and each state behind it. Of one step, the state
    /// behind it is all there is.
    fn step(&mut self, x: Ref, before: &[(usize, Ref)]) -> Vec<Ref> {
        let (count, hidden) = (1 + before.len(), self.hidden);
        let taken = std::iter::once(x).chain(before.iter().map(|(_, value)| *value)).collect();
        let kind = Kind::of(self.node);
        let kind = kind.with("states", Attr::Flag(true)).with("last", Attr::Flag(true));
        let all = self.node(kind, taken, &[count * hidden]);
        (0..count)
            .map(|part| {
                let attrs = [("start", Attr::Size(part * hidden)), ("axis", Attr::Size(0))];
                self.node(Kind::plain("Slice", &attrs), vec![all], &[hidden])
            })
            .collect()
    }

    /// Behind a sequence's length states stay, and what comes out is 0.
    fn up_to(&mut self, lengths: usize, all: &[Ref], before: &[(usize, Ref)]) -> Vec<Ref> {
        let hidden = self.hidden;
        let [there, gone] = [true, false].map(|there| {
            self.to.draft.shared(Memory::There { lengths, width: hidden, there }, &[hidden])
        });
        let by = [("by", Attr::Number(1.0))];
        let mut product = |a, b| self.node(Kind::plain("Mul", &by), vec![a, b], &[hidden]);
        let new: Vec<Ref> = all.iter().map(|value| product(*value, there)).collect();
        let old: Vec<Ref> = before.iter().map(|(_, value)| product(*value, gone)).collect();
        let states = new[1..].iter().zip(old);
        let mut sum = |a, b| self.node(Kind::plain("Add", &[]), vec![a, b], &[hidden]);
        let states: Vec<Ref> = states.map(|(new, old)| sum(*new, old)).collect();
        let y = if self.node.flag("last") { states[0] } else { new[0] };
        std::iter::once(y).chain(states).collect()
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
