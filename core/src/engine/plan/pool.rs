//! Pooling that could not be fused into the convolution before it.

use super::{Builder, layout};
use crate::engine::chunk::{Edge, Slot};
use crate::engine::kernels::window::{Window, WindowAxis, WindowSizes};
use crate::engine::steps::{Enter, Layout, PoolStep, Pooling};
use crate::layers::adaptive_avg_pool2d::Windows;

/// The nodes of a volume's pooling: one of each slice, and one along the depth of what that gives,
/// between reshapes that make channels of the slices and columns of their pixels.
pub(super) struct VolumePool {
    /// In their order.
    nodes: [usize; 5],
    channels: usize,
    sizes: WindowSizes,
}

/// Whether windows of a volume are best read at once. Where they share most of their slices, pooling
/// each slice first takes fewer taps; and a tap that is kept must be a byte.
fn is_one(&[z, y, x]: &WindowSizes, kept: bool) -> bool {
    let plane = y.kernel * x.kernel;
    let (once, slice_by_slice) = (z.kernel * plane, z.stride.min(z.kernel) * plane + z.kernel);
    // A pass over memory is worth some taps.
    2 * once <= 3 * slice_by_slice && !(kept && once > 256)
}

/// Windows beside each other that fill a vector.
const FULL: usize = 8;

/// Whether planes of one channel are best pooled one by one: whether rows of windows fill vectors, or
/// windows rows. What changes nothing is not done, and all lies as any image does.
fn planes_fill(channels: usize, sizes: &WindowSizes) -> bool {
    let [_, _, x] = sizes;
    let fills = channels == 1 || x.output >= FULL || x.output == 1 && x.kernel >= FULL;
    fills && !sizes.iter().all(WindowAxis::changes_nothing)
}

