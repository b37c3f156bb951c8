//! Tokens to syntax tree. Reading never stops at a mistake: it goes on behind the next `,`, `;` or
//! closing brace, so that one compile reports all of them, each once.

mod block;
mod chain;
mod cursor;
mod generics;
mod graph;
mod header;
mod layer;
mod names;
#[cfg(test)]
pub(crate) mod random;
mod size;
#[cfg(test)]
mod tests;

use proc_macro2::{Span, TokenStream, TokenTree};

use crate::ast::Network;
use crate::diag::Errors;
use cursor::Cursor;

/// Reads the declarations of one `network!`: what was understood is returned, the rest is in
/// `errors`, each mistake once and at its token.
pub fn parse(tokens: TokenStream, errors: &mut Errors) -> Vec<Network> {
    if let Some(span) = too_deep(&tokens, 0) {
        errors.push(span, format!("nested too deeply: more than {DEEPEST} brackets"));
        return Vec::new();
    }
    let end = tokens.clone().into_iter().last().map_or_else(Span::call_site, |last| last.span());
    let mut cursor = Cursor::new(tokens, end);
    if cursor.is_empty() {
        let help = "the shortest one is `network! { struct Net([3]) -> [1] { Linear<1> } }`";
        errors.push_help(Span::call_site(), "`network!` needs a declaration", help);
    }
    let mut networks = Vec::new();
    while !cursor.is_empty() {
        networks.extend(header::network(&mut cursor, errors));
        if cursor.is(0, ';') || cursor.is(0, ',') {
            cursor.take(1);
        }
    }
    networks
}

/// How deep brackets may nest: reading is recursive, and a stack is finite.
const DEEPEST: usize = 64;

/// The first bracket that lies too deep.
fn too_deep(tokens: &TokenStream, depth: usize) -> Option<Span> {
    tokens.clone().into_iter().find_map(|token| match token {
        TokenTree::Group(group) if depth >= DEEPEST => Some(group.span()),
        TokenTree::Group(group) => too_deep(&group.stream(), depth + 1),
        _ => None,
    })
}
