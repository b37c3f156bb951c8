//! Layers that make an axis smaller or larger.

use super::{Builder, layout};
use crate::engine::chunk::Edge;
use crate::engine::kernels::reduce::Reduce;
use crate::engine::kernels::upsample::Upsample;
use crate::engine::steps::{Layout, ReduceStep, UpsampleStep};

impl Builder<'_> {
    /// The channels of an image lie innermost, and what is left is in the user's order; the other
    /// axes are reduced in the user's order. A result that is an image is brought into pixels.
    pub(super) fn reduce(&mut self, number: usize) -> Option<()> {
        let node = &self.graph.nodes[number];
        let (shape, axis) = (self.graph.shape_of(node.inputs[0]), node.size("axis"));
        let lies = self.places[node.inputs[0]]?.layout;
        let (along, behind) = shape.get(axis..)?.split_first()?;
        let (along, mut behind) = (*along, behind.iter().product());
        let mut x = self.edge(node.inputs[0])?;
        match lies {
            Layout::Pixels { .. } if axis == 0 => behind = 1,
            Layout::Pixels { .. } => x = self.reordered(x, lies, false),
            Layout::Plain => {}
        }
        let (what, factor) = match node.kind {
            "Mean" => ("mean", (1.0 / along as f64) as f32),
            _ => ("sum", 1.0),
        };
        let y = self.slot(node.shape.iter().product());
        let kernel = Reduce::new(along, behind, factor);
        self.steps.push(Box::new(ReduceStep { x, y, what, kernel }));
        let target = layout(node.shape);
        let to = self.reordered(Edge { slot: y, first: true, input: false }, target, true);
        self.place(self.value_of(number), to.slot, target);
        Some(())
    }

    pub(super) fn upsample(&mut self, number: usize) -> Option<()> {
        let node = &self.graph.nodes[number];
        let &[channels, _, width] = self.graph.shape_of(node.inputs[0]) else { return None };
        let &[down, across] = node.sizes("scale") else { return None };
        let x = self.edge(node.inputs[0])?;
        let y = self.slot(node.shape.iter().product());
        let scale = [down, across];
        let kernel = Upsample::new(channels, width, scale);
        self.steps.push(Box::new(UpsampleStep { x, y, scale, kernel }));
        self.place(self.value_of(number), y, layout(node.shape));
        Some(())
    }
}
