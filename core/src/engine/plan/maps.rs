//! Chains of activations and dropout.

use super::Builder;
use crate::engine::steps::{Layout, Map, MapStep};

impl Builder<'_> {
    /// A map, and those behind it that nothing else looks into. `None` if the node is none.
    pub(super) fn map(&mut self, number: usize) -> Option<()> {
        let value = self.graph.nodes[number].inputs[0];
        let layout = self.places[value]?.layout;
        let mut maps = vec![self.map_of(number, layout)?];
        let mut last = number;
        while maps.len() < Map::MOST
            && let Some(next) = self.next_map(last)
        {
            maps.push(self.map_of(next, layout)?);
            self.fused[next] = true;
            last = next;
        }
        let x = self.edge(value)?;
        let y = self.slot(x.slot.len);
        self.steps.push(Box::new(MapStep { x, y, maps }));
        self.place(self.value_of(last), y, layout);
        Some(())
    }

    pub(super) fn is_map(&self, number: usize) -> bool {
        self.map_of(number, Layout::Plain).is_some()
    }

    fn map_of(&self, number: usize, layout: Layout) -> Option<Map> {
        Map::of(&self.graph.nodes[number], self.first + number, layout)
    }

    /// The node behind, if it is a map and the only one that takes the value.
    fn next_map(&self, node: usize) -> Option<usize> {
        let value = self.value_of(node);
        let takes = |n: &netwright_spec::graph::Node| n.inputs.contains(&value);
        let next = self.graph.nodes.iter().position(takes)?;
        let sole = self.uses[value] == 1 && !self.fused[next];
        (sole && self.map_of(next, Layout::Plain).is_some()).then_some(next)
    }
}
