//! Nodes as written become nodes of layers that the runtime has: a layer that is made of others its
//! parts, one that gives several values what takes them apart.
//!
//! So the values get new numbers. Conditions keep the order of the layers as written.

use super::{arrivals, assert_all, check_shared, check_stated, place_of, rests_on, tied};
use crate::diag::Errors;
use crate::ir::{Net, Node, ValueId};
use netwright_spec::composite::{self, Expansion, Part, joined};
use netwright_spec::{Args, Context, Problem};
use proc_macro2::Ident;
use std::collections::BTreeSet;

/// What became of the values and nodes as written.
struct Expanded {
    /// The values that each gives; `None` for one that nothing may use.
    values: Vec<Vec<Option<ValueId>>>,
    /// The nodes of each, with their names behind its own.
    nodes: Vec<Vec<(String, usize)>>,
    /// All names.
    names: BTreeSet<String>,
}

/// Infers all nodes in their order, and puts what they become in their places.
pub(super) fn expand(net: &mut Net, errors: &mut Errors) {
    let written = std::mem::take(&mut net.nodes);
    let ports = net.inputs.iter().filter_map(|port| port.name.as_ref()).map(Ident::to_string);
    let mut expanded = Expanded {
        values: (0..net.inputs.len()).map(|value| vec![Some(value)]).collect(),
        nodes: Vec::new(),
        names: ports.chain(written.iter().map(|node| node.name.clone())).collect(),
    };
    for node in written {
        expanded.node(net, node, errors);
    }
    for output in &mut net.outputs {
        output.value = output.value.and_then(|value| expanded.value(value, 0));
    }
}

impl Expanded {
    /// Where an output of a value as written is now.
    fn value(&self, value: ValueId, output: usize) -> Option<ValueId> {
        *self.values.get(value)?.get(output)?
    }

    fn node(&mut self, net: &mut Net, mut node: Node, errors: &mut Errors) {
        if let (Some(output), Some(&of)) = (node.output_of, node.inputs.first())
            && let Some(&known) = self.values.get(of).and_then(|all| all.get(output))
        {
            self.values.push(vec![known]);
            self.nodes.push(Vec::new());
            return;
        }
        node.inputs = node.inputs.iter().filter_map(|&value| self.value(value, 0)).collect();
        match expansion(net, &node, self.nodes.len(), errors) {
            Some(expansion) => self.parts(net, node, expansion, errors),
            None => self.mistaken(net, node, errors),
        }
    }

    /// A layer whose rule says nothing: after a mistake, or one that is not in the catalogue.
    fn mistaken(&mut self, net: &mut Net, mut node: Node, errors: &mut Errors) {
        let (order, number) = (self.nodes.len(), net.nodes.len());
        let first = node.shares.and_then(|first| self.nodes.get(first)?.first());
        node.shares = first.map(|(_, number)| *number);
        net.nodes.push(node);
        check_shared(net, (number, order), errors);
        check_stated(net, (number, order), errors);
        self.values.push(vec![Some(net.inputs.len() + number)]);
        self.nodes.push(vec![(String::new(), number)]);
    }

    fn parts(&mut self, net: &mut Net, node: Node, made: Made, errors: &mut Errors) {
        let (order, first) = (self.nodes.len(), net.nodes.len());
        let value = |number: usize| match node.inputs.get(number) {
            Some(&input) => input,
            None => net.inputs.len() + first + number - node.inputs.len(),
        };
        let outputs: Vec<_> = made.outputs.iter().map(|output| output.map(value)).collect();
        let stated = outputs.first().copied().flatten();
        let inputs: Vec<Vec<ValueId>> = made
            .parts
            .iter()
            .map(|part| part.inputs.iter().map(|&input| value(input)).collect())
            .collect();
        let mut own = Vec::new();
        for (part, inputs) in made.parts.into_iter().zip(inputs) {
            let number = net.nodes.len();
            own.push((part.name.clone(), number));
            let part = self.part(net, &node, (part, inputs, made.rests_on.clone()), errors);
            net.nodes.push(part);
            check_shared(net, (number, order), errors);
            tied::check(net, (number, order), errors);
            if stated == Some(net.inputs.len() + number) {
                net.nodes[number].stated = node.stated.clone();
                check_stated(net, (number, order), errors);
            }
        }
        self.values.push(outputs);
        self.nodes.push(own);
    }

