//! Layers along some axes of each sample.

use super::{Builder, layout};
use crate::engine::chunk::Edge;
use crate::engine::kernels::gated::Gated;
use crate::engine::kernels::layer_norm::MOMENTS;
use crate::engine::steps::{
    Added, GatedStep, GroupNormStep, LayerNormStep, Layout, PReluStep, PositionsStep, RmsNormStep,
    SoftmaxStep,
};
use crate::waves::waves;

impl Builder<'_> {
    /// An axis as it lies: its size, and how far apart its elements are. In pixels the axes are
    /// height, width, channels, and before them the depth of a volume.
    fn lies(&self, value: usize, mut axis: usize) -> Option<[usize; 2]> {
        let mut shape = self.graph.shape_of(value).to_vec();
        if let Layout::Pixels { .. } = self.places[value]?.layout {
            shape.rotate_left(1);
            axis = axis.checked_sub(1).unwrap_or(shape.len() - 1);
        }
        let (along, behind) = shape.get(axis..)?.split_first()?;
        Some([*along, behind.iter().product()])
    }

    pub(super) fn gated(&mut self, number: usize) -> Option<()> {
        let node = &self.graph.nodes[number];
        let (value, swish) = (node.inputs[0], node.kind == "Swiglu");
        let [along, behind] = self.lies(value, node.size("axis"))?;
        let x = self.edge(value)?;
        let y = self.slot(x.slot.len / 2);
        let kernel = Gated::new(along / 2 * behind, swish);
        let what = if swish { "swiglu" } else { "glu" };
        self.steps.push(Box::new(GatedStep { x, y, what, kernel }));
        self.place(self.value_of(number), y, layout(node.shape));
        Some(())
    }

    pub(super) fn p_relu(&mut self, number: usize) -> Option<()> {
        let node = &self.graph.nodes[number];
        let (value, weight) = (node.inputs[0], node.params.first);
        let &[slopes] = self.graph.params_of(node).first()?.shape else { return None };
        let [along, behind] = match slopes {
            1 => [1, node.shape.iter().product()],
            _ => self.lies(value, 0)?,
        };
        let layout = self.places[value]?.layout;
        let x = self.edge(value)?;
        let y = self.slot(x.slot.len);
        self.steps.push(Box::new(PReluStep { x, y, weight, along, behind }));
        self.place(self.value_of(number), y, layout);
        Some(())
    }

    pub(super) fn positions(&mut self, number: usize) -> Option<()> {
        let node = &self.graph.nodes[number];
        let &[time, width] = node.shape else { return None };
        let added = match node.params.count {
            0 => Added::Waves(waves(time, width).map(|x| x as f32).collect()),
            _ => Added::Learned(node.params.first),
        };
        let x = self.edge(node.inputs[0])?;
        let y = self.slot(x.slot.len);
        self.steps.push(Box::new(PositionsStep { x, y, added }));
        self.place(self.value_of(number), y, Layout::Plain);
        Some(())
    }

    pub(super) fn softmax(&mut self, number: usize) -> Option<()> {
        let node = &self.graph.nodes[number];
        let layout = self.places[node.inputs[0]]?.layout;
        let [along, behind] = self.lies(node.inputs[0], node.size("axis"))?;
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
        let whole = axes == node.shape.len();
        let part = !whole && !layout.is_plain();
        let image = match layout {
            Layout::Pixels { channels, pixels } if whole => Some([channels, pixels]),
            _ => None,
        };
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

    /// In the user's order, in which a group lies together.
    pub(super) fn group_norm(&mut self, number: usize) -> Option<()> {
        let node = &self.graph.nodes[number];
        let lies = self.places[node.inputs[0]]?.layout;
        let (channels, groups) = (*node.shape.first()?, node.size("num_groups"));
        let eps = node.number("eps") as f32;
        let weight = (node.params.count > 1).then_some(node.params.first);
        let x = self.edge(node.inputs[0])?;
        let x = self.reordered(x, lies, false);
        let y = self.slot(x.slot.len);
        let moments = self.slot(MOMENTS * groups);
        self.steps.push(Box::new(GroupNormStep { x, y, moments, channels, groups, eps, weight }));
        let edge = Edge { slot: y, first: true, input: false };
        let to = self.reordered(edge, lies, true);
        self.place(self.value_of(number), to.slot, lies);
        Some(())
    }

    pub(super) fn rms_norm(&mut self, number: usize) -> Option<()> {
        let node = &self.graph.nodes[number];
        let lies = self.places[node.inputs[0]]?.layout;
        let (width, eps) = (*node.shape.last()?, node.number("eps") as f32);
        let weight = (node.params.count > 0).then_some(node.params.first);
        let x = self.edge(node.inputs[0])?;
        let x = self.reordered(x, lies, false);
        let y = self.slot(x.slot.len);
        let scales = self.slot(y.len / width);
        self.steps.push(Box::new(RmsNormStep { x, y, scales, width, eps, weight }));
        let edge = Edge { slot: y, first: true, input: false };
        let to = self.reordered(edge, lies, true);
        self.place(self.value_of(number), to.slot, lies);
        Some(())
    }
}
