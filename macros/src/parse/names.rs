//! Names and paths, and the words that cannot be one.

use proc_macro2::Ident;
use quote::format_ident;
use syn::Path;
use syn::ext::IdentExt;
use syn::punctuated::Punctuated;
use syn::token::PathSep;

use super::cursor::Cursor;
use crate::diag::Errors;

/// Checks the name of a layer, an input and so on. A keyword is replaced by a name that Rust
/// accepts, so that the generated skeleton compiles.
pub(super) fn checked(name: Ident, what: &str, errors: &mut Errors) -> Ident {
    if name == "_" {
        errors.push_help(
            name.span(),
            format!("`_` cannot name {what}"),
            "write a name, such as `a`",
        );
        return Ident::new("a", name.span());
    }
    if is_keyword(&name) {
        let text = format!("`{name}` is a Rust keyword and cannot name {what}");
        errors.push_help(name.span(), text, format!("use `{name}_`"));
        return format_ident!("{}_", name);
    }
    if name.unraw().to_string().starts_with("__") {
        let text = format!("`{name}` is reserved: names that start with `__` cannot name {what}");
        errors.push(name.span(), text);
    }
    name
}

/// Whether Rust keeps this word to itself, in any edition.
pub(super) fn is_keyword(word: &Ident) -> bool {
    const KEYWORDS: [&str; 53] = [
        "Self", "_", "abstract", "as", "async", "await", "become", "box", "break", "const",
        "continue", "crate", "do", "dyn", "else", "enum", "extern", "false", "final", "fn", "for",
        "gen", "if", "impl", "in", "let", "loop", "macro", "match", "mod", "move", "mut",
        "override", "priv", "pub", "ref", "return", "self", "static", "struct", "super", "trait",
        "true", "try", "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while",
        "yield",
    ];
    KEYWORDS.iter().any(|keyword| word == keyword)
}

/// Takes `Relu` or `crate::blocks::Encoder` if a path comes next.
pub(super) fn path(cursor: &mut Cursor) -> Option<Path> {
    if !starts_path(cursor, 0) {
        return None;
    }
    let leading_colon =
        cursor.take_pair(':', ':').map(|place| PathSep { spans: [place.start, place.end] });
    let mut segments = Punctuated::new();
    segments.push(cursor.take_word()?.into());
    while cursor.is_pair(0, ':', ':') && is_segment(cursor, 2) {
        cursor.take_pair(':', ':');
        segments.push(cursor.take_word()?.into());
    }
    Some(Path { leading_colon, segments })
}

/// Whether a path stands `ahead` places from here.
pub(super) fn starts_path(cursor: &Cursor, ahead: usize) -> bool {
    if cursor.is_pair(ahead, ':', ':') {
        return is_segment(cursor, ahead + 2);
    }
    is_segment(cursor, ahead) || is_root(cursor, ahead)
}

fn is_segment(cursor: &Cursor, at: usize) -> bool {
    cursor.word(at).is_some_and(|word| !is_keyword(word) || word == "super")
        && (!cursor.is_word(at, "super") || cursor.is_pair(at + 1, ':', ':'))
}

fn is_root(cursor: &Cursor, at: usize) -> bool {
    ["crate", "self", "Self"].iter().any(|root| cursor.is_word(at, root))
        && cursor.is_pair(at + 1, ':', ':')
}
