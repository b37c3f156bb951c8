//! The graph form and shared layers, which are recognised but not supported yet. Each construct is
//! one error, and reading goes on behind it; the chain it stands in is poisoned.

use proc_macro2::Delimiter;

use super::cursor::Cursor;
use crate::diag::{Errors, Extent};

fn not_yet(place: impl Into<Extent>, errors: &mut Errors) {
    let help = "write the network as a chain of layers; `Residual` and `Parallel` make branches";
    // Whoever uses it uses it throughout: one error says so.
    errors.push_help_once(place, "the graph form (`let`, `=>`) is not supported yet", help);
}

/// Whether a construct comes next that `construct` takes.
pub(super) fn starts(cursor: &Cursor) -> bool {
    let statement = (cursor.is_word(0, "let") && !is_named(cursor)) || starts_shared(cursor);
    statement || starts_join(cursor) || cursor.is_pair(0, '=', '>')
}

fn is_named(cursor: &Cursor) -> bool {
    cursor.is_colon(1) || cursor.is_equals(1)
}

fn starts_shared(cursor: &Cursor) -> bool {
    cursor.is_word(0, "layer") && cursor.word(1).is_some() && cursor.is_colon(2)
}

fn starts_join(cursor: &Cursor) -> bool {
    let join = cursor.is_word(0, "concat") || cursor.is_word(0, "matmul");
    join && cursor.group(1, Delimiter::Parenthesis).is_some()
}

/// Takes a statement or expression of the graph form if one comes next.
pub(super) fn construct(cursor: &mut Cursor, errors: &mut Errors) -> bool {
    if !starts(cursor) {
        return false;
    }
    if let Some(place) = cursor.take_pair('=', '>') {
        not_yet(place, errors);
        return true;
    }
    if starts_shared(cursor) {
        errors.push(cursor.span(), "shared layers are not supported yet");
        skip_past(cursor, |cursor| cursor.is(0, ';') || cursor.is(0, ','));
        return true;
    }
    not_yet(cursor.span(), errors);
    if cursor.is_word(0, "let") && has_semicolon(cursor) {
        skip_past(cursor, |cursor| cursor.is(0, ';'));
    } else {
        skip_past(cursor, |cursor| cursor.is(0, ';') || cursor.is(0, ','));
    }
    true
}

/// Takes `=> …` or `+ …` behind a value if it comes next.
pub(super) fn operator(cursor: &mut Cursor, errors: &mut Errors) -> bool {
    if cursor.is_pair(0, '=', '>') {
        return construct(cursor, errors);
    }
    let minus = cursor.is(0, '-') && !cursor.is_pair(0, '-', '>');
    if !minus && !cursor.is(0, '+') && !cursor.is(0, '*') {
        return false;
    }
    not_yet(cursor.span(), errors);
    skip_past(cursor, |cursor| cursor.is(0, ';') || cursor.is(0, ','));
    true
}

fn has_semicolon(cursor: &Cursor) -> bool {
    (0..cursor.len()).any(|at| cursor.is(at, ';'))
}

fn skip_past(cursor: &mut Cursor, separator: impl Fn(&Cursor) -> bool) {
    while !cursor.is_empty() && !separator(cursor) {
        cursor.skip_one();
    }
    cursor.take(1);
}
