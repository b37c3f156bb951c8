//! Batch norm: by itself, or behind a convolution, which does its work where no gradients are
//! wanted.

use super::{Builder, layout};
use crate::engine::chunk::Edge;
use crate::engine::kernels::conv::Act;
use crate::engine::steps::{ConvParts, Fold, Layout, Norm, NormStep, Transpose};
use netwright_spec::graph::Node;

impl Builder<'_> {
    pub(super) fn batch_norm(&mut self, number: usize) -> Option<()> {
        if let &[channels, time] = self.graph.nodes[number].shape {
            return self.batch_norm_over_time(number, [channels, time]);
        }
        let step = self.norm_step(number)?;
        self.steps.push(Box::new(step));
        Some(())
    }

    /// A convolution and the batch norm that alone takes its value.
    pub(super) fn conv_norm(&mut self, conv: usize, norm: usize, parts: ConvParts) -> Option<()> {
        self.fused[norm] = true;
        self.place(self.value_of(conv), parts.y, layout(self.graph.nodes[conv].shape));
        let step = NormStep { folded: true, ..self.norm_step(norm)? };
        // What is added comes behind the convolution.
        let fold = match (step.skip, step.relu) {
            (Some(_), _) => Fold { norm: step.norm, y: step.x.slot, act: Act::None },
            (None, true) => Fold { norm: step.norm, y: step.y, act: Act::Relu },
            (None, false) => Fold { norm: step.norm, y: step.y, act: Act::None },
        };
        let conv = self.conv_step(parts).folding(fold);
        self.steps.push(Box::new(conv));
        self.steps.push(Box::new(step));
        Some(())
    }

    /// The step and the place of its value, with a ReLU behind it.
    fn norm_step(&mut self, number: usize) -> Option<NormStep> {
        let node = &self.graph.nodes[number];
        let x = self.edge(node.inputs[0])?;
        let norm = self.norm(node);
        let mut last = number;
        let skip = self.fuse_sum(&mut last);
        let relu = self.fuse_relu(&mut last) == Act::Relu;
        let y = self.slot(x.slot.len);
        self.place(self.value_of(last), y, layout(node.shape));
        Some(NormStep { norm, x, skip, y, relu, folded: false })
    }

    fn norm(&mut self, node: &Node) -> Norm {
        let first = node.params.first;
        let affine = (node.params.count > 2).then_some([first, first + 1]);
        let buffers = if affine.is_some() { first + 2 } else { first };
        Norm {
            channels: node.shape[0],
            affine,
            running: [buffers, buffers + 1],
            eps: node.number("eps"),
            momentum: node.number("momentum"),
        }
    }

    /// [channels, time] takes the way over [time, channels].
    fn batch_norm_over_time(&mut self, number: usize, image: [usize; 2]) -> Option<()> {
        let node = &self.graph.nodes[number];
        let from = self.edge(node.inputs[0])?;
        let [to, y, end] = [(); 3].map(|()| self.slot(from.slot.len));
        let norm = self.norm(node);
        let edge = |slot| Edge { slot, first: true, input: false };
        self.steps.push(Box::new(Transpose { from, to, image, to_pixels: true }));
        self.steps.push(Box::new(NormStep {
            norm,
            x: edge(to),
            skip: None,
            y,
            relu: false,
            folded: false,
        }));
        self.steps.push(Box::new(Transpose { from: edge(y), to: end, image, to_pixels: false }));
        self.place(self.value_of(number), end, Layout::Plain);
        Some(())
    }
}
