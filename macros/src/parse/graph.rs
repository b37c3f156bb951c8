//! The graph form: `let` values, expressions over them, and what the network gives.

use proc_macro2::{Delimiter, Ident, Literal, TokenTree};

use super::cursor::Cursor;
use super::{chain, layer, names};
use crate::ast::{Chain, Graph, Join, Let, Shared, StepKind, Term, Value};
use crate::diag::{Errors, Extent};

/// Whether a body is in graph form: one statement, arrow or operator on values is enough.
pub(super) fn is_graph(cursor: &Cursor) -> bool {
    let mut ahead = cursor.clone();
    if ahead.group(0, Delimiter::Parenthesis).is_some() || starts_sum(&ahead) {
        return true;
    }
    while !ahead.is_empty() {
        if starts(&ahead) {
            return true;
        }
        ahead.skip_one();
    }
    false
}

/// `low + high`, `-low`: names of values are small, those of layers are not.
fn starts_sum(cursor: &Cursor) -> bool {
    let small = |word: &Ident| word.to_string().starts_with(char::is_lowercase);
    let value = |at: usize| cursor.word(at).is_some_and(small);
    value(0) && operator(cursor, 1, &['+', '-', '*']) || operator(cursor, 0, &['-']) && value(1)
}

/// Whether something comes next that only the graph form has.
pub(super) fn starts(cursor: &Cursor) -> bool {
    starts_let(cursor) || starts_join(cursor) || cursor.is_pair(0, '=', '>')
}

/// `let: Relu` names a layer, by mistake.
fn starts_let(cursor: &Cursor) -> bool {
    cursor.is_word(0, "let") && !cursor.is_colon(1) && !cursor.is_equals(1)
}

/// Whether a shared layer is declared.
pub(super) fn starts_shared(cursor: &Cursor) -> bool {
    cursor.is_word(0, "layer") && cursor.word(1).is_some() && cursor.is_colon(2)
}

fn starts_join(cursor: &Cursor) -> bool {
    let join = cursor.is_word(0, "concat") || cursor.is_word(0, "matmul");
    join && cursor.group(1, Delimiter::Parenthesis).is_some()
}

/// Whether one of these signs stands there and is no part of an arrow.
fn operator(cursor: &Cursor, ahead: usize, signs: &[char]) -> bool {
    let arrow = cursor.is_pair(ahead, '-', '>');
    !arrow && signs.iter().any(|sign| cursor.is(ahead, *sign))
}

/// Takes and reports what belongs into a graph and stands between the layers of a chain.
pub(super) fn misplaced(cursor: &mut Cursor, errors: &mut Errors) -> bool {
    let place = cursor.span();
    if let Some(place) = cursor.take_pair('=', '>') {
        let help = "`=>` stands between a value and its first layer; layers are separated by `,`";
        errors.push_help(place, "expected `,` between layers, found `=>`", help);
        return true;
    }
    if misplaced_shared(cursor, errors) {
        return true;
    }
    if starts_let(cursor) || starts_join(cursor) {
        let text = format!("{} cannot stand between layers", cursor.found());
        errors.push_help(place, text, "give the value a name with `let` at the top of the network");
        chain::skip(cursor);
        cursor.take(1);
        return true;
    }
    false
}

fn misplaced_shared(cursor: &mut Cursor, errors: &mut Errors) -> bool {
    if !starts_shared(cursor) {
        return false;
    }
    let help = "move it up: shared layers stand before everything else";
    errors.push_help(cursor.span(), "a shared layer is declared at the top of a network", help);
    shared(cursor, &mut Errors::new());
    true
}

/// Takes and reports an operator behind a layer.
pub(super) fn behind_layer(cursor: &mut Cursor, errors: &mut Errors) -> bool {
    if !operator(cursor, 0, &['+', '-', '*']) {
        return false;
    }
    let text = format!("expected `,` between layers, found {}", cursor.found());
    let help = "an operand that is itself a chain stands in round brackets: `(a => Relu) + b`";
    errors.push_help(cursor.span(), text, help);
    chain::skip(cursor);
    cursor.take(1);
    true
}

