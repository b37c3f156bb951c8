//! Sizes and shapes, and lists of anything.

use proc_macro2::{Delimiter, Group, Literal, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{Lit, LitInt};

use super::cursor::Cursor;
use super::{layer, names};
use crate::ast::{ShapeExpr, SizeExpr, SizeKind};
use crate::diag::Errors;

/// Reads what is separated by commas. `one` takes at least a token; where there is none left it
/// gives an error value. A list reports its first missing comma only, and what cannot be an item
/// is read again without a word, so that the list keeps an error value in its place.
pub(super) fn list<T>(
    cursor: Cursor,
    errors: &mut Errors,
    what: &str,
    mut one: impl FnMut(&mut Cursor, &mut Errors) -> T,
) -> Vec<T> {
    let mut items = Vec::new();
    let mut reported = false;
    for mut part in cursor.split() {
        if part.is_empty() {
            errors.push(part.span(), format!("expected {what}, found `,`"));
            items.push(one(&mut part, &mut Errors::new()));
        }
        while !part.is_empty() {
            items.push(one(&mut part, errors));
            if !part.is_empty() && !reported {
                errors.push(part.span(), format!("expected `,`, found {}", part.found()));
                reported = true;
            }
            part.take_sign(';');
            if !part.is_empty() && !starts_item(&part) {
                items.push(one(&mut part, &mut Errors::new()));
                part.skip_all();
            }
        }
    }
    items
}

fn starts_item(part: &Cursor) -> bool {
    matches!(part.peek(0), Some(TokenTree::Ident(_) | TokenTree::Literal(_) | TokenTree::Group(_)))
}

/// Reads `[3, 32, 32]`, `[usize; 100]` or `[usize]`.
pub(super) fn shape(group: &Group, errors: &mut Errors) -> ShapeExpr {
    let mut cursor = Cursor::inside(group);
    let index = element_type(&mut cursor, errors);
    let dims = list(cursor, errors, "a size", size);
    ShapeExpr { index, dims, span: group.span(), broken: false }
}

/// Stands where a shape was expected and something else was reported.
pub(super) fn no_shape(span: Span) -> ShapeExpr {
    ShapeExpr { index: false, dims: Vec::new(), span, broken: true }
}

/// Takes a shape if square brackets come next, and reports anything else.
pub(super) fn stated_shape(cursor: &mut Cursor, errors: &mut Errors) -> ShapeExpr {
    if let Some(group) = cursor.take_group(Delimiter::Bracket) {
        return shape(&group, errors);
    }
    let text = format!("expected a shape, found {}", cursor.found());
    errors.push_help(cursor.span(), text, "shapes stand in square brackets: `[3, 32, 32]`");
    no_shape(cursor.span())
}

/// Takes what stands before the `;` of a shape: only `usize` may, for indices.
fn element_type(cursor: &mut Cursor, errors: &mut Errors) -> bool {
    const INDICES: &str = "an index input is written `[usize; 100]`";
    let Some(word) = cursor.word(0).cloned() else { return false };
    let index = word == "usize";
    if cursor.is(1, ';') {
        cursor.take(2);
    } else if index && cursor.len() == 1 {
        // One index without an axis.
        cursor.take(1);
        return true;
    } else if index && cursor.is(1, ',') {
        cursor.take(2);
        errors.push_help(word.span(), "`usize` is a type, not a size", INDICES);
        return true;
    } else {
        return false;
    }
    if !index {
        let text = format!("only `usize;` can stand before sizes, found `{word};`");
        errors.push_help(word.span(), text, format!("leave it out for floats; {INDICES}"));
    }
    index || word.to_string().starts_with(['u', 'i'])
}

/// Reads a size. Takes all that is left of `cursor` where it does not understand.
pub(super) fn size(cursor: &mut Cursor, errors: &mut Errors) -> SizeExpr {
    let start = cursor.clone();
    let kind = primary(cursor, &start);
    if continues(cursor) || start.group(0, Delimiter::Parenthesis).is_some() {
        cursor.skip_all();
        return expression(&start, errors);
    }
    let place = cursor.since(&start).place();
    let kind = kind.unwrap_or_else(|text| {
        cursor.skip_all();
        errors.push(place, text);
        SizeKind::Error
    });
    SizeExpr { kind, place }
}

/// What a size begins with, or what is wrong with it.
fn primary(cursor: &mut Cursor, start: &Cursor) -> Result<SizeKind, String> {
    let wrong = || Err(format!("expected a size, found {}", start.found()));
    if names::starts_path(cursor, 0) || cursor.is_word(0, "true") || cursor.is_word(0, "false") {
        return Ok(word_or_path(cursor));
    }
    match cursor.next() {
        Some(TokenTree::Literal(literal)) => whole_number(&literal),
        Some(TokenTree::Ident(word)) if word == "_" => Ok(SizeKind::Infer),
        Some(TokenTree::Group(group)) => match group.delimiter() {
            Delimiter::Brace => block(group.stream()),
            Delimiter::None => block(group.to_token_stream()),
            _ => wrong(),
        },
        Some(TokenTree::Punct(sign)) if sign.as_char() == '-' => {
            if let Some(TokenTree::Literal(literal)) = cursor.next() {
                return Err(format!("expected a size, found `-{literal}`"));
            }
            wrong()
        }
        _ => wrong(),
    }
}

/// What stands in braces must be read by Rust: it becomes a constant.
fn block(inside: TokenStream) -> Result<SizeKind, String> {
    let short = layer::weight(inside.clone()) <= layer::LONGEST_VALUE;
    let read = short.then(|| syn::parse2::<syn::Block>(quote!({ #inside })).ok()).flatten();
    match read {
        Some(block) if !block.stmts.is_empty() => Ok(SizeKind::Block(inside)),
        _ if inside.is_empty() => Err("expected a size in braces, found nothing".to_string()),
        _ if !short => Err("this size is too long".to_string()),
        _ => Err("expected an expression in braces, such as `{ 2 * SIDE }`".to_string()),
    }
}

fn word_or_path(cursor: &mut Cursor) -> SizeKind {
    match names::path(cursor) {
        Some(path) => SizeKind::Path(path.to_token_stream(), path.get_ident().cloned()),
        None => cursor
            .take_word()
            .map_or(SizeKind::Error, |word| SizeKind::Path(word.to_token_stream(), Some(word))),
    }
}

fn whole_number(literal: &Literal) -> Result<SizeKind, String> {
    let Lit::Int(number) = Lit::new(literal.clone()) else {
        return Err(format!("expected a size, found `{literal}`"));
    };
    if number.base10_digits().starts_with('-') {
        return Err(format!("expected a size, found `{literal}`"));
    }
    checked_number(&number)
}

fn checked_number(number: &LitInt) -> Result<SizeKind, String> {
    if !matches!(number.suffix(), "" | "usize") {
        return Err(format!("a size is a `usize`, found `{number}`"));
    }
    let fits = number.base10_parse().map(SizeKind::Literal);
    fits.map_err(|_| format!("`{number}` does not fit into a `usize`"))
}

/// Whether what comes next makes an expression of the size before it.
fn continues(cursor: &Cursor) -> bool {
    let operator = "+-*/%&|^.<>!?".chars().any(|sign| cursor.is(0, sign));
    let arrow = cursor.is_pair(0, '-', '>');
    let call = cursor.group(0, Delimiter::Parenthesis).is_some();
    (operator && !arrow) || call || cursor.is_word(0, "as")
}

fn expression(whole: &Cursor, errors: &mut Errors) -> SizeExpr {
    let place = whole.place();
    let text = format!("expected a size, found the expression `{}`", whole.text());
    errors.push_help(place, text, format!("put it in braces: `{{ {} }}`", whole.text()));
    SizeExpr { kind: SizeKind::Error, place }
}
