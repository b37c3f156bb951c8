//! Convolutions, with what is fused behind them.

use super::Builder;
use crate::engine::chunk::Edge;
use crate::engine::kernels::conv::{Act, Axis, ConvSizes};
use crate::engine::kernels::window::WindowAxis;
use crate::engine::steps::{
    ConvParts, ConvPoolStep, ConvStep, ConvTransposeStep, Enter, Layout, Step,
};
use netwright_spec::graph::{Graph, Node};

impl Builder<'_> {
    pub(super) fn conv(&mut self, number: usize) -> Option<()> {
        let node = &self.graph.nodes[number];
        let sizes = conv_sizes(self.graph, node)?;
        let mut x = self.edge(node.inputs[0])?;
        if let Some(norm) = self.sole_consumer(number, "BatchNorm2d") {
            let enter = self.conv_enter(node.inputs[0], &mut x, (&sizes, false));
            let y = self.slot(node.shape.iter().product());
            let (weight, bias) = weights(node);
            let parts = ConvParts { sizes, x, enter, y, weight, bias, act: Act::None };
            return self.conv_norm(number, norm, parts);
        }
        self.conv_to(number, sizes, (node.inputs[0], x), number)
    }

    /// `Conv3d`: the convolution reads the slices under each window where they lie, so the node that
    /// copies them, and those that find the volume in what comes of the copies, do nothing.
    pub(super) fn conv3d(&mut self, taps: usize) -> Option<()> {
        let conv = self.sole_consumer(taps, "Conv2d")?;
        let nodes = self.graph.nodes;
        let (sizes, volume) = volume_sizes(self.graph, &nodes[taps], &nodes[conv])?;
        let mut last = self.sole_consumer(conv, "Reshape")?;
        (self.fused[conv], self.fused[last]) = (true, true);
        let slice = self.sole_consumer(last, "Slice").filter(|next| nodes[*next].shape == volume);
        if let Some(slice) = slice {
            self.fused[slice] = true;
            last = slice;
        }
        if nodes[last].shape != volume {
            return None;
        }
        let value = nodes[taps].inputs[0];
        let x = self.edge(value)?;
        self.conv_to(conv, sizes, (value, x), last)
    }

    /// The convolution of node `number`, which ends with node `last`, and what is fused behind it.
    fn conv_to(
        &mut self,
        number: usize,
        sizes: ConvSizes,
        (value, mut x): (usize, Edge),
        mut last: usize,
    ) -> Option<()> {
        let (weight, bias) = weights(&self.graph.nodes[number]);
        self.skip_lines(&mut last);
        let skip = self.fuse_sum(&mut last);
        let relu = self.fuse_relu(&mut last);
        self.skip_lines(&mut last);
        let (act, window) = match skip {
            Some(_) => (Act::None, None),
            // With gradients, most of the work is what the losers of a window have none of.
            None if self.memory.reuse() && sizes.pools_apart() => (relu, None),
            None => (relu, self.fuse_pool(&mut last)),
        };
        self.skip_lines(&mut last);
        let shape = self.graph.nodes[last].shape;
        let enter = self.conv_enter(value, &mut x, (&sizes, window.is_some()));
        let y = self.slot(shape.iter().product());
        let parts = ConvParts { sizes, x, enter, y, weight, bias, act };
        let step: Box<dyn Step> = match window {
            Some(window) => {
                let winners = self.byte_slot(y.len);
                let step = ConvPoolStep::new(parts, window, winners);
                Box::new(if self.memory.reuse() { step.in_bands() } else { step })
            }
            None => Box::new(self.conv_step(parts)),
        };
        self.steps.push(step);
        self.add_into(skip, y, relu);
        self.place(self.value_of(last), y, pixels(shape));
        Some(())
    }

    /// The step of a convolution.
    pub(super) fn conv_step(&self, parts: ConvParts) -> ConvStep {
        let step = ConvStep::new(parts);
        if self.memory.reuse() { step.in_bands() } else { step }
    }

    /// If a convolution of this value, with max pooling in the same step or not, does the work of the
    /// step that brings it in, since that saves a pass over memory.
    fn conv_enter(
        &mut self,
        value: usize,
        x: &mut Edge,
        (sizes, pooled): (&ConvSizes, bool),
    ) -> Option<Enter> {
        // Of channels, a line as it comes in is none of the pixels that it is read as.
        let turns = sizes.turns(pooled, self.memory.reuse());
        let turned = self.graph.inputs.get(value).is_some() || sizes.input[0] == 1;
        if turns && turned { self.read_in_place(value, x) } else { None }
    }

    pub(super) fn conv_transpose(&mut self, number: usize) -> Option<()> {
        let node = &self.graph.nodes[number];
        let sizes = transposed_sizes(self.graph, node)?;
        let x = self.edge(node.inputs[0])?;
        let (weight, bias) = weights(node);
        let mut last = number;
        self.skip_lines(&mut last);
        let act = self.fuse_relu(&mut last);
        let y = self.slot(node.shape.iter().product());
        let parts = ConvParts { sizes, x, enter: None, y, weight, bias, act };
        self.steps.push(Box::new(ConvTransposeStep::new(parts)));
        self.place(self.value_of(last), y, pixels(node.shape));
        Some(())
    }

    /// A max pooling behind the convolution whose windows lie side by side.
    fn fuse_pool(&mut self, last: &mut usize) -> Option<[usize; 3]> {
        let (sizes, nodes) = self.max_pool_behind(*last)?;
        let plain = sizes.iter().all(WindowAxis::lies_side_by_side);
        let window = sizes.map(|axis| axis.kernel);
        if !plain || window.iter().product::<usize>() > 256 {
            return None;
        }
        nodes.iter().for_each(|node| self.fused[*node] = true);
        *last = *nodes.last()?;
        Some(window)
    }
}