/// Takes `layer encoder: Linear<64>;`.
pub(super) fn shared(cursor: &mut Cursor, errors: &mut Errors) -> Shared {
    cursor.take(1);
    let mut len = 0;
    while len < cursor.len() && !cursor.is(len, ';') {
        len += 1;
    }
    let mut part = cursor.take(len);
    let (end, found) = (cursor.span(), cursor.found());
    if cursor.take_sign(';').is_none() {
        errors.push(end, format!("expected `;` behind the shared layer, found {found}"));
    }
    let name = part.word(0).cloned().unwrap_or_else(|| Ident::new("a", end));
    let mut step = chain::step(&mut part, errors);
    if !part.is_empty() && !matches!(step.kind, StepKind::Error) {
        let help = "a shared layer is one layer: declare each of them, `layer a: …; layer b: …;`";
        errors.push_help(part.span(), format!("expected `;`, found {}", part.found()), help);
        step.kind = StepKind::Error;
    }
    Shared { name: step.name.clone().unwrap_or(name), step }
}

/// Reads a body in graph form.
pub(super) fn graph(mut cursor: Cursor, errors: &mut Errors) -> Graph {
    let before = errors.count();
    let mut graph =
        Graph { lets: Vec::new(), outputs: Vec::new(), place: cursor.place(), broken: false };
    while !cursor.is_empty() {
        statement(&mut cursor, &mut graph, errors);
    }
    if graph.outputs.is_empty() && errors.count() == before {
        let help = "the last line says what the network gives, without `;`: a value, or `(a, b)`";
        errors.push_help(cursor.span(), "expected what the network gives, found the end", help);
    }
    graph.broken = errors.count() > before;
    graph
}

/// Takes all up to the next `;` or statement.
fn statement(cursor: &mut Cursor, graph: &mut Graph, errors: &mut Errors) {
    if misplaced_shared(cursor, errors) {
        return;
    }
    let is_let = starts_let(cursor);
    let mut len = 1;
    let at = |len: usize| {
        let mut at = cursor.clone();
        at.take(len);
        at
    };
    while len < cursor.len() && !cursor.is(len, ';') && !starts_let(&at(len)) {
        len += 1;
    }
    let mut part = cursor.take(len);
    let end = cursor.span();
    let closed = cursor.take_sign(';').is_some();
    if is_let {
        if !closed {
            errors
                .push(end, format!("expected `;` behind the statement, found {}", cursor.found()));
        }
        graph.lets.extend(let_value(part, errors));
    } else if part.is(0, ';') {
        errors.push(part.span(), "expected a statement, found `;`");
    } else if closed || !cursor.is_empty() {
        let help = match cursor.is_empty() {
            true => "leave out the `;`: the last line says what the network gives",
            false => "give it a name: `let a = …;`",
        };
        errors.push_help(end, "a value without a name is never used", help);
        part.skip_all();
    } else {
        graph.place = part.place();
        graph.outputs = outputs(part, errors);
    }
}

fn let_value(mut part: Cursor, errors: &mut Errors) -> Option<Let> {
    part.take(1);
    let before = part.clone();
    let names = let_names(&mut part, errors)?;
    let pattern = part.since(&before);
    let place = pattern.place();
    if !part.is_equals(0) {
        let text = format!("expected `=` behind `let {}`, found {}", pattern.text(), part.found());
        errors.push(part.span(), text);
        return Some(Let { value: Value::Error(place.start), names, place });
    }
    part.take(1);
    let value = whole(part, errors);
    Some(Let { names, place, value })
}

/// `low`, or `(steps, h, _)`.
fn let_names(part: &mut Cursor, errors: &mut Errors) -> Option<Vec<Option<Ident>>> {
    let Some(group) = part.take_group(Delimiter::Parenthesis) else {
        let name = let_name(part, errors)?;
        return Some(vec![Some(names::checked(name, "a value", errors))]);
    };
    let (mut all, before) = (Vec::new(), errors.count());
    for mut one in Cursor::inside(&group).split() {
        let name = let_name(&mut one, errors);
        if name.is_some() && !one.is_empty() {
            errors.push(one.span(), format!("expected `,` between names, found {}", one.found()));
        }
        let name = name.filter(|name| name != "_");
        all.push(name.map(|name| names::checked(name, "a value", errors)));
    }
    if all.iter().all(Option::is_none) && errors.count() == before {
        errors.push_help(group.span(), "expected names, found none", "write `let (a, b) = …`");
        return None;
    }
    Some(all)
}

