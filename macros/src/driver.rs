//! The stages of the compiler, in order. Each says at its head what holds after it.

use crate::diag::Errors;
use crate::{generate, infer, parse, resolve};
use proc_macro2::TokenStream;

/// Everything that `network! { … }` becomes.
pub fn network(tokens: TokenStream) -> TokenStream {
    let mut errors = Errors::new();
    // AFTER parse: what was understood, and an error for each token that was not.
    let networks = parse::parse(tokens, &mut errors);
    let mut output = TokenStream::new();
    let mut nets = Vec::new();
    for network in networks {
        // AFTER resolve: nodes are known layers with typed arguments, names are unique.
        let mut net = resolve::resolve(network, &mut errors);
        // AFTER infer: every value has a shape, or its mistake was reported.
        infer::infer(&mut net, &mut errors);
        nets.push(net);
    }
    // Generating cannot fail. After mistakes it gives the skeleton, so that no second error about
    // a missing type or method follows.
    for net in &nets {
        output.extend(generate::generate(net, errors.is_empty()));
    }
    output.extend(errors.into_tokens());
    output
}
