//! The stages of the compiler, in order. Each says at its head what holds after it.

use crate::diag::Errors;
use crate::ir::Net;
use crate::{generate, infer, parse, resolve};
use proc_macro2::{Ident, Span, TokenStream};
use quote::format_ident;
use std::collections::BTreeSet;

/// Everything that `network! { … }` becomes.
pub fn network(tokens: TokenStream) -> TokenStream {
    let (nets, errors) = understand(tokens);
    // Generating cannot fail. A network with mistakes becomes a skeleton, so that no second error
    // about a missing type or method follows.
    let unknown = unknown_type(&nets);
    let mut output: TokenStream =
        nets.iter().map(|net| generate::generate(net, &unknown)).collect();
    output.extend(errors.into_tokens(nets.iter().any(|net| net.broken).then_some(&unknown)));
    output
}

/// All stages but the last.
pub fn understand(tokens: TokenStream) -> (Vec<Net>, Errors) {
    let mut errors = Errors::new();
    // AFTER parse: what was understood, and an error for each token that was not.
    let networks = parse::parse(tokens, &mut errors);
    let mut names = BTreeSet::new();
    let mut nets = Vec::new();
    for network in networks {
        if !names.insert(network.name.to_string()) {
            let text = format!("there are two networks named `{}`", network.name);
            errors.push_help(network.name.span(), text, "give each network a name of its own");
            continue;
        }
        let before = errors.count();
        // AFTER resolve: nodes are known layers with typed arguments, names are unique.
        let mut net = resolve::resolve(network, &mut errors);
        // AFTER infer: every value has a shape, or its mistake was reported.
        infer::infer(&mut net, &mut errors);
        net.broken |= errors.count() > before;
        nets.push(net);
    }
    (nets, errors)
}

/// The name of the type that stands for everything unknown after mistakes: one for all networks,
/// and one that no other `network!` of the module uses.
fn unknown_type(nets: &[Net]) -> Ident {
    match nets.iter().find(|net| net.broken) {
        Some(net) => format_ident!("__{}Unknown", net.name, span = Span::call_site()),
        None => format_ident!("__Unknown", span = Span::call_site()),
    }
}
