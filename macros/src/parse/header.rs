//! What stands before the layers: attributes, visibility, name, inputs and outputs.

use proc_macro2::{Delimiter, Group, Ident, Span};
use syn::parse::Parser;
use syn::{Attribute, Visibility};

use super::cursor::Cursor;
use super::{chain, generics, graph, layer, names, size};
use crate::ast::{Body, Chain, Network, Port, Shared};
use crate::diag::Errors;

const SHORTEST: &str = "write `struct Net([3]) -> [1] { Linear<1> }`";

/// Takes one declaration. None where there is nothing to go on with, not even a name.
pub(super) fn network(cursor: &mut Cursor, errors: &mut Errors) -> Option<Network> {
    let before = errors.count();
    let attrs = attributes(cursor, errors);
    let vis = visibility(cursor, errors);
    if !keyword(cursor, errors) {
        skip_item(cursor);
        return None;
    }
    let name = name(cursor, errors);
    let generics = generics::generics(cursor, errors);
    let (inputs, is_network) = inputs(cursor, errors);
    let outputs = outputs(cursor, errors);
    let (shared, body) = body(cursor, &name, is_network, errors);
    let broken = errors.count() > before;
    Some(Network { attrs, vis, name, generics, inputs, outputs, shared, body, broken })
}

fn attributes(cursor: &mut Cursor, errors: &mut Errors) -> Vec<Attribute> {
    let mut attrs = Vec::new();
    while cursor.is(0, '#') {
        let inner = cursor.is(1, '!');
        if cursor.group(1 + usize::from(inner), Delimiter::Bracket).is_none() {
            let span = cursor.take(1).place();
            errors.push(span, format!("expected an attribute, found `#` and {}", cursor.found()));
        } else if inner {
            let span = cursor.take(3).place();
            errors.push_help(span, "expected an outer attribute, found `#!`", "leave out the `!`");
        } else {
            attrs.extend(attribute(cursor.take(2), errors));
        }
    }
    attrs
}

fn attribute(tokens: Cursor, errors: &mut Errors) -> Vec<Attribute> {
    /// syn reads the value in `#[a = …]` recursively.
    const LONGEST: usize = 256;
    let short = layer::weight(tokens.stream()) <= LONGEST;
    let read = short.then(|| Attribute::parse_outer.parse2(tokens.stream()).ok()).flatten();
    read.unwrap_or_else(|| {
        errors.push(tokens.place(), format!("expected an attribute, found `{}`", tokens.text()));
        Vec::new()
    })
}

fn visibility(cursor: &mut Cursor, errors: &mut Errors) -> Visibility {
    if !cursor.is_word(0, "pub") {
        return Visibility::Inherited;
    }
    let restricted = cursor.group(1, Delimiter::Parenthesis).is_some();
    let tokens = cursor.take(1 + usize::from(restricted));
    syn::parse2(tokens.stream()).unwrap_or_else(|_| {
        let text = format!("expected `pub` or `pub(crate)`, found `{}`", tokens.text());
        errors.push(tokens.place(), text);
        Visibility::Inherited
    })
}

/// Takes `struct`, or reports what stands there instead. False where no network follows.
fn keyword(cursor: &mut Cursor, errors: &mut Errors) -> bool {
    if cursor.is_word(0, "struct") {
        cursor.take(1);
        return true;
    }
    let text = format!("expected `struct`, found {}", cursor.found());
    errors.push_help(cursor.span(), text, SHORTEST);
    // `fn Net([3]) …` and `Net([3]) …` are read on, other items are passed over.
    if cursor.word(0).is_some() && cursor.word(1).is_some() {
        cursor.take(1);
        if cursor.is_word(0, "struct") {
            cursor.take(1);
        }
    }
    looks_like_network(cursor)
}

fn looks_like_network(cursor: &Cursor) -> bool {
    let shapes = |group: &Group| {
        let inside = Cursor::inside(group);
        (0..inside.len()).any(|at| inside.group(at, Delimiter::Bracket).is_some())
    };
    cursor.word(0).is_some_and(|word| !names::is_keyword(word))
        && (cursor.is(1, '<') || cursor.group(1, Delimiter::Parenthesis).is_some_and(shapes))
}

/// Passes over what is no network, up to where the next declaration begins.
fn skip_item(cursor: &mut Cursor) {
    while !cursor.is_empty() && !starts_next(cursor) {
        let last = cursor.group(0, Delimiter::Brace).is_some() || cursor.is(0, ';');
        cursor.take(1);
        if last {
            return;
        }
    }
}

fn starts_next(cursor: &Cursor) -> bool {
    cursor.is_word(0, "struct") || cursor.is_word(0, "pub") || cursor.is(0, '#')
}