fn let_name(part: &mut Cursor, errors: &mut Errors) -> Option<Ident> {
    let name = part.take_word();
    if name.is_none() {
        let help = "one value has one name: `let low = image => Relu;`";
        errors.push_help(part.span(), format!("expected a name, found {}", part.found()), help);
    }
    name
}

/// The last expression: one, or a tuple.
fn outputs(part: Cursor, errors: &mut Errors) -> Vec<Value> {
    match tuple(&part, 0) {
        Some(inside) if part.len() == 1 => {
            inside.split().into_iter().map(|one| operand_of_list(one, errors)).collect()
        }
        _ => vec![whole(part, errors)],
    }
}

/// Whether a comma comes before any arrow: `(a, b)`, not `(a => A, B)`.
fn is_tuple(mut inside: Cursor) -> bool {
    while !inside.is_empty() && !inside.is_pair(0, '=', '>') {
        if inside.is(0, ',') {
            return true;
        }
        inside.skip_one();
    }
    false
}

/// Reads an expression, a chain behind it included.
fn whole(mut part: Cursor, errors: &mut Errors) -> Value {
    if let Some(inside) = tuple(&part, 0)
        && part.is_pair(1, '=', '>')
    {
        part.take(1);
        let values = inside.split().into_iter().map(|one| operand_of_list(one, errors));
        return chain_behind(values.collect(), part, errors);
    }
    let value = sum(&mut part, errors);
    if part.is_empty() || matches!(value, Value::Error(_)) {
        return value;
    }
    chain_behind(vec![value], part, errors)
}

/// The chain that takes these values.
fn chain_behind(values: Vec<Value>, mut part: Cursor, errors: &mut Errors) -> Value {
    let span = part.span();
    match part.take_pair('=', '>') {
        Some(_) if values.iter().any(is_error) => Value::Error(span),
        Some(arrow) => Value::Chain(values, layers(part, arrow, errors)),
        None => unexpected(&part, errors),
    }
}

/// What stands in round brackets, where it is several values.
fn tuple(cursor: &Cursor, ahead: usize) -> Option<Cursor> {
    let inside = Cursor::inside(cursor.group(ahead, Delimiter::Parenthesis)?);
    is_tuple(inside.clone()).then_some(inside)
}

/// The layers behind `=>`.
fn layers(part: Cursor, arrow: Extent, errors: &mut Errors) -> Chain {
    let mut read = chain::layers(part, arrow.start, errors);
    if chain::is_blank(&read) {
        errors.push(arrow, "expected a layer behind `=>`");
        read.poisoned = true;
    }
    read
}

fn unexpected(part: &Cursor, errors: &mut Errors) -> Value {
    let text = format!("expected an operator or `=>`, found {}", part.found());
    if part.is(0, ',') {
        let help = "layers follow a value behind `=>`: `let a = x => Linear<8>, Relu;`";
        errors.push_help(part.span(), text, help);
    } else {
        errors.push(part.span(), text);
    }
    Value::Error(part.span())
}

/// One of several operands: a chain among them would swallow the commas.
fn operand_of_list(mut part: Cursor, errors: &mut Errors) -> Value {
    if part.is_empty() {
        errors.push(part.span(), "expected a value, found `,`");
        return Value::Error(part.span());
    }
    let value = sum(&mut part, errors);
    if let Some(arrow) = part.take_pair('=', '>') {
        let help = "write `concat((a => Relu), b)`";
        errors.push_help(arrow, "a chain among operands stands in round brackets", help);
        return Value::Error(arrow.start);
    }
    if part.is_empty() || matches!(value, Value::Error(_)) {
        value
    } else {
        unexpected(&part, errors)
    }
}

fn sum(cursor: &mut Cursor, errors: &mut Errors) -> Value {
    terms(cursor, &['+', '-'], errors, product, Value::Sum)
}

fn product(cursor: &mut Cursor, errors: &mut Errors) -> Value {
    terms(cursor, &['*'], errors, operand, Value::Product)
}