/// How an image lies, or a line that is one row of it.
fn pixels(shape: &[usize]) -> Layout {
    let channels = shape.first().copied().unwrap_or(1);
    Layout::Pixels { channels, pixels: shape.iter().skip(1).product() }
}

/// The numbers of the weights and of the bias.
fn weights(node: &Node) -> (usize, Option<usize>) {
    let weight = node.params.first;
    (weight, (node.params.count > 1).then_some(weight + 1))
}

/// Those of a `Conv3d` and the shape that it gives, from the nodes that it is made of.
fn volume_sizes(graph: &Graph, taps: &Node, conv: &Node) -> Option<(ConvSizes, [usize; 4])> {
    let &[channels, depth, height, width] = graph.shape_of(taps.inputs[0]) else { return None };
    let &[out_channels, _, ref kernel @ ..] = graph.params_of(conv).first()?.shape else {
        return None;
    };
    let (&[_, down, deep], &[rows, columns], &[row, column]) =
        (taps.sizes("along"), conv.sizes("stride"), conv.sizes("dilation"))
    else {
        return None;
    };
    let (before, &[_, places, wide]) = (taps.sizes("before"), conv.shape) else { return None };
    let (input, stride, dilation) =
        ([depth, height, width], [down, rows, columns], [deep, row, column]);
    // Places below each other: those of a slice, and those whose windows reach over its end.
    let pitch = taps.size("pitch").checked_div(rows)?;
    let high = pitch.checked_sub((*kernel.get(1)? - 1) * row / rows)?;
    let output = [places.checked_div(pitch)?, high, wide];
    if kernel.len() != 3 || before.len() != 3 || output.contains(&0) {
        return None;
    }
    let axis = |i: usize| {
        let (size, kernel_size, before) = (input[i], kernel[i], before[i]);
        let read = (output[i] - 1) * stride[i] + (kernel_size - 1) * dilation[i] + 1;
        let after = read.saturating_sub(before + size);
        let (stride, dilation) = (stride[i], dilation[i]);
        Axis { size, kernel_size, stride, dilation, before, after, unread: 0 }
    };
    let [depth, y, x] = [0, 1, 2].map(axis);
    let sizes = ConvSizes {
        input: [channels, height, width],
        depth,
        out_channels,
        kernel_size: [y.kernel_size, x.kernel_size],
        stride: [rows, columns],
        padding: [y.before, y.after, x.before, x.after],
        dilation: [row, column],
        groups: conv.size("groups"),
        unread: [0; 2],
    };
    Some((sizes, [out_channels, output[0], high, wide]))
}

fn conv_sizes(graph: &Graph, node: &Node) -> Option<ConvSizes> {
    sizes_between(graph, node, graph.shape_of(node.inputs[0]), node.shape)
}

/// Those of the convolution from the output to the input.
fn transposed_sizes(graph: &Graph, node: &Node) -> Option<ConvSizes> {
    let input = graph.shape_of(node.inputs[0]);
    let mut sizes = sizes_between(graph, node, node.shape, input)?;
    for axis in 0..2 {
        let padding = sizes.padding[2 * axis] + sizes.padding[2 * axis + 1];
        let reach = (sizes.kernel_size[axis] - 1) * sizes.dilation[axis] + 1;
        let read = (input[axis + 1] - 1) * sizes.stride[axis] + reach;
        sizes.unread[axis] = (sizes.input[axis + 1] + padding).checked_sub(read)?;
    }
    Some(sizes)
}

/// Those of a convolution between two images, with the weight and the attributes of the node.
fn sizes_between(graph: &Graph, node: &Node, from: &[usize], to: &[usize]) -> Option<ConvSizes> {
    let (&[channels, height, width], &[out_channels, _, _]) = (from, to) else { return None };
    let [kernel_h, kernel_w] = match *graph.params_of(node).first()?.shape {
        [_, _, h, w] => [h, w],
        // Of a line: an image of one row.
        [_, _, w] => [1, w],
        _ => return None,
    };
    let (&[top, bottom, left, right], &[sh, sw], &[dh, dw]) =
        (node.sizes("padding"), node.sizes("stride"), node.sizes("dilation"))
    else {
        return None;
    };
    Some(ConvSizes {
        input: [channels, height, width],
        depth: Axis::LONE,
        out_channels,
        kernel_size: [kernel_h, kernel_w],
        stride: [sh, sw],
        padding: [top, bottom, left, right],
        dilation: [dh, dw],
        groups: node.size("groups"),
        unread: [0; 2],
    })
}
