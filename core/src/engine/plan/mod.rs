//! A graph, compiled into steps with a place for each value.

mod attention;
mod batch_norm;
mod conv;
mod inputs;
mod lines;
mod maps;
mod merge;
mod places;
mod pool;
mod recurrent;
mod reduce;
mod shapes;

use super::chunk::{Edge, Slot};
use super::kernels::conv::Act;
use super::kernels::linear::Linear;
use super::steps::{Enter, Layout, LinearStep, Step, Transpose};
use netwright_spec::graph::Graph;
use places::Places;
use std::ops::Range;

/// All values of a chunk, in floats, that may stay in a core's cache together.
const CHUNK_FLOATS: usize = 1 << 17;

/// The largest value of a chunk: a step with all that it reads and writes should stay in a core's
/// cache, and many samples share what each step reads of the parameters.
const VALUE_FLOATS: usize = 1 << 16;

/// A network as steps.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) steps: Vec<Planned>,
    /// Multiply-adds of one sample.
    pub(crate) multiply_adds: usize,
    /// Floats of all values of one sample, and of the largest.
    pub(crate) values: usize,
    pub(crate) largest: usize,
    /// Bytes of one sample.
    pub(crate) bytes: usize,
    /// Floats of all prepared parameters.
    pub(crate) prepared: usize,
    /// Floats of all gradients of parameters, in the steps' layouts.
    pub(crate) gradients: usize,
    /// Ranges of steps between which all chunks of a training wait for each other: each but the
    /// first begins with a step that needs statistics of the whole batch.
    pub(crate) segments: Vec<Range<usize>>,
    /// Where the gradient of each parameter lies, in the user's layout; empty if it is not trained.
    pub(crate) params: Vec<Slot>,
    /// Floats of all of those; the tables that may be left out come last, behind `dense` floats.
    pub(crate) flat: usize,
    pub(crate) dense: usize,
    /// Parameters of which steps take rows.
    pub(crate) tables: Vec<Table>,
    /// Gradients that are divided by the parameters' elements, in the order of their places.
    pub(crate) jobs: Vec<Job>,
    /// Where each of the network's inputs lies, and how.
    pub(crate) inputs: Vec<(Slot, Layout)>,
    /// Where each of its outputs lies.
    pub(crate) outputs: Vec<Slot>,
}

/// A step and its parts of the shared buffers.
#[derive(Debug)]
pub(crate) struct Planned {
    pub(crate) step: Box<dyn Step>,
    pub(crate) prepared: Slot,
    pub(crate) gradients: Slot,
}

/// Part of the gradient of a parameter, from all samples.
#[derive(Debug)]
pub(crate) struct Job {
    /// Where it lies among all gradients.
    pub(crate) range: Range<usize>,
    /// The same, from the parameter's beginning.
    pub(crate) part: Range<usize>,
    /// The numbers of the steps that add to it.
    pub(crate) steps: Vec<usize>,
}

/// A parameter of which steps take rows.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) param: usize,
    pub(crate) rows: usize,
    /// Floats of a row.
    pub(crate) width: usize,
    /// The numbers of those steps.
    pub(crate) steps: Vec<usize>,
    /// Whether no step takes anything else of it.
    pub(crate) alone: bool,
}

impl Plan {
    /// Whether the gradient at this place is made by jobs.
    pub(crate) fn in_jobs(&self, slot: &Slot) -> bool {
        let at = self.jobs.partition_point(|job| job.range.start < slot.offset);
        self.jobs.get(at).is_some_and(|job| job.range.start == slot.offset && slot.len > 0)
    }

    /// The plan of a graph, or of a part of one, whose first node is number `first` of the whole;
    /// `None` if the engine lacks one of its layers. With `reuse`, values lie where others lay
    /// before, which no backward can read then.
    pub(crate) fn of(graph: &Graph, first: usize, reuse: bool) -> Option<Plan> {
        let mut builder = Builder::new(graph, first, Places::new(reuse));
        // Nobody would write the gradient of a value that is not used.
        let own = graph.nodes.iter().any(|node| node.inner.is_some());
        if own || builder.uses.contains(&0) {
            return None;
        }
        builder.inputs()?;
        for number in 0..graph.nodes.len() {
            if !builder.fused[number] {
                builder.node(number)?;
                builder.memory.settle();
            }
        }
        builder.finish()
    }

