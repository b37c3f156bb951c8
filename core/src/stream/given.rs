//! Inputs that are given whole, and what is made of them before the first step.

use super::draft::Piece;
use super::steps::{Hidden, Once, Steps};
use crate::backend::{Backend, Float};
use crate::data::Column;
use crate::error::{Error, Result};
use crate::layers::multi_head_attention;
use crate::model::Model;
use crate::run::{Outcome, Task};
use crate::train::Target;
use crate::value::{Array, Value};
use netwright_spec::graph::{Graph, Port};

/// What is kept of the inputs that are given whole.
#[derive(Debug)]
pub(super) struct Given<E: Float, D: Backend<E>> {
    /// What was made of them.
    pub(super) made: Vec<Array<E, D>>,
    /// Those that are indices, by their numbers.
    pub(super) indices: Vec<Vec<usize>>,
    /// An input, and the number of sequences.
    pub(super) sequences: Option<(&'static str, usize)>,
}

impl<E: Float, D: Backend<E>> Given<E, D> {
    /// The steps of a network of which these inputs are given, and what is made of them.
    pub(super) fn of(
        model: &(impl Model<E, D> + ?Sized),
        all: &[Array<E, D>],
        given: &[(&str, &Column)],
        device: &D,
    ) -> Result<(&'static Steps, Self)> {
        let graph = model.graph();
        let mut columns = numbered(graph, given)?;
        columns.sort_by_key(|(number, _)| *number);
        let numbers: Vec<usize> = columns.iter().map(|(number, _)| *number).collect();
        let columns: Vec<&Column> = columns.into_iter().map(|(_, column)| column).collect();
        let steps = Steps::of(graph, &numbers)?;
        let names = numbers.iter().map(|&number| graph.inputs[number].name);
        let sequences = sequences(graph, names.zip(&columns))?;
        let indices: Vec<Vec<usize>> =
            columns.iter().map(|c| c.as_indices().unwrap_or(&[]).to_vec()).collect();
        for lengths in &steps.once.lengths {
            multi_head_attention::check(lengths.node, &indices[lengths.input], lengths.steps)?;
        }
        let mut made = made(model, all, &steps.once, &columns, device)?;
        for hidden in &steps.once.hidden {
            hide(hidden, &indices[hidden.lengths], &mut made[hidden.made], device)?;
        }
        Ok((steps, Given { made, indices, sequences }))
    }
}

/// The numbers of the inputs with these names.
fn numbered<'a>(graph: &Graph, given: &[(&str, &'a Column)]) -> Result<Vec<(usize, &'a Column)>> {
    let mut columns: Vec<(usize, &Column)> = Vec::new();
    for (name, column) in given {
        let Some(number) = graph.inputs.iter().position(|port| port.name == *name) else {
            let names: Vec<_> =
                graph.inputs.iter().map(|port| format!("`{}`", port.name)).collect();
            return Err(Error::Data(format!(
                "`{}` has no input `{name}` to be given: its inputs are {}",
                graph.name,
                names.join(", ")
            )));
        };
        if columns.iter().any(|(known, _)| *known == number) {
            return Err(Error::Data(format!("`{name}` of `{}` is given twice", graph.name)));
        }
        check(graph, &graph.inputs[number], column)?;
        columns.push((number, column));
    }
    Ok(columns)
}

fn check(graph: &Graph, port: &Port, column: &Column) -> Result<()> {
    let index = column.as_indices().is_some();
    if column.shape() == port.shape && index == port.index {
        return Ok(());
    }
    Err(Error::Data(format!(
        "`{}` of `{}` is given whole as {} of shape {:?} for each sequence, not {} of shape {:?}",
        port.name,
        graph.name,
        kind(port.index),
        port.shape,
        kind(index),
        column.shape()
    )))
}

pub(super) fn kind(index: bool) -> &'static str {
    if index { "indices" } else { "floats" }
}

/// How many sequences all of them have, and the name of the first.
fn sequences<'a>(
    graph: &Graph,
    mut columns: impl Iterator<Item = (&'static str, &'a &'a Column)>,
) -> Result<Option<(&'static str, usize)>> {
    let Some((first, column)) = columns.next() else { return Ok(None) };
    let count = column.len();
    if count == 0 {
        return Err(Error::Data(format!("`{first}` of `{}` has no sequence", graph.name)));
    }
    match columns.find(|(_, column)| column.len() != count) {
        None => Ok(Some((first, count))),
        Some((name, column)) => Err(Error::Data(format!(
            "`{name}` of `{}` was given {} sequences, but `{first}` {count}",
            graph.name,
            column.len()
        ))),
    }
}

/// Runs what depends on nothing else.
fn made<E: Float, D: Backend<E>>(
    model: &(impl Model<E, D> + ?Sized),
    all: &[Array<E, D>],
    once: &Once,
    columns: &[&Column],
    device: &D,
) -> Result<Vec<Array<E, D>>> {
    if once.graph.outputs.is_empty() {
        return Ok(Vec::new());
    }
    let inputs: Result<Vec<Value<E, D>>> =
        once.inputs.iter().map(|&input| columns[input].into_value(device)).collect();
    let task = Task {
        graph: once.graph,
        params: &pieces(all, &once.params, device)?,
        own: &model.own(),
        inputs: inputs?,
        tape: None,
        training: None,
        input_gradients: false,
    };
    let Outcome { outputs, .. } = D::run(task)?;
    Ok(outputs)
}

/// Makes 0 of what lies behind the lengths: a weight of 0 does not hide what is not finite.
fn hide<E: Float, D: Backend<E>>(
    hidden: &Hidden,
    lengths: &[usize],
    made: &mut Array<E, D>,
    device: &D,
) -> Result<()> {
    let steps = made.shape[1 + hidden.axis];
    if lengths.iter().all(|&length| length >= steps) {
        return Ok(());
    }
    let sequence: usize = made.shape[1..].iter().product();
    let behind: usize = made.shape[2 + hidden.axis..].iter().product();
    let mut data = made.data.as_vec();
    for (all, &length) in data.chunks_exact_mut(sequence).zip(lengths) {
        all.chunks_exact_mut(steps * behind)
            .for_each(|all| all[length * behind..].fill(E::default()));
    }
    *made = array(data, made.shape.clone(), device)?;
    Ok(())
}

/// Parameters of the network, or copies of some of their rows.
pub(super) fn pieces<E: Float, D: Backend<E>>(
    all: &[Array<E, D>],
    pieces: &[Piece],
    device: &D,
) -> Result<Vec<Array<E, D>>> {
    let one = |piece: &Piece| {
        let whole = &all[piece.param];
        let Some([first, rows]) = piece.rows else { return Ok(whole.clone()) };
        let rest = whole.shape.get(1..).unwrap_or(&[]);
        let width: usize = rest.iter().product();
        let data = whole.data.as_vec()[first * width..(first + rows) * width].to_vec();
        array(data, [&[rows], rest].concat(), device)
    };
    pieces.iter().map(one).collect()
}

/// On the device.
pub(super) fn array<E: Float, D: Backend<E>>(
    data: Vec<E>,
    shape: Vec<usize>,
    device: &D,
) -> Result<Array<E, D>> {
    let count = data.len();
    let data = device.try_tensor_from_vec(data, (count,)).map_err(Error::device)?;
    Ok(Array { data, shape })
}
