//! The compiler behind netwright's `network!`. Use it through the crate `netwright`, whose
//! documentation describes the language.

mod ast;
mod diag;
mod driver;
mod generate;
mod infer;
mod ir;
mod parse;
mod resolve;
mod sizes;
#[cfg(test)]
mod tests;

/// Declares a neural network; see the documentation of the crate `netwright`.
#[proc_macro]
pub fn network(tokens: proc_macro::TokenStream) -> proc_macro::TokenStream {
    driver::network(tokens.into()).into()
}
