//! Every value gets its shape, by the rules of the dictionary, and layers that are made of others
//! become their parts.
//!
//! AFTER: each node has `inferred`, or a mistake was reported at it or before it: a value without
//! a shape silences everything that depends on it. Each node is a layer that the runtime has.

mod expand;
mod tied;

use crate::diag::{Errors, Extent};
use crate::ir::{AT_THE_END, Net, Node, ValueId};
use netwright_spec::layer::{Cond, Deferred};
use netwright_spec::problem::Arrival;
use netwright_spec::{Args, At, Context, Inferred, Problem, Shape};

/// Infers all nodes in their order.
pub fn infer(net: &mut Net, errors: &mut Errors) {
    expand::expand(net, errors);
    check_outputs(net, errors);
}

/// What comes into a node; `None` after a mistake.
fn arrivals(net: &Net, node: &Node) -> Option<Vec<Arrival>> {
    let arrivals = node.inputs.iter().enumerate();
    let arrivals: Option<Vec<_>> =
        arrivals.map(|(i, &value)| net.arrival(value, node.roles.get(i), true)).collect();
    arrivals.filter(|all| !all.is_empty())
}

fn place_of(node: &Node, problem: &Problem) -> Extent {
    match problem.at {
        At::Layer => node.place,
        At::Arg(name) => node.arg_place(name),
    }
}

/// The assertions that the shapes of these values rest on.
fn rests_on(net: &Net, values: &[ValueId]) -> Vec<usize> {
    let nodes = values.iter().filter_map(|value| value.checked_sub(net.inputs.len()));
    let mut all: Vec<usize> = nodes
        .filter_map(|node| net.nodes.get(node))
        .flat_map(|node| node.rests_on.clone())
        .collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// Adds assertions, each after the one before it, so that one mistake is one error. Returns what
/// rests on all of them.
fn assert_all(
    net: &mut Net,
    order: usize,
    checks: Vec<(Extent, Deferred)>,
    before: Vec<usize>,
) -> Vec<usize> {
    checks
        .into_iter()
        .fold(before, |before, (place, deferred)| net.defer((order, place), deferred, before))
}

/// A shared layer has the parameters of its first application, so all others must need the same.
fn check_shared(net: &mut Net, (number, order): (usize, usize), errors: &mut Errors) {
    let node = &net.nodes[number];
    let Some(first) = node.shares.and_then(|first| net.nodes.get(first)) else { return };
    let (Some(here), Some(there)) = (&node.inferred, &first.inferred) else {
        // The first application was wrong: this one would be too.
        net.nodes[number].inferred = None;
        return;
    };
    let taken = |node: &Node| node.inputs.first().and_then(|value| net.shape(*value));
    let (Some(now), Some(then)) = (taken(node), taken(first)) else { return };
    let problem = Problem::new(format!(
        "the shared layer `{}` was made for {then} (line {}), but is applied to {now} here",
        first.name, first.line
    ))
    .help(
        "one set of parameters fits one input: declare another `layer`, or make the shapes equal",
    );
    let dims = |inferred: &Inferred| {
        let dims = inferred.params.iter().flat_map(|param| param.dims.clone());
        Shape::floats(dims.collect())
    };
    let (here, there, before) = (dims(here), dims(there), node.rests_on.clone());
    let place = node.place;
    let checks = require_equal([&here, &there], &problem, place, errors);
    net.nodes[number].rests_on = assert_all(net, order, checks, before);
}

/// A stated shape is checked against the inferred one; where there is none, it goes on from there.
fn check_stated(net: &mut Net, (number, order): (usize, usize), errors: &mut Errors) {
    let node = &mut net.nodes[number];
    let Some((stated, span)) = node.stated.clone() else { return };
    let Some(inferred) = &node.inferred else {
        // An unknown layer may have parameters, so these are not those of a layer without any.
        node.inferred = Some(Inferred::shape(stated));
        return;
    };
    let given = inferred.shape.clone();
    let problem =
        Problem::new(format!("the stated shape is {stated}, but `{}` gives {given}", node.written))
            .help(format!("write `-> {given}`, or leave it out"));
    let before = node.rests_on.clone();
    let checks = require_equal([&stated, &given], &problem, span.into(), errors);
    net.nodes[number].rests_on = assert_all(net, order, checks, before);
}

fn check_outputs(net: &mut Net, errors: &mut Errors) {
    for number in 0..net.outputs.len() {
        let output = &net.outputs[number];
        let (Some((stated, span)), Some(value)) = (output.stated.clone(), output.value) else {
            continue;
        };
        let Some(arrival) = net.arrival(value, None, false) else { continue };
        let (which, write) = match &output.name {
            Some(name) => (format!(" `{name}`"), format!("{name}: {}", arrival.shape)),
            None => (String::new(), format!("-> {}", arrival.shape)),
        };
        let problem = Problem::new(format!(
            "the declared output{which} is {stated}, but {} {}",
            arrival.origin, arrival.shape
        ))
        .help(match declared_for_another(net, number, &arrival.shape) {
            Some(other) => format!(
                "`{other}` is declared with this shape: write the values in the declared order"
            ),
            None => format!("declare `{write}`, or change the last layer"),
        });
        let checks = require_equal([&stated, &arrival.shape], &problem, span.into(), errors);
        let before = rests_on(net, &[value]);
        assert_all(net, AT_THE_END, checks, before);
    }
}

/// The name of an output with this shape whose own value has another.
fn declared_for_another(net: &Net, number: usize, shape: &Shape) -> Option<String> {
    let others = net.outputs.iter().enumerate().filter(|(other, _)| *other != number);
    let mut fitting = others.map(|(_, output)| output).filter(|output| {
        let given = output.value.and_then(|value| net.shape(value));
        output.stated.as_ref().is_some_and(|(stated, _)| stated == shape) && given != Some(shape)
    });
    fitting.next()?.name.as_ref().map(ToString::to_string)
}

/// Demands that two shapes are the same: one error at most, or what only const evaluation knows.
fn require_equal(
    [a, b]: [&Shape; 2],
    problem: &Problem,
    place: Extent,
    errors: &mut Errors,
) -> Vec<(Extent, Deferred)> {
    let args = Args::new();
    let mut context = Context::new("", &args, &[]);
    let mut same = a.index == b.index && a.rank() == b.rank();
    for (a, b) in a.dims.iter().zip(&b.dims) {
        let equal = Cond::Equal(a.clone(), b.clone());
        same = same && context.require(equal, problem.clone()).is_ok();
    }
    if !same {
        errors.problem(place, problem);
        return Vec::new();
    }
    context.deferred.into_iter().map(|deferred| (place, deferred)).collect()
}