    /// How many samples a chunk has: it depends on the batch alone, not on the machine.
    pub(crate) fn chunk(&self, batch: usize) -> usize {
        let tables: usize = self.steps.iter().map(|planned| planned.step.table_floats()).sum();
        let together = CHUNK_FLOATS / (self.values + tables).max(1);
        let least = self.steps.iter().map(|planned| planned.step.samples()).max().unwrap_or(1);
        share(batch, together.max(VALUE_FLOATS / self.largest.max(tables).max(1)), least)
    }
}

/// The samples of a chunk if so many fit into a cache, and so many are wanted at least: two or four
/// threads should have equally many chunks to do, unless those would become small, where few samples
/// would share what a step reads of the parameters.
fn share(batch: usize, fitting: usize, least: usize) -> usize {
    let fitting = fitting.max(least).max(1);
    let chunks = batch.div_ceil(fitting).max(2);
    let even = batch.div_ceil(chunks.next_multiple_of(4));
    let size = if even >= least.max(fitting / 4) { even } else { batch.div_ceil(chunks) };
    size.max(1)
}

/// Where a value is while the plan is made.
#[derive(Clone, Copy)]
struct Place {
    slot: Slot,
    layout: Layout,
    /// The number of the network's input that it is.
    input: Option<usize>,
    /// Whether a step that runs later in the backward has been found: it writes first.
    consumers: usize,
}

struct Builder<'a> {
    graph: &'a Graph,
    /// The number of the first node in the graph that this one is a part of.
    first: usize,
    places: Vec<Option<Place>>,
    /// How often each value is used.
    uses: Vec<usize>,
    fused: Vec<bool>,
    /// What brings each input in, unless it is indices or a step reads it where the user has it.
    enters: Vec<Option<Enter>>,
    steps: Vec<Box<dyn Step>>,
    memory: Places,
    largest: usize,
    bytes: usize,
    inputs: Vec<(Slot, Layout)>,
}

impl<'a> Builder<'a> {
    fn new(graph: &'a Graph, first: usize, memory: Places) -> Self {
        let values = graph.inputs.len() + graph.nodes.len();
        let mut uses = vec![0; values];
        let taken = graph.nodes.iter().flat_map(|node| node.inputs);
        for &value in taken.chain(graph.outputs.iter().map(|output| &output.value)) {
            uses[value] += 1;
        }
        Builder {
            graph,
            first,
            places: vec![None; values],
            uses,
            fused: vec![false; graph.nodes.len()],
            enters: Vec::new(),
            steps: Vec::new(),
            memory,
            largest: 0,
            bytes: 0,
            inputs: Vec::new(),
        }
    }

    fn slot(&mut self, len: usize) -> Slot {
        self.largest = self.largest.max(len);
        self.memory.take(len)
    }

    /// For what a backward reads: empty if there is none.
    fn byte_slot(&mut self, len: usize) -> Slot {
        if self.memory.reuse() { Slot::default() } else { Slot::next(&mut self.bytes, len) }
    }

    /// A value as a step takes it. Gradients are written in the opposite order of the steps, so
    /// the last consumer is the first writer: it is marked when all are known.
    fn edge(&mut self, value: usize) -> Option<Edge> {
        let uses = self.uses[value];
        let place = self.places[value].as_mut()?;
        place.consumers += 1;
        let last = place.consumers == uses;
        if last {
            self.memory.leave(place.slot);
        }
        Some(Edge { slot: place.slot, first: last, input: place.input.is_some() })
    }

    fn place(&mut self, value: usize, slot: Slot, layout: Layout) {
        self.places[value] = Some(Place { slot, layout, input: None, consumers: 0 });
    }

    /// The number of the value that a node gives.
    fn value_of(&self, node: usize) -> usize {
        self.graph.inputs.len() + node
    }

    /// The only node that takes the value of `node`, if it is of one of these kinds.
    fn sole_consumer(&self, node: usize, kind: &str) -> Option<usize> {
        let value = self.value_of(node);
        if self.uses[value] != 1 {
            return None;
        }
        let next = self.graph.nodes.iter().position(|n| n.inputs.contains(&value))?;
        (self.graph.nodes[next].kind == kind).then_some(next)
    }

