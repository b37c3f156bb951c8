//! The network's inputs: what brings them in, or reads them where the user has them.

use super::{Builder, Place, layout};
use crate::engine::chunk::{Edge, Slot};
use crate::engine::steps::Enter;

impl Builder<'_> {
    /// Takes room for them.
    pub(super) fn inputs(&mut self) -> Option<()> {
        // Nobody would write the gradient of a value that nobody takes.
        if self.uses.contains(&0) {
            return None;
        }
        for (number, port) in self.graph.inputs.iter().enumerate() {
            let layout = layout(port.shape);
            let to = self.slot(if port.index { 0 } else { port.shape.iter().product() });
            self.inputs.push((to, layout));
            self.enters.push((!port.index).then_some(Enter { number, to, layout }));
            if port.index {
                continue;
            }
            self.places[number] =
                Some(Place { slot: to, layout, input: Some(number), consumers: 0 });
        }
        Some(())
    }

    /// What brings in this value, if it is an input of the network that nobody else takes.
    pub(super) fn brought_in(&self, value: usize) -> Option<Enter> {
        let input = self.places[value]?.input.filter(|_| self.uses[value] == 1);
        self.enters.get(input?).copied().flatten()
    }

    /// Such an input is read where the user has it by the step that takes `x`: nothing brings it in, and
    /// in a prediction its place is free at once.
    pub(super) fn read_in_place(&mut self, value: usize, x: &mut Edge) -> Option<Enter> {
        let enter = self.brought_in(value)?;
        self.enters[enter.number] = None;
        if self.memory.reuse() {
            self.memory.give_back(x.slot);
            x.slot = Slot::default();
        }
        Some(enter)
    }
}
