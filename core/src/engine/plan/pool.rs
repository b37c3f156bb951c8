//! Pooling that could not be fused into the convolution before it.

use super::{Builder, layout};
use crate::engine::chunk::Slot;
use crate::engine::kernels::window::{Window, WindowSizes};
use crate::engine::steps::{PoolStep, Pooling};
use crate::layers::adaptive_avg_pool2d::Windows;

impl Builder<'_> {
    pub(super) fn max_pool(&mut self, number: usize) -> Option<()> {
        let window = self.window(number)?;
        let len = self.graph.nodes[number].shape.iter().product();
        let winners = if window.size() <= 256 { self.byte_slot(len) } else { Slot::default() };
        self.pool(number, window, Pooling::Max { winners })
    }

    pub(super) fn avg_pool(&mut self, number: usize) -> Option<()> {
        let window = self.window(number)?;
        let counts = window.counts(self.graph.nodes[number].flag("count_include_pad"));
        let shares = counts.into_iter().map(|count| (1.0 / count as f64) as f32).collect();
        self.pool(number, window, Pooling::Mean { shares })
    }

    /// Windows side by side, brought there where they are not.
    pub(super) fn adaptive_avg_pool(&mut self, number: usize) -> Option<()> {
        let node = &self.graph.nodes[number];
        let value = node.inputs[0];
        let &[channels, rows, columns] = node.shape else { return None };
        let windows = Windows::of(self.graph.shape_of(value), node.shape)?;
        let kernel = windows.longest;
        let sizes = WindowSizes {
            input: [rows * kernel[0], columns * kernel[1]],
            output: [rows, columns],
            kernel,
            stride: kernel,
            dilation: [1, 1],
            padding: [0; 4],
        };
        let x = match windows.are_even() {
            true => self.edge(value)?,
            false => {
                let [height, width] = sizes.input;
                let (from, to) = (value, layout(&[channels, height, width]));
                self.moved_to(from, windows.side_by_side(), to)?
            }
        };
        let shares = windows.shares().map(|share| share as f32).collect();
        let y = self.slot(node.shape.iter().product());
        let window = Window::new(channels, sizes);
        self.steps.push(Box::new(PoolStep { x, y, window, pooling: Pooling::Mean { shares } }));
        self.place(self.value_of(number), y, layout(node.shape));
        Some(())
    }

    /// One window over the whole image.
    pub(super) fn global_avg_pool(&mut self, number: usize) -> Option<()> {
        let value = self.graph.nodes[number].inputs[0];
        let &[channels, h, w] = self.graph.shape_of(value) else { return None };
        let sizes = WindowSizes {
            input: [h, w],
            output: [1, 1],
            kernel: [h, w],
            stride: [1, 1],
            dilation: [1, 1],
            padding: [0; 4],
        };
        let shares = vec![(1.0 / (h * w) as f64) as f32];
        self.pool(number, Window::new(channels, sizes), Pooling::Mean { shares })
    }

    fn pool(&mut self, number: usize, window: Window, pooling: Pooling) -> Option<()> {
        let node = &self.graph.nodes[number];
        let x = self.edge(node.inputs[0])?;
        let y = self.slot(node.shape.iter().product());
        self.steps.push(Box::new(PoolStep { x, y, window, pooling }));
        self.place(self.value_of(number), y, layout(node.shape));
        Some(())
    }

    fn window(&self, number: usize) -> Option<Window> {
        let node = &self.graph.nodes[number];
        let &[channels, height, width] = self.graph.shape_of(node.inputs[0]) else { return None };
        let &[_, rows, columns] = node.shape else { return None };
        let pair = |name: &str| match node.sizes(name) {
            &[h, w] => [h, w],
            _ => [1, 1],
        };
        let &[top, bottom, left, right] = node.sizes("padding") else { return None };
        let sizes = WindowSizes {
            input: [height, width],
            output: [rows, columns],
            kernel: pair("kernel_size"),
            stride: pair("stride"),
            dilation: pair("dilation"),
            padding: [top, bottom, left, right],
        };
        Some(Window::new(channels, sizes))
    }
}
