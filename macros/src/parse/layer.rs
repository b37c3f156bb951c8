//! One layer: `Conv2d<32, 3, stride = 2>` or `Dropout(0.3)`.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenTree};
use syn::{Expr, Path};

use super::cursor::Cursor;
use super::names;
use super::size::{list, shape, size};
use crate::ast::{Arg, ArgValue, Call, SizeExpr};
use crate::diag::Errors;

/// Takes a layer if a path comes next.
pub(super) fn call(cursor: &mut Cursor, errors: &mut Errors) -> Option<Call> {
    let path = names::path(cursor)?;
    let options = options(&path, cursor, errors);
    let values = match cursor.take_group(Delimiter::Parenthesis) {
        Some(group) => values(&group, errors),
        None => Vec::new(),
    };
    Some(Call { path, options, values })
}

fn options(path: &Path, cursor: &mut Cursor, errors: &mut Errors) -> Vec<Arg> {
    if let Some(group) = cursor.take_group(Delimiter::Bracket) {
        return square_options(path, &group, errors);
    }
    if cursor.is_pair(0, ':', ':') && cursor.is(2, '<') {
        let span = cursor.take(2).place();
        errors.push_help(span, "expected `<`, found `::`", "leave out the `::`");
    }
    if !cursor.is(0, '<') {
        return Vec::new();
    }
    let Some(len) = cursor.angle_len() else { return unclosed(cursor, errors) };
    let inside = cursor.take(len + 2).between();
    list(inside, errors, "a size", argument)
}

/// `Conv2d[32, 3]`: the sizes are clear, only the brackets are wrong.
fn square_options(path: &Path, group: &Group, errors: &mut Errors) -> Vec<Arg> {
    let name = path.segments.last().map_or(String::new(), |last| last.ident.to_string());
    let inside = Cursor::inside(group);
    let text = format!("sizes stand in angle brackets: `{name}<{}>`", inside.text());
    errors.push(group.span(), text);
    list(inside, &mut Errors::new(), "a size", argument)
}

/// A `<` without `>`: takes what looks like arguments, up to the comma before the next layer.
fn unclosed(cursor: &mut Cursor, errors: &mut Errors) -> Vec<Arg> {
    let span = cursor.span();
    errors.push(span, "this `<` is never closed: expected a `>`");
    cursor.take(1);
    let mut len = 0;
    while cursor.peek(len).is_some() && !ends_arguments(cursor, len) {
        len += 1;
    }
    let mut options = list(cursor.take(len), &mut Errors::new(), "a size", argument);
    options.push(Arg { name: None, value: ArgValue::Error, place: span.into() });
    options
}

/// Whether arguments end `at` a place at the latest: a layer's name is written `LikeThis`.
fn ends_arguments(cursor: &Cursor, at: usize) -> bool {
    let camel = |word: &Ident| {
        let text = word.to_string();
        text.starts_with(char::is_uppercase) && text.contains(char::is_lowercase)
    };
    let next_layer =
        cursor.is(at, ',') && (cursor.word(at + 1).is_some_and(camel) || cursor.is_colon(at + 2));
    let arrow = cursor.is_pair(at, '-', '>') || cursor.is_pair(at, '=', '>');
    next_layer || arrow || cursor.is(at, ';')
}

pub(super) fn argument(cursor: &mut Cursor, errors: &mut Errors) -> Arg {
    let name = argument_name(cursor, errors);
    let place = cursor.place();
    if name.is_some() && cursor.is_empty() {
        return Arg { name, value: ArgValue::Error, place };
    }
    let value = value(cursor, errors);
    Arg { name, value, place }
}

/// Takes `stride =`. `stride: 2` and an `=` with nothing behind it are reported here.
fn argument_name(cursor: &mut Cursor, errors: &mut Errors) -> Option<Ident> {
    let colon = cursor.is_colon(1);
    if !colon && !cursor.is_equals(1) {
        return None;
    }
    let name = cursor.take_word()?;
    let sign = cursor.take(1).place();
    if colon {
        let help = format!("`{name} = {}`", cursor.text());
        errors.push_help(sign, "expected `=`, found `:`", help);
    } else if cursor.is_empty() {
        errors.push(sign, format!("expected a value behind `{name} =`"));
    }
    Some(name)
}

fn value(cursor: &mut Cursor, errors: &mut Errors) -> ArgValue {
    if let Some(group) = cursor.take_group(Delimiter::Bracket) {
        return ArgValue::Shape(shape(&group, errors));
    }
    if let Some(group) = cursor.group(0, Delimiter::Parenthesis).cloned() {
        let inside = Cursor::inside(&group);
        if (0..inside.len()).any(|at| inside.is(at, ',')) || inside.is_empty() {
            cursor.take(1);
            return sizes(inside, group.span(), errors);
        }
    }
    if is_float(cursor) {
        return expression(cursor, errors);
    }
    ArgValue::Size(size(cursor, errors))
}

/// Whether a number with a point is all that is left: no size, but a run-time value in the wrong
/// brackets, which the next stage can say more about.
fn is_float(cursor: &Cursor) -> bool {
    match cursor.peek(0) {
        Some(TokenTree::Literal(literal)) if cursor.len() == 1 => {
            matches!(syn::Lit::new(literal.clone()), syn::Lit::Float(_))
        }
        _ => false,
    }
}

/// Two or three sizes in round brackets.
fn sizes(inside: Cursor, span: Span, errors: &mut Errors) -> ArgValue {
    let sizes = list(inside, errors, "a size", size);
    let count = sizes.len();
    let pair = |sizes: Vec<SizeExpr>| <[SizeExpr; 2]>::try_from(sizes);
    match <[SizeExpr; 3]>::try_from(sizes).map_err(pair) {
        Ok(sizes) => ArgValue::Triple(sizes),
        Err(Ok([height, width])) => ArgValue::Pair(height, width),
        Err(Err(_)) => {
            let text = format!("expected two or three sizes in brackets, found {count}");
            errors.push(span, text);
            ArgValue::Error
        }
    }
}

fn values(group: &Group, errors: &mut Errors) -> Vec<Arg> {
    list(Cursor::inside(group), errors, "a value", |cursor, errors| {
        let name = argument_name(cursor, errors);
        let place = cursor.place();
        let value = if cursor.is_empty() { ArgValue::Error } else { expression(cursor, errors) };
        Arg { name, value, place }
    })
}

/// Takes all that is left as an expression.
fn expression(cursor: &mut Cursor, errors: &mut Errors) -> ArgValue {
    let whole = cursor.clone();
    cursor.skip_all();
    if weight(whole.stream()) > LONGEST_VALUE {
        let help = "give it a name: `const RATE: f64 = …;`";
        errors.push_help(whole.span(), "this value is too long", help);
        return ArgValue::Error;
    }
    match syn::parse2::<Expr>(whole.stream()) {
        Ok(value) => ArgValue::Expr(value),
        Err(_) => {
            let text = format!("expected a value, found `{}`", whole.text());
            errors.push(whole.place(), text);
            ArgValue::Error
        }
    }
}

/// syn reads expressions recursively, `----…` too, so their length must be bounded.
pub(super) const LONGEST_VALUE: usize = 128;

/// The number of tokens, those in brackets included.
pub(super) fn weight(tokens: proc_macro2::TokenStream) -> usize {
    let one = |token| match token {
        proc_macro2::TokenTree::Group(group) => 1 + weight(group.stream()),
        _ => 1,
    };
    tokens.into_iter().map(one).sum()
}
