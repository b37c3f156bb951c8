//! Steps that move values and change none.

use super::{Builder, Place, layout};
use crate::engine::chunk::{Edge, Slot};
use crate::engine::steps::{
    Copied, EmbeddingBagStep, EmbeddingStep, Layout, Mode, MoveStep, Transpose,
};
use crate::layers::moves::{NOTHING, sources};
use netwright_spec::graph::Node;

impl Builder<'_> {
    /// `Reshape` and `Flatten`. Row-major order does not change; pixels are brought into it, and
    /// the result into pixels where it is an image. A line may stay one row of pixels.
    pub(super) fn reshape(&mut self, number: usize) -> Option<()> {
        if let Some(pool) = self.volume_pool(number) {
            return self.pool3d(pool);
        }
        let node = &self.graph.nodes[number];
        let place = self.places[node.inputs[0]]?;
        let target = match place.layout.is_plain() && self.pools_planes(number) {
            true => Layout::Plain,
            false if self.is_line(number) => place.layout,
            false => layout(node.shape),
        };
        if place.layout == target || place.layout.is_plain() && target.is_plain() {
            return self.alias(node.inputs[0], number, target);
        }
        let from = self.edge(node.inputs[0])?;
        let plain = self.reordered(from, place.layout, false);
        let to = self.reordered(plain, target, true);
        self.place(self.value_of(number), to.slot, target);
        Some(())
    }

    /// Whether the node makes a line of one row of pixels, and all that takes it can do with those:
    /// the one-dimensional layers are two-dimensional ones between such nodes.
    fn is_line(&self, number: usize) -> bool {
        let node = &self.graph.nodes[number];
        let from = self.graph.shape_of(node.inputs[0]);
        let row = matches!((from, node.shape), (&[c, 1, w], &[channels, width])
            if c == channels && w == width);
        row && self.takes_pixels(self.value_of(number))
    }

    /// Whether all that takes a line makes an image of it, or leaves it a line for such.
    fn takes_pixels(&self, line: usize) -> bool {
        let takes = |(_, node): &(usize, &Node)| node.inputs.contains(&line);
        let fits = |(number, node): (usize, &Node)| match node.kind {
            "Unsqueeze" => matches!(node.shape, [_, 1, _]),
            _ => self.is_map(number) && self.takes_pixels(self.value_of(number)),
        };
        self.graph.nodes.iter().enumerate().filter(takes).all(fits)
    }

    /// Goes on behind nodes that nothing else looks into, and that leave one row of pixels as it
    /// lies.
    pub(super) fn skip_lines(&mut self, last: &mut usize) {
        loop {
            let squeeze = self.sole_consumer(*last, "Squeeze").filter(|next| self.is_line(*next));
            let unsqueeze = || self.sole_consumer(*last, "Unsqueeze");
            let image = |next: &usize| matches!(self.graph.nodes[*next].shape, [_, 1, _]);
            let Some(next) = squeeze.or_else(|| unsqueeze().filter(image)) else { return };
            self.fused[next] = true;
            *last = next;
        }
    }

    /// An image of this layout, from or to pixels; as it is where both are the same.
    pub(super) fn reordered(&mut self, from: Edge, layout: Layout, to_pixels: bool) -> Edge {
        let Layout::Pixels { channels, pixels } = layout else { return from };
        if layout.is_plain() {
            return from;
        }
        let to = self.slot(from.slot.len);
        let image = [channels, pixels];
        self.steps.push(Box::new(Transpose { from, to, image, to_pixels }));
        Edge { slot: to, first: true, input: false }
    }

    /// Elements that change their places.
    pub(super) fn moved(&mut self, number: usize) -> Option<()> {
        let node = &self.graph.nodes[number];
        let (value, target) = (node.inputs[0], layout(node.shape));
        let sources = sources(node, self.graph.shape_of(value))?;
        let y = self.moved_to(value, sources, target)?;
        self.place(self.value_of(number), y.slot, target);
        Some(())
    }

    /// Elements of a value from these places, both row-major: both layouts are part of the way.
    pub(super) fn moved_to(
        &mut self,
        value: usize,
        plain: Vec<usize>,
        target: Layout,
    ) -> Option<Edge> {
        let lies = self.places[value]?.layout;
        let mut sources = vec![0; plain.len()];
        for (i, from) in plain.into_iter().enumerate() {
            sources[target.place(i)] = if from == NOTHING { from } else { lies.place(from) };
        }
        let x = self.edge(value)?;
        let y = self.slot(sources.len());
        self.steps.push(Box::new(MoveStep::new(x, y, &sources)));
        Some(Edge { slot: y, first: true, input: false })
    }

    /// The node gives a value's memory another shape: both have the same gradient, so a value
    /// that others take too is copied.
    pub(super) fn alias(&mut self, value: usize, number: usize, layout: Layout) -> Option<()> {
        if self.uses[value] != 1 {
            let slot = self.copied(value)?;
            self.place(self.value_of(number), slot, layout);
            return Some(());
        }
        let place = self.places[value]?;
        let value = self.value_of(number);
        self.places[value] = Some(Place { layout, consumers: 0, ..place });
        Some(())
    }

    /// A copy of a value with a gradient of its own.
    pub(super) fn copied(&mut self, value: usize) -> Option<Slot> {
        let from = self.edge(value)?;
        let to = self.slot(from.slot.len);
        self.steps.push(Box::new(Copied { from, to }));
        Some(to)
    }

    pub(super) fn embedding(&mut self, number: usize) -> Option<()> {
        let node = &self.graph.nodes[number];
        let input = node.inputs[0];
        if !self.graph.inputs.get(input)?.index {
            return None;
        }
        if self.is_multiplied(number) {
            return Some(());
        }
        let layout = layout(node.shape);
        let y = self.slot(node.shape.iter().product());
        let rows = self.rows(node, y)?;
        self.steps.push(Box::new(rows));
        let edge = Edge { slot: y, first: true, input: false };
        let to = self.reordered(edge, layout, true);
        self.place(self.value_of(number), to.slot, layout);
        Some(())
    }

    pub(super) fn embedding_bag(&mut self, number: usize) -> Option<()> {
        let node = &self.graph.nodes[number];
        let mode = match node.word("mode") {
            "sum" => Mode::Sum,
            "max" => Mode::Max,
            _ => Mode::Mean,
        };
        let &[each] = self.graph.shape_of(node.inputs[0]) else { return None };
        let y = self.slot(node.shape.iter().product());
        let parts = match mode {
            Mode::Max if !self.memory.reuse() => self.slot(each * y.len),
            _ => Slot::default(),
        };
        let rows = self.rows(node, y)?;
        self.steps.push(Box::new(EmbeddingBagStep { rows, each, mode, parts }));
        self.place(self.value_of(number), y, Layout::Plain);
        Some(())
    }

    /// The step of an `Embedding` that writes `y`.
    pub(super) fn rows(&self, node: &Node, y: Slot) -> Option<EmbeddingStep> {
        let &[entries, width] = self.graph.params_of(node).first()?.shape else { return None };
        let padding = node.attr("padding").map(|_| node.size("padding"));
        let (input, weight) = (node.inputs[0], node.params.first);
        Some(EmbeddingStep { input, entries, width, weight, padding, y })
    }

    /// Whether nothing takes the rows of this `Embedding` but one product with a column, which
    /// reads them where they lie.
    pub(super) fn is_multiplied(&self, number: usize) -> bool {
        let node = &self.graph.nodes[number];
        let Some(product) = self.sole_consumer(number, "MatMul") else { return false };
        let product = &self.graph.nodes[product];
        node.kind == "Embedding"
            && product.inputs[0] == self.value_of(number)
            && product.shape.last() == Some(&1)
    }
}
