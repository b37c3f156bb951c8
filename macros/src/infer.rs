//! Every value gets its shape, by the rules of the dictionary.
//!
//! AFTER: each node has `inferred`, or a mistake was reported at it or before it: a value without
//! a shape silences everything that depends on it.

use crate::diag::{Errors, with_help};
use crate::ir::{Assertion, Net, Node};
use crate::sizes;
use netwright_spec::layer::{Cond, Deferred};
use netwright_spec::problem::Arrival;
use netwright_spec::{At, Context, Dim, Inferred, Problem, Shape};
use proc_macro2::Span;

/// Infers all nodes in their order.
pub fn infer(net: &mut Net, errors: &mut Errors) {
    for number in 0..net.nodes.len() {
        infer_node(net, number, errors);
        check_stated(net, number, errors);
    }
    check_outputs(net, errors);
}

fn infer_node(net: &mut Net, number: usize, errors: &mut Errors) {
    let node = &net.nodes[number];
    let Some(def) = node.def else { return };
    if node.inputs.is_empty() {
        return;
    }
    let before = node.inputs.len() == 1;
    let arrivals: Option<Vec<Arrival>> =
        node.inputs.iter().map(|&value| net.arrival(value, before)).collect();
    let Some(arrivals) = arrivals else { return };
    let mut context = Context::new(&node.written, &node.args, &arrivals);
    let result = (def.infer)(&mut context);
    let deferred = context.deferred;
    match result {
        Ok(inferred) => {
            let assertions: Vec<_> =
                deferred.iter().map(|d| assertion(net, d, span_of(node, &d.problem))).collect();
            net.assertions.extend(assertions);
            net.nodes[number].inferred = Some(inferred);
        }
        Err(problem) => errors.problem(span_of(node, &problem), &problem),
    }
}

fn span_of(node: &Node, problem: &Problem) -> Span {
    match problem.at {
        At::Layer => node.span,
        At::Arg(name) => node.arg_span(name),
    }
}

fn assertion(net: &Net, deferred: &Deferred, span: Span) -> Assertion {
    Assertion {
        condition: sizes::condition(&deferred.cond, &net.constants),
        text: with_help(&deferred.problem.text, deferred.problem.help.as_deref()),
        span,
    }
}

/// A stated shape is checked against the inferred one; where there is none, it goes on from there.
fn check_stated(net: &mut Net, number: usize, errors: &mut Errors) {
    let node = &mut net.nodes[number];
    if let (Some((stated, _)), None) = (&node.stated, &node.inferred) {
        node.inferred = Some(Inferred::shape(stated.clone()));
        return;
    }
    let (Some((stated, span)), Some(inferred)) = (&node.stated, &node.inferred) else { return };
    let (stated, span) = (stated.clone(), *span);
    let problem = Problem::new(format!(
        "the stated shape is {stated}, but `{}` gives {}",
        node.written, inferred.shape
    ))
    .help(format!("write `-> {}`, or leave it out", inferred.shape));
    let given = inferred.shape.clone();
    require_equal(net, &stated, &given, &problem, span, errors);
}

fn check_outputs(net: &mut Net, errors: &mut Errors) {
    for number in 0..net.outputs.len() {
        let output = &net.outputs[number];
        let (Some((stated, span)), Some(value)) = (output.stated.clone(), output.value) else {
            continue;
        };
        let Some(arrival) = net.arrival(value, false) else { continue };
        let problem = Problem::new(format!(
            "the declared output is {stated}, but {} {}",
            arrival.origin, arrival.shape
        ))
        .help(format!("declare `-> {}`, or change the last layer", arrival.shape));
        require_equal(net, &stated, &arrival.shape, &problem, span, errors);
    }
}

/// Demands that two shapes are the same: one error at most, and an assertion for each size that
/// only const evaluation knows.
fn require_equal(
    net: &mut Net,
    a: &Shape,
    b: &Shape,
    problem: &Problem,
    span: Span,
    errors: &mut Errors,
) {
    if a.index != b.index || a.rank() != b.rank() {
        return errors.problem(span, problem);
    }
    let args = netwright_spec::Args::new();
    let mut context = Context::new("", &args, &[]);
    for (a, b) in a.dims.iter().zip(&b.dims) {
        let same = Cond::Equal(Dim::clone(a), Dim::clone(b));
        if context.require(same, problem.clone()).is_err() {
            return errors.problem(span, problem);
        }
    }
    let assertions: Vec<_> = context.deferred.iter().map(|d| assertion(net, d, span)).collect();
    net.assertions.extend(assertions);
}