impl Builder<'_> {
    /// `MaxPool2d` and `AvgPool2d`.
    pub(super) fn pool2d(&mut self, number: usize) -> Option<()> {
        let channels = *self.graph.nodes[number].shape.first()?;
        let sizes = self.window_sizes(number)?;
        self.pool_of(number, [number; 2], channels, sizes)
    }

    /// The pooling of a volume of which this `Reshape` is the first node.
    pub(super) fn volume_pool(&self, first: usize) -> Option<VolumePool> {
        let nodes = self.graph.nodes;
        let &[channels, depth, height, width] = self.graph.shape_of(nodes[first].inputs[0]) else {
            return None;
        };
        let kinds = ["MaxPool2d", "AvgPool2d"];
        let kind = kinds.into_iter().find(|kind| self.sole_consumer(first, kind).is_some())?;
        let plane = self.sole_consumer(first, kind)?;
        let columns = self.sole_consumer(plane, "Reshape")?;
        let along = self.sole_consumer(columns, kind)?;
        let last = self.sole_consumer(along, "Reshape")?;
        let [_, y, x] = self.window_sizes(plane)?;
        let [_, z, pixels] = self.window_sizes(along)?;
        let flag = |node: usize| nodes[node].flag("count_include_pad");
        let fits = nodes[first].shape == [channels * depth, height, width]
            && nodes[columns].shape == [channels, depth, y.output * x.output]
            && nodes[last].shape == [channels, z.output, y.output, x.output]
            && pixels.changes_nothing()
            && flag(plane) == flag(along);
        let nodes = [first, plane, columns, along, last];
        fits.then_some(VolumePool { nodes, channels, sizes: [z, y, x] })
    }

    /// The max pooling that alone takes the value of a node, of an image or of a volume: its windows
    /// and its nodes.
    pub(super) fn max_pool_behind(&self, node: usize) -> Option<(WindowSizes, Vec<usize>)> {
        if let Some(pool) = self.sole_consumer(node, "MaxPool2d") {
            return Some((self.window_sizes(pool)?, vec![pool]));
        }
        let VolumePool { nodes, sizes, .. } =
            self.volume_pool(self.sole_consumer(node, "Reshape")?)?;
        let is_max = self.graph.nodes[nodes[1]].kind == "MaxPool2d";
        is_max.then(|| (sizes, nodes.to_vec()))
    }

    /// One step where that is best, else one for the slices and one along the depth.
    pub(super) fn pool3d(&mut self, pool: VolumePool) -> Option<()> {
        let VolumePool { nodes, channels, sizes } = pool;
        let [first, plane, columns, along, last] = nodes;
        nodes.iter().for_each(|node| self.fused[*node] = true);
        if is_one(&sizes, self.graph.nodes[plane].kind == "MaxPool2d") {
            return self.pool_of(plane, [first, last], channels, sizes);
        }
        let [z, y, x] = sizes;
        let still = |size| WindowAxis::side_by_side(1, size);
        self.pool_of(plane, [first, columns], channels, [still(z.input), y, x])?;
        // Slices are rows, as long as the slices of the result.
        let pixels = still(y.output * x.output);
        self.pool_of(along, [along, last], channels, [still(1), z, pixels])
    }

    /// How node `number` pools, from what the first node takes to what the last one gives.
    fn pool_of(
        &mut self,
        number: usize,
        ends: [usize; 2],
        channels: usize,
        sizes: WindowSizes,
    ) -> Option<()> {
        let [first, last] = ends.map(|end| &self.graph.nodes[end]);
        let planes = self.in_planes(first.inputs[0], channels, &sizes);
        let window = Window::new(if planes { 1 } else { channels }, sizes);
        if window.changes_nothing() {
            return self.alias(first.inputs[0], ends[1], layout(last.shape));
        }
        let node = &self.graph.nodes[number];
        let pooling = if node.kind == "AvgPool2d" {
            let counts = window.counts(node.flag("count_include_pad")).into_iter();
            Pooling::Mean { shares: counts.map(|count| (1.0 / count as f64) as f32).collect() }
        } else {
            let len = last.shape.iter().product();
            let winners = if window.size() <= 256 { self.byte_slot(len) } else { Slot::default() };
            Pooling::Max { winners }
        };
        self.pool(ends, window, pooling, planes)
    }

    /// Windows side by side, brought there where they are not.
    pub(super) fn adaptive_avg_pool(&mut self, number: usize) -> Option<()> {
        let node = &self.graph.nodes[number];
        let value = node.inputs[0];
        let &[channels, rows, columns] = node.shape else { return None };
        let windows = Windows::of(self.graph.shape_of(value), node.shape)?;
        let [height, width] = windows.longest;
        let axis = WindowAxis::side_by_side;
        let sizes = [axis(1, 1), axis(height, rows), axis(width, columns)];
        let x = match windows.are_even() {
            true => self.edge(value)?,
            false => {
                let to = layout(&[channels, rows * height, columns * width]);
                self.moved_to(value, windows.side_by_side(), to)?
            }
        };
        let shares = windows.shares().map(|share| share as f32).collect();
        let y = self.slot(node.shape.iter().product());
        let window = Window::new(channels, sizes);
        let pooling = Pooling::Mean { shares };
        self.steps.push(Box::new(PoolStep { x, enter: None, y, window, pooling }));
        self.place(self.value_of(number), y, layout(node.shape));
        Some(())
    }

    /// One window over the whole image.
    pub(super) fn global_avg_pool(&mut self, number: usize) -> Option<()> {
        let value = self.graph.nodes[number].inputs[0];
        let &[channels, h, w] = self.graph.shape_of(value) else { return None };
        let sizes = [1, h, w].map(|size| WindowAxis::side_by_side(size, 1));
        let shares = vec![(1.0 / (h * w) as f64) as f32];
        let planes = self.in_planes(value, channels, &sizes);
        let window = Window::new(if planes { 1 } else { channels }, sizes);
        self.pool([number; 2], window, Pooling::Mean { shares }, planes)
    }

    /// From what the first node takes to what the last one gives. In `planes` each channel is a sample of
    /// one channel.
    fn pool(
        &mut self,
        [first, last]: [usize; 2],
        window: Window,
        pooling: Pooling,
        planes: bool,
    ) -> Option<()> {
        let value = self.graph.nodes[first].inputs[0];
        let mut x = self.edge(value)?;
        let enter = if planes { self.read_planes(value, &mut x) } else { None };
        let node = &self.graph.nodes[last];
        let (mut y, mut target) = (self.slot(node.shape.iter().product()), layout(node.shape));
        self.steps.push(Box::new(PoolStep { x, enter, y, window, pooling }));
        if planes && !target.is_plain() {
            match self.is_reshaped(self.value_of(last)) {
                true => target = Layout::Plain,
                false => {
                    y = self
                        .reordered(Edge { slot: y, first: true, input: false }, target, true)
                        .slot
                }
            }
        }
        self.place(self.value_of(last), y, target);
        Some(())
    }

    /// Whether a pooling of this value is done plane by plane: where channels lie one after the other, as
    /// the user has them, and rows of windows fill a vector, or there is one channel anyway.
    fn in_planes(&self, value: usize, channels: usize, sizes: &WindowSizes) -> bool {
        let lies = self.places[value].is_some_and(|place| place.layout.is_plain());
        let fills = planes_fill(channels, sizes);
        fills && (lies || self.brought_in(value).is_some())
    }

    /// Whether a pooling takes channels of a line as they lie, one after the other.
    pub(super) fn pools_planes(&self, line: usize) -> bool {
        let channels = self.graph.nodes[line].shape.first().copied().unwrap_or(1);
        let pool =
            ["MaxPool2d", "AvgPool2d"].iter().find_map(|kind| self.sole_consumer(line, kind));
        let sizes = pool.and_then(|pool| self.window_sizes(pool));
        sizes.is_some_and(|sizes| planes_fill(channels, &sizes))
    }

    /// Reads the network's input where the user has it, if it is that. Its gradient lies so, too.
    fn read_planes(&mut self, value: usize, x: &mut Edge) -> Option<Enter> {
        let enter = self.read_in_place(value, x)?;
        self.inputs[enter.number].1 = Layout::Plain;
        Some(enter)
    }

    /// Whether all that takes a value finds its elements in the user's order: other shapes, and outputs.
    /// The shape that a pooling of a volume begins with is none: the volume is read as it lies.
    fn is_reshaped(&self, value: usize) -> bool {
        let shapes = ["Flatten", "Reshape", "Squeeze", "Unsqueeze"];
        let nodes = self.graph.nodes.iter().enumerate();
        let mut takes = nodes.filter(|(_, node)| node.inputs.contains(&value));
        takes.all(|(i, node)| shapes.contains(&node.kind) && self.volume_pool(i).is_none())
    }

    /// Those of a pooling of images.
    fn window_sizes(&self, number: usize) -> Option<WindowSizes> {
        let node = &self.graph.nodes[number];
        let (input, output) = (self.graph.shape_of(node.inputs[0]), node.shape);
        let (&[_, _, _], &[_, _, _]) = (input, output) else { return None };
        let &[top, bottom, left, right] = node.sizes("padding") else { return None };
        let along = |axis: usize, padding| {
            let size = |name: &str| node.sizes(name).get(axis - 1).copied().unwrap_or(1);
            WindowAxis {
                input: input[axis],
                output: output[axis],
                kernel: size("kernel_size"),
                stride: size("stride"),
                dilation: size("dilation"),
                padding,
            }
        };
        let [y, x] = [along(1, [top, bottom]), along(2, [left, right])];
        Some([WindowAxis::side_by_side(1, 1), y, x])
    }
}
