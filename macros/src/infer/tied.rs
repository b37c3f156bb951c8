//! A layer that has a parameter of another one needs it in that one's shape.

use super::{assert_all, require_equal};
use crate::diag::Errors;
use crate::ir::{Net, Node};
use netwright_spec::layer::Tied;
use netwright_spec::{Dim, Problem, Shape};

/// Checks the tied parameter of a node, if it has one.
pub(super) fn check(net: &mut Net, (number, order): (usize, usize), errors: &mut Errors) {
    let node = &net.nodes[number];
    let Some(tied) = node.inferred.as_ref().and_then(|inferred| inferred.tied.clone()) else {
        return;
    };
    let other = net.nodes[..number].iter().find(|other| other.name == tied.layer);
    if other.is_some_and(|other| other.inferred.is_none()) {
        // Its mistake was reported.
        return;
    }
    let place = node.arg_place(tied.param);
    let Some((owner, param)) = net.owner(number) else {
        return errors.problem(place, &none_there(&tied, other));
    };
    let owner = &net.nodes[owner];
    let params = owner.inferred.as_ref().map_or(&[][..], |inferred| &inferred.params);
    let Some(found) = params.get(param) else { return };
    let problem = other_shape(&tied, node, owner, &found.dims);
    let shapes = [&tied.dims, &found.dims].map(|dims| Shape::floats(dims.clone()));
    let checks = require_equal(shapes.each_ref(), &problem, place, errors);
    let before = [&*node.rests_on, &*owner.rests_on].concat();
    net.nodes[number].rests_on = assert_all(net, order, checks, before);
}

/// What is said where the other layer has no such parameter.
fn none_there(tied: &Tied, other: Option<&Node>) -> Problem {
    let Tied { param, layer, .. } = tied;
    let what = other.map_or_else(String::new, |other| {
        format!(", from `{}` (line {}),", other.written, other.line)
    });
    Problem::new(format!("`{layer}`{what} has no parameter `{param}`")).help(other_layer(tied))
}

/// What is said where it has another shape.
fn other_shape(tied: &Tied, node: &Node, owner: &Node, found: &[Dim]) -> Problem {
    let Tied { param, layer, dims, axes } = tied;
    let [needed, shape] = [dims, found].map(|dims| Shape::floats(dims.to_vec()));
    let problem = Problem::new(format!(
        "`{}` needs a `{param}` of {needed} here, but that of `{layer}` (line {}) is {shape}",
        node.written, owner.line
    ));
    if found.len() != dims.len() {
        return problem.help(other_layer(tied));
    }
    let sizes = axes.iter().zip(found).map(|(axis, size)| format!("`{axis}` is {size}"));
    problem.help(format!(
        "it fits where {}; or leave out `{param} = {layer}`",
        sizes.collect::<Vec<_>>().join(" and ")
    ))
}

fn other_layer(tied: &Tied) -> String {
    let Tied { param, axes, .. } = tied;
    format!("name a layer before this one whose `{param}` is [{}]", axes.join(", "))
}
