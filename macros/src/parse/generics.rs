//! `<const CLASSES: usize, Side: Size>` behind a network's name.

use proc_macro2::{Delimiter, Ident};
use quote::{quote, quote_spanned};
use syn::{GenericParam, Generics, Path};

use super::cursor::Cursor;
use super::names;
use crate::diag::Errors;

/// Takes the generics if a `<` comes next.
pub(super) fn generics(cursor: &mut Cursor, errors: &mut Errors) -> Generics {
    let mut generics = Generics::default();
    if !cursor.is(0, '<') {
        return generics;
    }
    let Some(len) = cursor.angle_len() else {
        errors.push(cursor.span(), "this `<` is never closed: expected a `>`");
        skip_to_inputs(cursor);
        return generics;
    };
    for mut part in cursor.take(len + 2).between().split() {
        generics.params.extend(parameter(&mut part, errors));
    }
    generics
}

fn skip_to_inputs(cursor: &mut Cursor) {
    let brackets = [Delimiter::Parenthesis, Delimiter::Brace];
    while !cursor.is_empty() && brackets.iter().all(|one| cursor.group(0, *one).is_none()) {
        cursor.take(1);
    }
}

fn parameter(part: &mut Cursor, errors: &mut Errors) -> Option<GenericParam> {
    if part.is(0, '\'') {
        errors.push(part.span(), "a network has no lifetimes");
        return None;
    }
    if part.is_word(0, "const") {
        part.take(1);
        return size_parameter(part, errors);
    }
    let Some(name) = part.take_word() else {
        let text = format!("expected a size, found {}", part.found());
        errors.push_help(part.span(), text, "write `Side: Size` or `const SIDE: usize`");
        return None;
    };
    type_parameter(name, part, errors)
}

/// Reads `: Size` behind a name. A parameter with another bound stays one without any.
fn type_parameter(name: Ident, part: &mut Cursor, errors: &mut Errors) -> Option<GenericParam> {
    let name = names::checked(name, "a size", errors);
    if part.is(0, ':') && part.is_word(1, "usize") && part.len() == 2 {
        // It was meant to be a const generic, and is used as one.
        errors.push_help(part.place(), format!("`{name}: usize` is not a bound"), forms(&name));
        return constant(&name);
    }
    let bound = match part.take_sign(':') {
        Some(_) => bound(&name, part, errors),
        None => {
            let text = format!("expected `: Size`, found {}", part.found());
            let place = if part.is_empty() { name.span() } else { part.span() };
            errors.push_help(place, text, forms(&name));
            part.skip_all();
            None
        }
    };
    match bound {
        Some(bound) => syn::parse2(quote!(#name: #bound)).ok(),
        None => syn::parse2(quote!(#name)).ok(),
    }
}

fn forms(name: &Ident) -> String {
    let constant = name.to_string().to_uppercase();
    format!(
        "write `{name}: Size` for a size that can be computed with, or `const {constant}: usize` for \
         one that only passes through"
    )
}

/// Reads `Size` or a path to it.
fn bound(name: &Ident, part: &mut Cursor, errors: &mut Errors) -> Option<Path> {
    let len = (0..part.len()).find(|at| part.is(*at, '=')).unwrap_or(part.len());
    let mut written = part.take(len);
    default(part, errors);
    let whole = written.clone();
    let path = names::path(&mut written).filter(|_| written.is_empty());
    let size = path.filter(|path| path.segments.last().is_some_and(|last| last.ident == "Size"));
    if size.is_none() {
        let text = match whole.is_empty() {
            true => "expected `Size`, found nothing".to_string(),
            false => format!("the bound of a size is `Size`, found `{}`", whole.text()),
        };
        errors.push_help(whole.place(), text, forms(name));
    }
    size
}

/// Reports `= 32` behind a parameter.
fn default(part: &mut Cursor, errors: &mut Errors) {
    if let Some(span) = part.take_sign('=') {
        let place = if part.is_empty() { span.into() } else { part.place() };
        errors.push(place, "defaults of sizes are not supported yet");
    }
}

/// Reads `SIDE: usize` behind `const`.
fn size_parameter(part: &mut Cursor, errors: &mut Errors) -> Option<GenericParam> {
    let Some(name) = part.take_word() else {
        errors.push(part.span(), format!("expected a name, found {}", part.found()));
        return None;
    };
    let name = names::checked(name, "a size", errors);
    if part.take_sign(':').is_none() || part.is_empty() {
        let help = format!("write `const {name}: usize`");
        errors.push_help(part.span(), format!("expected `: usize`, found {}", part.found()), help);
        return constant(&name);
    }
    size_type(part, errors);
    default(part, errors);
    constant(&name)
}

fn size_type(part: &mut Cursor, errors: &mut Errors) {
    let len = (0..part.len()).find(|at| part.is(*at, '=')).unwrap_or(part.len());
    let written = part.take(len);
    if !(written.len() == 1 && written.is_word(0, "usize")) {
        let text = format!("a size is a `usize`, found `{}`", written.text());
        errors.push_help(written.span(), text, "write `usize`");
    }
}

fn constant(name: &Ident) -> Option<GenericParam> {
    // A name that is not a keyword always makes a parameter.
    syn::parse2(quote_spanned! { name.span()=> const #name: usize }).ok()
}
