//! Layers along time.

use super::{Builder, layout};
use crate::engine::kernels::linear::Linear;
use crate::engine::kernels::recurrent::Steps;
use crate::engine::steps::{Direction, RecurrentStep, Sizes};
use crate::layers::recurrent::{cell_of, directions};

impl Builder<'_> {
    pub(super) fn recurrent(&mut self, number: usize) -> Option<()> {
        let node = &self.graph.nodes[number];
        let &[time, features] = self.graph.shape_of(node.inputs[0]) else { return None };
        let ways = directions(node);
        let hidden = *self.graph.params_of(node).get(1)?.shape.last()?;
        let (cell, steps) = (cell_of(node), Steps::new(cell_of(node), hidden));
        let gates = cell.gates() * hidden;
        let sizes = Sizes { time, features, hidden, gates, kept: steps.kept() };
        let x = self.edge(node.inputs[0])?;
        let index = |value: &usize| self.graph.inputs.get(*value).is_some_and(|port| port.index);
        let lengths = node.inputs.iter().copied().find(index);
        let states: Vec<_> = node.inputs[1..].iter().filter(|value| !index(value)).collect();
        let first = states.into_iter().map(|&state| self.edge(state));
        let first = first.collect::<Option<Vec<_>>>()?;
        let each = node.params.count / ways.len();
        let mut all = Vec::new();
        for (number, &reverse) in ways.iter().enumerate() {
            let (room, first) = (self.slot(sizes.room()), node.params.first + number * each);
            let biases = (each == 4).then_some([first + 2, first + 3]);
            all.push(Direction { reverse, room, weights: [first, first + 1], biases });
        }
        let y = self.slot(node.shape.iter().product());
        // Nobody else reads the rooms.
        all.iter().for_each(|direction| self.memory.leave(direction.room));
        self.steps.push(Box::new(RecurrentStep {
            kind: node.kind,
            x,
            y,
            sizes,
            steps,
            directions: all,
            last: node.flag("last"),
            first,
            ends: node.flag("states"),
            lengths,
            input: Linear::new(features, gates),
            hidden: Linear::new(hidden, gates),
            backward: !self.memory.reuse(),
        }));
        self.place(self.value_of(number), y, layout(node.shape));
        Some(())
    }
}
