//! Layers along some axes of each sample.

use super::Builder;
use crate::engine::chunk::Edge;
use crate::engine::kernels::layer_norm::MOMENTS;
use crate::engine::steps::{LayerNormStep, Layout, SoftmaxStep};

impl Builder<'_> {
    /// In pixels the axes are height, width, channels.
    pub(super) fn softmax(&mut self, number: usize) -> Option<()> {
        let node = &self.graph.nodes[number];
        let layout = self.places[node.inputs[0]]?.layout;
        let (mut shape, mut axis) = (node.shape.to_vec(), node.size("axis"));
        if let Layout::Pixels { .. } = layout {
            shape.rotate_left(1);
            axis = (axis + 2) % 3;
        }
        let (along, behind) = shape.get(axis..)?.split_first()?;
        let (along, behind) = (*along, behind.iter().product());
        let log = node.kind == "LogSoftmax";
        let x = self.edge(node.inputs[0])?;
        let y = self.slot(x.slot.len);
        self.steps.push(Box::new(SoftmaxStep { x, y, along, behind, log }));
        self.place(self.value_of(number), y, layout);
        Some(())
    }

    /// Whole images as they lie, with weight and bias in that order; parts of images row-major.
    pub(super) fn layer_norm(&mut self, number: usize) -> Option<()> {
        let node = &self.graph.nodes[number];
        let layout = self.places[node.inputs[0]]?.layout;
        let axes = node.size("axes").min(node.shape.len());
        let width = node.shape[node.shape.len() - axes..].iter().product();
        let eps = node.number("eps") as f32;
        let weight = (node.params.count > 1).then_some(node.params.first);
        let part = axes < 3 && !layout.is_plain();
        let image = match layout {
            Layout::Pixels { channels, pixels } if !part => Some([channels, pixels]),
            _ => None,
        };
        let image = image.filter(|_| axes == 3);
        let mut x = self.edge(node.inputs[0])?;
        if part {
            x = self.reordered(x, layout, false);
        }
        let y = self.slot(x.slot.len);
        let moments = self.slot(MOMENTS * y.len / width);
        self.steps.push(Box::new(LayerNormStep { x, y, moments, width, eps, weight, image }));
        let mut slot = y;
        if part {
            let edge = Edge { slot: y, first: true, input: false };
            slot = self.reordered(edge, layout, true).slot;
        }
        self.place(self.value_of(number), slot, layout);
        Some(())
    }
}
