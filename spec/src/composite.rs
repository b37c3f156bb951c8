//! Layers that are made of others, and layers that give several values: what a layer as written
//! becomes.
//!
//! The shape rule of a layer that is made of others adds its parts one by one
//! ([`Context::part`]): each is a layer of the catalogue whose own rule runs at once, so that the
//! next one may depend on its shape, and conditions and messages come from there, about the layer
//! as written.

use crate::args::{Args, Value};
use crate::dim::{Dim, Op};
use crate::layer::{Context, Inferred, LayerDef};
use crate::layers::{reshape, slice};
use crate::problem::{Arrival, Problem};
use crate::shape::Shape;

/// One of the layers that a layer becomes.
#[derive(Clone, Debug)]
pub struct Part {
    /// Its name behind that of the layer as written, which is its own where this is empty.
    pub name: String,
    /// What it is.
    pub def: &'static LayerDef,
    /// The values it takes: those that go into the layer as written have the first numbers, then
    /// each part its own.
    pub inputs: Vec<usize>,
    /// What its rule gave.
    pub inferred: Inferred,
}

/// A value inside of a layer that is made of others.
#[derive(Clone, Debug)]
pub struct Wire {
    number: usize,
    arrival: Arrival,
}

impl Wire {
    /// Its shape.
    pub fn shape(&self) -> &Shape {
        &self.arrival.shape
    }
}

/// What a shape rule has put together so far.
#[derive(Clone, Debug, Default)]
pub struct Made {
    parts: Vec<Part>,
    outputs: Vec<(&'static str, usize)>,
}

/// What a layer as written becomes.
#[derive(Clone, Debug)]
pub struct Expansion {
    /// The layers in an order in which they can run.
    pub parts: Vec<Part>,
    /// The names and the numbers of the values that it gives.
    pub outputs: Vec<(&'static str, usize)>,
}

/// What the first output is called.
pub const OUTPUT: &str = "output";

impl Context<'_> {
    /// An input as a value inside.
    pub fn wire(&self, number: usize) -> Result<Wire, Problem> {
        match self.inputs.get(number) {
            Some(arrival) => Ok(Wire { number, arrival: arrival.clone() }),
            None => Err(Problem::new(format!("`{}` has no input", self.layer))),
        }
    }

