//! Pooling that could not be fused into the convolution before it.

use super::{Builder, layout};
use crate::engine::chunk::Slot;
use crate::engine::kernels::window::{Window, WindowSizes};
use crate::engine::steps::{PoolStep, Pooling};
use crate::layers::adaptive_avg_pool2d::Windows;

impl Builder<'_> {
    /// `MaxPool2d` and `AvgPool2d`.
    pub(super) fn pool2d(&mut self, number: usize) -> Option<()> {
        self.pool_between([number; 2], number, 1)
    }

    /// The pooling of a volume's slices between two reshapes, of which this node is the first: it
    /// makes channels of the slices, and the last one takes them apart. Both numbers.
    pub(super) fn pool_of_slices(&self, number: usize) -> Option<[usize; 2]> {
        let node = &self.graph.nodes[number];
        let &[channels, depth, height, width] = self.graph.shape_of(node.inputs[0]) else {
            return None;
        };
        let pool = ["MaxPool2d", "AvgPool2d"];
        let pool = pool.iter().find_map(|kind| self.sole_consumer(number, kind))?;
        let last = self.sole_consumer(pool, "Reshape")?;
        let &[_, rows, columns] = self.graph.nodes[pool].shape else { return None };
        let fits = node.shape == [channels * depth, height, width]
            && self.graph.nodes[last].shape == [channels, depth, rows * columns];
        fits.then_some([pool, last])
    }

    /// In memory the slices are images, one behind the other.
    pub(super) fn pool_slices(&mut self, first: usize, [pool, last]: [usize; 2]) -> Option<()> {
        (self.fused[pool], self.fused[last]) = (true, true);
        let depth = self.graph.shape_of(self.graph.nodes[first].inputs[0])[1];
        self.pool_between([first, last], pool, depth)
    }

    /// How node `number` pools each of so many slices, from what the first node takes to what the last
    /// one gives. Windows of one pixel leave all as it is, as one of the two poolings of a volume often
    /// does.
    fn pool_between(&mut self, ends: [usize; 2], number: usize, slices: usize) -> Option<()> {
        let node = &self.graph.nodes[number];
        let window = self.window(number, slices)?;
        if window.changes_nothing() {
            let [first, last] = ends.map(|end| &self.graph.nodes[end]);
            return self.alias(first.inputs[0], ends[1], layout(last.shape));
        }
        let pooling = if node.kind == "AvgPool2d" {
            let counts = window.counts(node.flag("count_include_pad")).into_iter();
            Pooling::Mean { shares: counts.map(|count| (1.0 / count as f64) as f32).collect() }
        } else {
            let len = node.shape.iter().product();
            let winners = if window.size() <= 256 { self.byte_slot(len) } else { Slot::default() };
            Pooling::Max { winners }
        };
        self.pool(ends, window, pooling)
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
        self.pool([number; 2], Window::new(channels, sizes), Pooling::Mean { shares })
    }

    /// From what the first node takes to what the last one gives.
    fn pool(&mut self, [first, last]: [usize; 2], window: Window, pooling: Pooling) -> Option<()> {
        let x = self.edge(self.graph.nodes[first].inputs[0])?;
        let node = &self.graph.nodes[last];
        let y = self.slot(node.shape.iter().product());
        self.steps.push(Box::new(PoolStep { x, y, window, pooling }));
        self.place(self.value_of(last), y, layout(node.shape));
        Some(())
    }

    fn window(&self, number: usize, slices: usize) -> Option<Window> {
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
        Some(Window::new(channels / slices, sizes))
    }
}