    fn node(&mut self, number: usize) -> Option<()> {
        let node = &self.graph.nodes[number];
        // Moments or places lie right behind what they write, and that behind all that they read.
        self.memory.at_end(matches!(
            node.kind,
            "LayerNorm" | "Max" | "GroupNorm" | "InstanceNorm2d" | "RmsNorm"
        ));
        match node.kind {
            "MaxPool2d" | "AvgPool2d" => self.pool2d(number),
            "AdaptiveAvgPool2d" => self.adaptive_avg_pool(number),
            "GlobalAvgPool2d" => self.global_avg_pool(number),
            "Add" => self.add(number),
            "Concat" => self.concat(number),
            "MatMul" => self.mat_mul(number),
            "Mul" => self.mul(number),
            "Sum" | "Mean" | "Max" => self.reduce(number),
            "Upsample2d" => self.upsample(number),
            "Sub" => self.sub(number),
            "BatchNorm1d" | "BatchNorm2d" => self.batch_norm(number),
            "Conv2d" => self.conv(number),
            "DepthTaps" => self.conv3d(number),
            "ConvTranspose2d" => self.conv_transpose(number),
            "Linear" => self.linear(number),
            "Flatten" => self.reshape(number),
            "Reshape" | "Squeeze" | "Unsqueeze" => self.reshape(number),
            "Permute" | "Transpose" | "Slice" | "Select" | "RepeatVector" | "ZeroPad2d"
            | "Crop2d" | "PixelShuffle" => self.moved(number),
            "Rnn" | "Lstm" | "Gru" => self.recurrent(number),
            "MultiHeadAttention" => self.attention(number),
            "Embedding" => self.embedding(number),
            "EmbeddingBag" => self.embedding_bag(number),
            "Softmax" | "LogSoftmax" => self.softmax(number),
            "Glu" | "Swiglu" => self.gated(number),
            "PositionalEncoding" => self.positions(number),
            "PRelu" => self.p_relu(number),
            "LayerNorm" => self.layer_norm(number),
            "GroupNorm" | "InstanceNorm2d" => self.group_norm(number),
            "RmsNorm" => self.rms_norm(number),
            _ => self.map(number),
        }
    }

    /// Marks a ReLU behind the node as fused.
    fn fuse_relu(&mut self, last: &mut usize) -> Act {
        match self.sole_consumer(*last, "Relu") {
            Some(relu) => {
                self.fused[relu] = true;
                *last = relu;
                Act::Relu
            }
            None => Act::None,
        }
    }

    fn linear(&mut self, number: usize) -> Option<()> {
        let node = &self.graph.nodes[number];
        let inputs = *self.graph.shape_of(node.inputs[0]).last()?;
        let outputs = *node.shape.last()?;
        let x = self.edge(node.inputs[0])?;
        let mut params = node.reads();
        let (weight, bias) = (params.next()?, params.next());
        self.linear_with(number, [inputs, outputs], x, (weight, bias));
        Some(())
    }

    /// A linear map at the end of a node, with the sum and the ReLU behind it.
    fn linear_with(
        &mut self,
        number: usize,
        sizes: [usize; 2],
        x: Edge,
        (weight, bias): (usize, Option<usize>),
    ) {
        let mut last = number;
        let skip = self.fuse_sum(&mut last);
        let relu = self.fuse_relu(&mut last);
        let act = if skip.is_some() { Act::None } else { relu };
        let y = self.slot(self.graph.nodes[number].shape.iter().product());
        self.multiply(sizes, (x, y), (0, weight, bias), act);
        self.add_into(skip, y, relu);
        self.place(self.value_of(last), y, Layout::Plain);
    }

    /// The step of a linear map, by the rows of the weight and of the bias from `first` on.
    fn multiply(
        &mut self,
        [inputs, outputs]: [usize; 2],
        (x, y): (Edge, Slot),
        (first, weight, bias): (usize, usize, Option<usize>),
        act: Act,
    ) {
        let linear = Linear::new(inputs, outputs);
        let packed = [0; 2];
        let step = LinearStep { linear, inputs, outputs, x, y, first, weight, bias, act, packed };
        self.steps.push(Box::new(step.packing(!self.memory.reuse())));
    }

    /// Outputs in the user's order.
    fn finish(mut self) -> Option<Plan> {
        let mut outputs = Vec::new();
        for output in self.graph.outputs {
            let place = self.places[output.value]?;
            let slot = match place.layout {
                Layout::Pixels { channels, pixels } if !place.layout.is_plain() => {
                    let from = self.edge(output.value)?;
                    let to = self.slot(place.slot.len);
                    let image = [channels, pixels];
                    self.steps.push(Box::new(Transpose { from, to, image, to_pixels: false }));
                    to
                }
                // An input that is an output at once, or a value that is used elsewhere too.
                _ if place.input.is_some() || self.uses[output.value] > 1 => {
                    self.copied(output.value)?
                }
                _ => place.slot,
            };
            outputs.push(slot);
        }
        let (mut prepared, mut gradients) = (0, 0);
        let enter = |enter: Enter| Box::new(enter) as Box<dyn Step>;
        let enters = self.enters.into_iter().flatten().map(enter);
        let steps: Vec<Planned> = enters
            .chain(self.steps)
            .map(|step| Planned {
                prepared: Slot::next(&mut prepared, step.prepared_len()),
                gradients: Slot::next(&mut gradients, step.gradient_len()),
                step,
            })
            .collect();
        let tables = tables(self.graph, &steps);
        let (params, [dense, flat]) = places(self.graph, &tables);
        let Builder { memory, largest, bytes, inputs, .. } =
            Builder { enters: Vec::new(), steps: Vec::new(), ..self };
        let (segments, jobs) = (segments(&steps), jobs(&steps, &params));
        Some(Plan {
            multiply_adds: steps.iter().map(|planned| planned.step.multiply_adds()).sum(),
            steps,
            values: memory.len(),
            largest,
            bytes,
            prepared,
            gradients,
            segments,
            params,
            flat,
            dense,
            tables,
            jobs,
            inputs,
            outputs,
        })
    }
}

