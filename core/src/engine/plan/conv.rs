//! Convolutions, with what is fused behind them.

use super::Builder;
use crate::engine::kernels::conv::{Act, ConvSizes};
use crate::engine::steps::{ConvParts, ConvPoolStep, ConvStep, ConvTransposeStep, Layout, Step};
use netwright_spec::graph::{Graph, Node};

impl Builder<'_> {
    pub(super) fn conv(&mut self, number: usize) -> Option<()> {
        let node = &self.graph.nodes[number];
        let sizes = conv_sizes(self.graph, node)?;
        let x = self.edge(node.inputs[0])?;
        let weight = node.params.first;
        let bias = (node.params.count > 1).then_some(weight + 1);
        if let Some(norm) = self.sole_consumer(number, "BatchNorm2d") {
            let y = self.slot(node.shape.iter().product());
            let parts = ConvParts { sizes, x, y, weight, bias, act: Act::None };
            return self.conv_norm(number, norm, parts);
        }
        let mut last = number;
        self.skip_lines(&mut last);
        let skip = self.fuse_sum(&mut last);
        let relu = self.fuse_relu(&mut last);
        self.skip_lines(&mut last);
        let (act, window) = match skip {
            Some(_) => (Act::None, None),
            None => (relu, self.fuse_pool(&mut last)),
        };
        self.skip_lines(&mut last);
        let shape = self.graph.nodes[last].shape;
        let y = self.slot(shape.iter().product());
        let parts = ConvParts { sizes, x, y, weight, bias, act };
        let step: Box<dyn Step> = match window {
            Some(window) => {
                let winners = self.byte_slot(y.len);
                Box::new(ConvPoolStep::new(parts, window, winners))
            }
            None => Box::new(ConvStep::new(parts)),
        };
        self.steps.push(step);
        self.add_into(skip, y, relu);
        self.place(self.value_of(last), y, pixels(shape));
        Some(())
    }

    pub(super) fn conv_transpose(&mut self, number: usize) -> Option<()> {
        let node = &self.graph.nodes[number];
        let sizes = transposed_sizes(self.graph, node)?;
        let x = self.edge(node.inputs[0])?;
        let weight = node.params.first;
        let bias = (node.params.count > 1).then_some(weight + 1);
        let mut last = number;
        self.skip_lines(&mut last);
        let act = self.fuse_relu(&mut last);
        let y = self.slot(node.shape.iter().product());
        let parts = ConvParts { sizes, x, y, weight, bias, act };
        self.steps.push(Box::new(ConvTransposeStep::new(parts)));
        self.place(self.value_of(last), y, pixels(node.shape));
        Some(())
    }

    /// A max pooling behind the convolution whose windows lie side by side.
    fn fuse_pool(&mut self, last: &mut usize) -> Option<[usize; 2]> {
        let pool = self.sole_consumer(*last, "MaxPool2d")?;
        let node = &self.graph.nodes[pool];
        let &[h, w] = node.sizes("kernel_size") else { return None };
        let input = self.graph.shape_of(node.inputs[0]);
        let plain = node.sizes("stride") == [h, w]
            && node.sizes("padding").iter().all(|p| *p == 0)
            && node.sizes("dilation") == [1, 1]
            && node.shape[1] == input[1] / h
            && node.shape[2] == input[2] / w
            && h * w <= 256;
        if !plain {
            return None;
        }
        self.fused[pool] = true;
        *last = pool;
        Some([h, w])
    }
}

/// How an image lies, or a line that is one row of it.
fn pixels(shape: &[usize]) -> Layout {
    let channels = shape.first().copied().unwrap_or(1);
    Layout::Pixels { channels, pixels: shape.iter().skip(1).product() }
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
        // Of a volume: taps along the depth are channels.
        [_, _, _, h, w] => [h, w],
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
        out_channels,
        kernel_size: [kernel_h, kernel_w],
        stride: [sh, sw],
        padding: [top, bottom, left, right],
        dilation: [dh, dw],
        groups: node.size("groups"),
        unread: [0; 2],
    })
}