/// Operands with one of these signs between them; a single one is itself.
fn terms(
    cursor: &mut Cursor,
    signs: &[char],
    errors: &mut Errors,
    one: fn(&mut Cursor, &mut Errors) -> Value,
    all: fn(Vec<Term>) -> Value,
) -> Value {
    let (mut terms, mut sign, mut span) = (Vec::new(), '+', cursor.span());
    loop {
        let value = one(cursor, errors);
        let wrong = matches!(value, Value::Error(_));
        terms.push(Term { sign, span, value });
        if wrong || !operator(cursor, 0, signs) {
            break;
        }
        sign = signs.iter().copied().find(|sign| cursor.is(0, *sign)).unwrap_or('+');
        span = cursor.take(1).span();
    }
    if terms.last().is_some_and(|term| matches!(term.value, Value::Error(_))) {
        return Value::Error(span);
    }
    match <[Term; 1]>::try_from(terms) {
        Ok([only]) => only.value,
        Err(terms) => all(terms),
    }
}

fn operand(cursor: &mut Cursor, errors: &mut Errors) -> Value {
    let (mut negative, place) = (false, cursor.span());
    while operator(cursor, 0, &['-']) {
        cursor.take(1);
        negative = !negative;
    }
    match positive_operand(cursor, errors) {
        Value::Number { lit, span, .. } => Value::Number { lit, negative, span },
        value if !negative || matches!(value, Value::Error(_)) => value,
        value => {
            let lit = syn::Lit::new(Literal::usize_unsuffixed(1));
            let minus = Value::Number { lit, negative, span: place };
            let term = |value| Term { sign: '*', span: place, value };
            Value::Product(vec![term(minus), term(value)])
        }
    }
}

fn positive_operand(cursor: &mut Cursor, errors: &mut Errors) -> Value {
    if tuple(cursor, 0).is_some() {
        let help = "several values go into a layer, `(a, b) => Layer`, or become one: `a + b`, \
                    `concat(a, b)`";
        errors.push_help(cursor.span(), "expected one value, found several in brackets", help);
        return Value::Error(cursor.take(1).span());
    }
    if let Some(group) = cursor.take_group(Delimiter::Parenthesis) {
        let inside = Cursor::inside(&group);
        if inside.is_empty() {
            errors.push(group.span(), "expected a value, found `()`");
            return Value::Error(group.span());
        }
        return whole(inside, errors);
    }
    if starts_join(cursor) {
        return join(cursor, errors);
    }
    if let Some(TokenTree::Literal(literal)) = cursor.peek(0) {
        let (lit, span) = (syn::Lit::new(literal.clone()), literal.span());
        cursor.take(1);
        return Value::Number { lit, negative: false, span };
    }
    name(cursor, errors)
}

fn name(cursor: &mut Cursor, errors: &mut Errors) -> Value {
    let (span, found) = (cursor.span(), cursor.found());
    let layer = cursor.is(1, '<') || cursor.group(1, Delimiter::Parenthesis).is_some();
    match cursor.word(0) {
        Some(word) if !names::is_keyword(word) && !layer && !cursor.is_pair(1, ':', ':') => {
            let word = word.clone();
            cursor.take(1);
            return Value::Name(word);
        }
        Some(_) if layer => {
            let help = "layers follow a value behind `=>`: `let a = x => Linear<8>, Relu;`";
            errors.push_help(span, format!("expected a value, found the layer {found}"), help);
        }
        _ => errors.push(span, format!("expected a value, found {found}")),
    }
    cursor.skip_all();
    Value::Error(span)
}

/// `concat(a, b, axis = 1)`
fn join(cursor: &mut Cursor, errors: &mut Errors) -> Value {
    let (word, group) = (cursor.take_word(), cursor.take_group(Delimiter::Parenthesis));
    let (Some(word), Some(group)) = (word, group) else { return Value::Error(cursor.span()) };
    let mut join = Join { word, values: Vec::new(), options: Vec::new() };
    for mut part in Cursor::inside(&group).split() {
        if part.is_equals(1) {
            join.options.push(layer::argument(&mut part, errors));
            if !part.is_empty() {
                errors.push(part.span(), format!("expected `,`, found {}", part.found()));
            }
        } else {
            join.values.push(operand_of_list(part, errors));
        }
    }
    if join.values.iter().any(is_error) { Value::Error(group.span()) } else { Value::Call(join) }
}

fn is_error(value: &Value) -> bool {
    matches!(value, Value::Error(_))
}
