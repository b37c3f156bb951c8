//! The compiler behind netwright's `network!`. Use it through the crate `netwright`, whose
//! documentation describes the language.

mod ast;
mod derive;
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

/// The parameters of a layer of your own: a struct whose `Tensor`s are parameters.
///
/// - `#[param(init = ones)]` gives the initial values: `zeros` (the default), `ones`,
///   `constant(0.25)`, `normal`, `normal(0.02)` (its standard deviation), `uniform(0.1)` (its
///   bound), `fan_in(64)` (uniform in ±1/√64).
/// - `#[param(trainable = false)]` saves and loads a tensor, but does not train it.
/// - `#[value = 0.5]` gives every instance the same value in a field that is no tensor.
///
/// The last two type parameters are the float type and the device: `E: Dtype = f32, D: Device<E> =
/// Cpu`; const generics may stand before them. A layer without fields needs neither. It must be
/// `Clone`. Its forward is the trait `Apply`, see there.
#[proc_macro_derive(Layer, attributes(param, value))]
pub fn layer(tokens: proc_macro::TokenStream) -> proc_macro::TokenStream {
    derive::layer(tokens.into()).into()
}