    /// Adds a part with these arguments and the defaults of all others, and gives its output.
    pub fn part(
        &mut self,
        name: &str,
        def: &'static LayerDef,
        args: &[(&'static str, Value)],
        inputs: &[&Wire],
    ) -> Result<Wire, Problem> {
        let mut outputs = self.part_with_outputs((name, 1), def, args, inputs)?;
        outputs.pop().ok_or_else(|| Problem::new(format!("`{}` gives nothing", self.layer)))
    }

    /// The same for a part of which this many outputs are wanted.
    pub fn part_with_outputs(
        &mut self,
        (name, outputs): (&str, usize),
        def: &'static LayerDef,
        args: &[(&'static str, Value)],
        inputs: &[&Wire],
    ) -> Result<Vec<Wire>, Problem> {
        let args = Args::of(def.args, args);
        let arrivals: Vec<Arrival> = inputs.iter().map(|wire| wire.arrival.clone()).collect();
        let mut inner = Context::new(self.layer, &args, &arrivals).of(self.network).giving(outputs);
        let expansion = expand(def, &mut inner)?;
        self.deferred.append(&mut inner.deferred);
        let first = self.inputs.len() + self.made.parts.len();
        let outside = |number: usize| match inputs.get(number) {
            Some(wire) => wire.number,
            None => first + number - inputs.len(),
        };
        for part in expansion.parts {
            let inputs = part.inputs.into_iter().map(outside).collect();
            self.made.parts.push(Part { name: joined(name, &part.name), inputs, ..part });
        }
        let outputs = expansion.outputs.into_iter().map(|(_, number)| outside(number));
        Ok(outputs.filter_map(|number| self.wire_of(number)).collect())
    }

    /// The value of this number, of an input or of a part.
    fn wire_of(&self, number: usize) -> Option<Wire> {
        let Some(part) = number.checked_sub(self.inputs.len()) else {
            return self.wire(number).ok();
        };
        let part = self.made.parts.get(part)?;
        let origin = match part.name.is_empty() {
            true => "before it is".into(),
            false => format!("its `{}` gives", part.name),
        };
        Some(Wire { number, arrival: Arrival { shape: part.inferred.shape.clone(), origin } })
    }

    /// Gives a parameter of the part behind this value another shape of as many elements.
    pub fn part_param(&mut self, wire: &Wire, name: &str, dims: Vec<Dim>) {
        let part = wire.number.checked_sub(self.inputs.len());
        let part = part.and_then(|part| self.made.parts.get_mut(part));
        let params = part.into_iter().flat_map(|part| &mut part.inferred.params);
        params.filter(|param| param.name == name).for_each(|param| param.dims = dims.clone());
    }

    /// What a layer that is made of parts gives: these of their outputs.
    pub fn made_of(&mut self, output: &Wire, also: &[(&'static str, &Wire)]) -> Inferred {
        let outputs = also.iter().map(|(name, wire)| (*name, wire.number));
        self.made.outputs = std::iter::once((OUTPUT, output.number)).chain(outputs).collect();
        let inferred = Inferred::shape(output.shape().clone());
        also.iter().fold(inferred, |all, (name, wire)| all.also(name, wire.shape().clone()))
    }
}

/// `self_attn` of `encoder_0` is `encoder_0_self_attn`.
pub fn joined(layer: &str, part: &str) -> String {
    match (layer, part) {
        (only, "") | ("", only) => only.into(),
        (layer, part) => format!("{layer}_{part}"),
    }
}

/// Runs the rule of a layer: its parts, or itself, with what takes its outputs apart.
pub fn expand(def: &'static LayerDef, cx: &mut Context<'_>) -> Result<Expansion, Problem> {
    let inferred = (def.infer)(cx)?;
    let Made { parts, outputs } = std::mem::take(&mut cx.made);
    if !outputs.is_empty() {
        return Ok(Expansion { parts, outputs });
    }
    let itself = |inferred| Part {
        name: String::new(),
        def,
        inputs: (0..cx.inputs.len()).collect(),
        inferred,
    };
    match inferred.also.is_empty() {
        true => Ok(Expansion {
            parts: vec![itself(inferred)],
            outputs: vec![(OUTPUT, cx.inputs.len())],
        }),
        false => taken_apart(cx, inferred, itself),
    }
}

/// A layer that gives several values in one, and what takes each out of it.
fn taken_apart(
    cx: &Context<'_>,
    mut inferred: Inferred,
    itself: impl FnOnce(Inferred) -> Part,
) -> Result<Expansion, Problem> {
    let also = std::mem::take(&mut inferred.also);
    let shapes: Vec<_> = std::iter::once((OUTPUT, inferred.shape.clone())).chain(also).collect();
    let packed = cx.inputs.len();
    let (mut takers, mut outputs, mut start) = (Vec::new(), Vec::new(), Dim::Known(0));
    for (name, shape) in shapes {
        let size = cx.product(&shape.dims)?;
        let flat = slice::range(vec![size.clone()], start.clone(), 0);
        let is_flat = shape.rank() == 1;
        let taker = if is_flat { name.into() } else { format!("{name}_flat") };
        takers.push(Part { name: taker, def: &slice::DEF, inputs: vec![packed], inferred: flat });
        if !is_flat {
            let (inputs, inferred) = (vec![packed + takers.len()], Inferred::shape(shape));
            takers.push(Part { name: name.into(), def: &reshape::DEF, inputs, inferred });
        }
        outputs.push((name, packed + takers.len()));
        start = cx.compute(Op::Add, &[start, size])?;
    }
    inferred.shape = Shape::floats(vec![start]);
    takers.insert(0, itself(inferred));
    Ok(Expansion { parts: takers, outputs })
}

impl Expansion {
    /// Without the parts that none of these outputs needs; `inputs` is how many values go in. Each
    /// output that is not wanted is `None`.
    pub fn only(mut self, wanted: &[bool], inputs: usize) -> (Vec<Part>, Vec<Option<usize>>) {
        let is_wanted = |number: usize| wanted.get(number).copied().unwrap_or(false);
        let outputs = self.outputs.iter().enumerate();
        let kept = outputs.filter(|(number, _)| is_wanted(*number)).map(|(_, (_, value))| *value);
        let mut needed: Vec<usize> = kept.collect();
        for (number, part) in self.parts.iter().enumerate().rev() {
            if needed.contains(&(inputs + number)) {
                needed.extend(&part.inputs);
            }
        }
        // The new number of each value: those before it that stay.
        let stays = |number: &usize| *number < inputs || needed.contains(number);
        let moved = |number: usize| (0..number).filter(stays).count();
        for part in &mut self.parts {
            part.inputs.iter_mut().for_each(|input| *input = moved(*input));
        }
        let mut number = inputs;
        self.parts.retain(|_| {
            number += 1;
            stays(&(number - 1))
        });
        let outputs = self.outputs.iter().enumerate();
        let outputs = outputs.map(|(at, (_, value))| is_wanted(at).then(|| moved(*value)));
        (self.parts, outputs.collect())
    }
}