/// A place for the gradient of each parameter, tables last, and the floats without those and of all.
fn places(graph: &Graph, tables: &[Table]) -> (Vec<Slot>, [usize; 2]) {
    let (mut params, mut flat) = (vec![Slot::default(); graph.params.len()], 0);
    let mut dense = 0;
    for by_rows in [false, true] {
        for (number, param) in graph.params.iter().enumerate().filter(|(_, p)| p.trainable) {
            if tables.iter().any(|table| table.param == number && table.alone) == by_rows {
                params[number] = Slot::next(&mut flat, param.shape.iter().product());
            }
        }
        dense = if by_rows { dense } else { flat };
    }
    (params, [dense, flat])
}

fn tables(graph: &Graph, steps: &[Planned]) -> Vec<Table> {
    let mut tables: Vec<Table> = Vec::new();
    for (number, planned) in steps.iter().enumerate() {
        let Some(param) = planned.step.table() else { continue };
        if let Some(table) = tables.iter_mut().find(|table| table.param == param) {
            table.steps.push(number);
        } else if let &[rows, width] = graph.params[param].shape {
            let alone = graph.is_table(param) && u32::try_from(rows).is_ok();
            tables.push(Table { param, rows, width, steps: vec![number], alone });
        }
    }
    tables
}

fn segments(steps: &[Planned]) -> Vec<Range<usize>> {
    let barrier = |i: &usize| *i == 0 || steps[*i].step.statistics_len() > 0;
    let mut starts: Vec<usize> = (0..steps.len()).filter(barrier).collect();
    starts.push(steps.len());
    starts.windows(2).map(|pair| pair[0]..pair[1]).collect()
}

fn jobs(steps: &[Planned], params: &[Slot]) -> Vec<Job> {
    let mut jobs: Vec<Job> = Vec::new();
    for (number, planned) in steps.iter().enumerate() {
        let Some(shared) = planned.step.shared() else { continue };
        let slot = params[shared.param];
        let end = shared.first + shared.len;
        for from in (shared.first..end).step_by(shared.piece) {
            let part = from..end.min(from + shared.piece);
            let range = slot.offset + part.start..slot.offset + part.end;
            match jobs.iter_mut().find(|job| job.range == range) {
                Some(job) => job.steps.push(number),
                None => jobs.push(Job { range, part, steps: vec![number] }),
            }
        }
    }
    jobs.sort_by_key(|job| job.range.start);
    jobs
}

/// Images lie pixel-major, and volumes slice by slice.
fn layout(shape: &[usize]) -> Layout {
    match *shape {
        [channels, h, w] => Layout::Pixels { channels, pixels: h * w },
        [channels, d, h, w] => Layout::Pixels { channels, pixels: d * h * w },
        _ => Layout::Plain,
    }
}

#[cfg(test)]
mod tests {
    use super::share;

    #[test]
    fn chunks_are_as_many_for_each_thread() {
        // Few samples fit: eight chunks of eight rather than five of twelve and one of four.
        assert_eq!(share(64, 12, 1), 8);
        assert_eq!(share(128, 83, 1), 32);
        // Four chunks would be too small.
        assert_eq!(share(32, 83, 1), 16);
        assert_eq!(share(32, 1, 16), 16);
        assert_eq!(share(1, 83, 1), 1);
    }

    #[test]
    fn no_chunk_is_larger_than_what_fits() {
        for (batch, fitting) in (1..300).flat_map(|b| [1, 2, 3, 11, 64, 500].map(|f| (b, f))) {
            assert!((1..=fitting).contains(&share(batch, fitting, 1)), "{batch} {fitting}");
        }
    }
}
