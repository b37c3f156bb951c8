//! Convolutions, with what is fused behind them.

use super::{Builder, layout};
use crate::engine::kernels::conv::{Act, ConvSizes};
use crate::engine::steps::{ConvParts, ConvPoolStep, ConvStep, Step};
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
        let act = self.fuse_relu(&mut last);
        let window = self.fuse_pool(&mut last);
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
        self.place(self.value_of(last), y, layout(shape));
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

fn conv_sizes(graph: &Graph, node: &Node) -> Option<ConvSizes> {
    let &[channels, height, width] = graph.shape_of(node.inputs[0]) else { return None };
    let &[out_channels, _, kernel_h, kernel_w] = graph.params_of(node).first()?.shape else {
        return None;
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
    })
}