    fn part(
        &mut self,
        net: &Net,
        node: &Node,
        (part, inputs, rests_on): (Part, Vec<ValueId>, Vec<usize>),
        errors: &mut Errors,
    ) -> Node {
        let is_itself = part.name.is_empty();
        let name = joined(&node.name, &part.name);
        let first = node.shares.and_then(|first| self.nodes.get(first));
        let mistaken = |(_, number): &(String, usize)| net.nodes[*number].inferred.is_none();
        let is_after_mistake = first.is_some_and(|own| own.iter().any(mistaken));
        let shares = first.and_then(|own| own.iter().find(|(name, _)| *name == part.name));
        let shares = shares.map(|(_, number)| *number);
        let fits = first.is_none() || shares.is_some() || part.inferred.params.is_empty();
        if !fits && !is_after_mistake {
            let text = format!(
                "the shared layer `{}` does not consist of the same layers here as where it is \
                 applied first",
                node.name
            );
            errors.push_help(node.place, text, "declare another `layer`");
        }
        if !is_itself && shares.is_none() && !self.names.insert(name.clone()) {
            let text = format!("`{}` makes a layer `{name}`, but that name is taken", node.written);
            errors.push_help(node.place, text, "give the layer with this name another one");
        }
        Node {
            ident: match is_itself {
                true => node.ident.clone(),
                false => Ident::new(&name, node.ident.span()),
            },
            name,
            def: Some(part.def),
            outside: None,
            written: node.written.clone(),
            place: node.place,
            line: node.line,
            args: Args::new(),
            arg_places: node.arg_places.clone(),
            inputs,
            roles: Vec::new(),
            stated: None,
            inferred: fits.then_some(part.inferred),
            rests_on,
            shares,
            wanted: vec![true],
            names_place: node.names_place,
            output_of: None,
        }
    }
}

/// What a node becomes, and the assertions that this rests on.
struct Made {
    parts: Vec<Part>,
    outputs: Vec<Option<usize>>,
    rests_on: Vec<usize>,
}

/// What a layer becomes by its rule; `None` after a mistake, here or before it.
fn expansion(net: &mut Net, node: &Node, order: usize, errors: &mut Errors) -> Option<Made> {
    let arrivals = arrivals(net, node)?;
    let name = net.name.to_string();
    let context = Context::new(&node.written, &node.args, &arrivals);
    let mut context = context.of(&name).giving(node.wanted.len());
    let made = composite::expand(node.def?, &mut context);
    let problem = match made {
        Ok(made) => match wrong_names(node, &made) {
            None => {
                let checks = context.deferred.into_iter();
                let checks = checks.map(|one| (place_of(node, &one.problem), one)).collect();
                let before = rests_on(net, &node.inputs);
                let rests_on = assert_all(net, order, checks, before);
                let (parts, outputs) = made.only(&node.wanted, node.inputs.len());
                return Some(Made { parts, outputs, rests_on });
            }
            Some(problem) => {
                errors.problem(node.names_place, &problem);
                return None;
            }
        },
        Err(problem) => problem,
    };
    errors.problem(place_of(node, &problem), &problem);
    None
}

/// What is said where there is not one name for each output.
fn wrong_names(node: &Node, made: &Expansion) -> Option<Problem> {
    let (names, given) = (node.wanted.len(), made.outputs.len());
    if names == 1 || names == given {
        return None;
    }
    let all: Vec<&str> = made.outputs.iter().map(|(name, _)| *name).collect();
    let what = match given {
        1 => "one value".to_string(),
        _ => format!("{given} values"),
    };
    let text = format!("`{}` gives {what}, but here are {names} names", node.written);
    Some(Problem::new(text).help(match given {
        1 => "write `let a = …`".to_string(),
        _ => format!(
            "write one for each, `let ({}) = …`, with `_` for what nothing uses; or a single name \
             for the first",
            all.join(", ")
        ),
    }))
}
