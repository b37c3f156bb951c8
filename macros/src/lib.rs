//! The compiler behind netwright's `network!`.

mod ast;
mod diag;
mod parse;

/// Declares networks.
#[proc_macro]
pub fn network(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let mut errors = diag::Errors::new();
    parse::parse(input.into(), &mut errors);
    errors.into_tokens().into()
}