fn name(cursor: &mut Cursor, errors: &mut Errors) -> Ident {
    if let Some(word) = cursor.take_word() {
        return names::checked(word, "a network", errors);
    }
    errors.push(cursor.span(), format!("expected a name, found {}", cursor.found()));
    // The skeleton needs one.
    Ident::new("Unnamed", cursor.span())
}

/// Takes the inputs. False where this is an ordinary struct, whose fields are no layers.
fn inputs(cursor: &mut Cursor, errors: &mut Errors) -> (Vec<Port>, bool) {
    if let Some(group) = cursor.take_group(Delimiter::Parenthesis) {
        return (ports(&group, "an input", errors), true);
    }
    let span = cursor.span();
    let text = format!("expected inputs in round brackets, found {}", cursor.found());
    let help = "a network is declared as `struct Net([3]) -> [1] { … }`";
    errors.push_help(span, text, help);
    if let Some(group) = cursor.take_group(Delimiter::Bracket) {
        return (vec![Port { name: None, shape: size::shape(&group, errors) }], true);
    }
    (Vec::new(), cursor.is_pair(0, '-', '>'))
}

fn outputs(cursor: &mut Cursor, errors: &mut Errors) -> Option<Vec<Port>> {
    cursor.take_pair('-', '>')?;
    if let Some(group) = cursor.take_group(Delimiter::Parenthesis) {
        return Some(ports(&group, "an output", errors));
    }
    let shape = size::stated_shape(cursor, errors);
    if shape.broken {
        skip_to_body(cursor);
    }
    Some(vec![Port { name: None, shape }])
}

fn ports(group: &Group, what: &str, errors: &mut Errors) -> Vec<Port> {
    let inside = Cursor::inside(group);
    if inside.is_empty() {
        let text = format!("expected {what}, found `()`");
        errors.push_help(group.span(), text, "a scalar is written `([])`");
    }
    let mut unshaped = false;
    let ports = size::list(inside, errors, what, |cursor, errors| {
        port(cursor, what, &mut unshaped, errors)
    });
    // Broken ports may stand for something else than ports.
    if ports.len() > 1 && ports.iter().all(|port| !port.shape.broken) {
        for port in ports.iter().filter(|port| port.name.is_none()) {
            errors.push(port.shape.span, format!("{what} needs a name where there are several"));
        }
    }
    ports
}

/// `unshaped`: sizes without brackets were reported; `(3, 32, 32)` is one mistake, not three.
fn port(cursor: &mut Cursor, what: &str, unshaped: &mut bool, errors: &mut Errors) -> Port {
    let mut name = None;
    if cursor.is_colon(1)
        && let Some(word) = cursor.take_word()
    {
        name = Some(names::checked(word, what, errors));
        cursor.take(1);
    }
    let mut silent = Errors::new();
    let again = *unshaped && name.is_none();
    let shape = size::stated_shape(cursor, if again { &mut silent } else { errors });
    *unshaped |= shape.broken && name.is_none();
    if shape.broken {
        cursor.skip_all();
    }
    Port { name, shape }
}

fn body(
    cursor: &mut Cursor,
    name: &Ident,
    is_network: bool,
    errors: &mut Errors,
) -> (Vec<Shared>, Body) {
    if cursor.is_word(0, "where") {
        errors.push(cursor.span(), "`where` clauses are not supported");
        skip_to_body(cursor);
    }
    let found = (cursor.span(), cursor.found());
    let stray = cursor.group(0, Delimiter::Brace).is_none();
    if stray && is_network {
        errors.push(found.0, format!("expected layers in braces, found {}", found.1));
    }
    skip_to_body(cursor);
    match cursor.take_group(Delimiter::Brace) {
        Some(group) if is_network => network_body(&group, errors),
        Some(group) => (Vec::new(), unread(group.span())),
        None => (Vec::new(), unread(name.span())),
    }
}

fn network_body(group: &Group, errors: &mut Errors) -> (Vec<Shared>, Body) {
    let before = errors.count();
    let mut inside = Cursor::inside(group);
    let mut shared = Vec::new();
    while graph::starts_shared(&inside) {
        shared.push(graph::shared(&mut inside, errors));
    }
    if inside.is_empty() && errors.count() > before {
        return (shared, unread(group.span()));
    }
    if graph::is_graph(&inside) {
        return (shared, Body::Graph(graph::graph(inside, errors)));
    }
    let body = chain::filled_layers(inside, group.span(), "a network", errors);
    (shared, Body::Chain(body))
}

fn unread(span: Span) -> Body {
    Body::Chain(Chain { steps: Vec::new(), span, poisoned: true })
}

fn skip_to_body(cursor: &mut Cursor) {
    while !cursor.is_empty()
        && !starts_next(cursor)
        && !cursor.is(0, ';')
        && cursor.group(0, Delimiter::Brace).is_none()
    {
        cursor.take(1);
    }
}
