//! Where values come together.

use super::{Builder, layout};
use crate::engine::chunk::{Edge, Slot};
use crate::engine::kernels::conv::Act;
use crate::engine::kernels::linear::Linear;
use crate::engine::steps::{
    AddIntoStep, AddStep, ConcatStep, Layout, MatMulStep, MulStep, Part, RowDotsStep, SubStep,
};

impl Builder<'_> {
    pub(super) fn add(&mut self, number: usize) -> Option<()> {
        let node = &self.graph.nodes[number];
        let from = node.inputs.iter().map(|&value| self.edge(value)).collect::<Option<Vec<_>>>()?;
        let mut last = number;
        let relu = self.fuse_relu(&mut last) == Act::Relu;
        let y = self.slot(node.shape.iter().product());
        self.steps.push(Box::new(AddStep { from, y, relu }));
        self.place(self.value_of(last), y, layout(node.shape));
        Some(())
    }

    /// The other value of a sum of two behind the node, if it is there already: the end of a
    /// residual.
    pub(super) fn fuse_sum(&mut self, last: &mut usize) -> Option<Edge> {
        let add = self.sole_consumer(*last, "Add")?;
        let value = self.value_of(*last);
        let &[a, b] = self.graph.nodes[add].inputs else { return None };
        let skip = self.edge(if a == value { b } else { a })?;
        self.fused[add] = true;
        *last = add;
        Some(skip)
    }

    /// The sum and the ReLU of a residual, behind the step that writes `y`.
    pub(super) fn add_into(&mut self, skip: Option<Edge>, y: Slot, relu: Act) {
        if let Some(skip) = skip {
            self.steps.push(Box::new(AddIntoStep { skip, y, relu: relu == Act::Relu }));
        }
    }

    pub(super) fn mul(&mut self, number: usize) -> Option<()> {
        let node = &self.graph.nodes[number];
        let from = node.inputs.iter().map(|&value| self.edge(value)).collect::<Option<Vec<_>>>()?;
        let mut last = number;
        let relu = self.fuse_relu(&mut last) == Act::Relu;
        let y = self.slot(node.shape.iter().product());
        self.steps.push(Box::new(MulStep { from, y, by: node.number("by") as f32, relu }));
        self.place(self.value_of(last), y, layout(node.shape));
        Some(())
    }

    pub(super) fn mat_mul(&mut self, number: usize) -> Option<()> {
        let node = &self.graph.nodes[number];
        let (&[a, b], &[_, columns]) = (node.inputs, node.shape) else { return None };
        let embedding = a.checked_sub(self.graph.inputs.len());
        if let Some(embedding) = embedding.filter(|number| self.is_multiplied(*number)) {
            let x = self.edge(b)?;
            let y = self.slot(node.shape.iter().product());
            let rows = self.rows(&self.graph.nodes[embedding], y)?;
            self.steps.push(Box::new(RowDotsStep { rows, x }));
            self.place(self.value_of(number), y, layout(node.shape));
            return Some(());
        }
        let inner = *self.graph.shape_of(a).last()?;
        let (a, b) = (self.edge(a)?, self.edge(b)?);
        let y = self.slot(node.shape.iter().product());
        let linear = match columns {
            1 => Linear::new(inner, y.len),
            _ => Linear::new(columns, inner),
        };
        self.steps.push(Box::new(MatMulStep { a, b, y, inner, columns, linear }));
        self.place(self.value_of(number), y, layout(node.shape));
        Some(())
    }

    pub(super) fn sub(&mut self, number: usize) -> Option<()> {
        let node = &self.graph.nodes[number];
        let &[a, b] = node.inputs else { return None };
        let (a, b) = (self.edge(a)?, self.edge(b)?);
        let mut last = number;
        let relu = self.fuse_relu(&mut last) == Act::Relu;
        let y = self.slot(node.shape.iter().product());
        self.steps.push(Box::new(SubStep { a, b, y, relu }));
        self.place(self.value_of(last), y, layout(node.shape));
        Some(())
    }

    /// What lies before the joined axis are rows; of an image, its pixels (height, width,
    /// channels in memory), so that all its axes are joined as they lie.
    pub(super) fn concat(&mut self, number: usize) -> Option<()> {
        let node = &self.graph.nodes[number];
        let axis = node.size("axis");
        let layout = layout(node.shape);
        let before = match layout {
            Layout::Pixels { .. } if axis == 0 => &node.shape[1..],
            Layout::Pixels { .. } => node.shape.get(1..axis)?,
            Layout::Plain => node.shape.get(..axis)?,
        };
        let rows: usize = before.iter().product();
        let (mut from, mut width) = (Vec::new(), 0);
        for &value in node.inputs {
            let edge = self.edge(value)?;
            let first = width;
            width += edge.slot.len / rows;
            from.push(Part { edge, columns: first..width });
        }
        let y = self.slot(node.shape.iter().product());
        self.steps.push(Box::new(ConcatStep { from, y, width }));
        self.place(self.value_of(number), y, layout);
        Some(())
    }
}
