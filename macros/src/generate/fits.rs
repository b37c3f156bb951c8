//! What is demanded of the numbers that a network's type parameters stand for.
//!
//! Each condition on them is a hidden trait that only `B1` implements, so that rustc says what does
//! not fit in our words. A condition counts only where all before it hold: a wrong instantiation
//! is one error, at the layer where the sizes run out.

use super::{Code, outside};
use crate::diag::with_help;
use crate::ir::Bound;
use crate::sizes;
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};

/// `where Net<Side, f32, Cpu>: Fits`: what a constructor demands.
pub(super) fn bound(code: &Code<'_>) -> Option<TokenStream> {
    let p = &code.p;
    let this = code.type_of(quote!(f32), quote!(#p::Cpu));
    demands(code).then(|| at_name(code, quote!(where #this: #p::Fits)))
}

/// With the network's name as its place: what rustc adds to an error points there.
fn at_name(code: &Code<'_>, tokens: TokenStream) -> TokenStream {
    let span = code.net.name.span();
    let moved = tokens.into_iter().map(|mut token| {
        token.set_span(span.resolved_at(token.span()));
        token
    });
    moved.collect()
}

fn demands(code: &Code<'_>) -> bool {
    !code.net.broken && code.net.type_sizes().next().is_some()
}

/// The conditions as traits, and `Fits` for the numbers that satisfy them.
pub(super) fn implementation(code: &Code<'_>) -> TokenStream {
    let p = &code.p;
    let this = code.type_of(quote!(f32), quote!(#p::Cpu));
    let generics = code.generics();
    if !demands(code) {
        return quote!(impl<#generics> #p::Fits for #this {});
    }
    let bounds = || code.net.bounds.iter().enumerate();
    let traits = bounds().map(|(number, bound)| condition_trait(code, number, bound));
    let clauses = bounds().zip(demanded(code)).map(|((number, bound), demanded)| {
        let name = name(code, number, bound);
        quote!(#demanded: #name,)
    });
    let concrete = at_name(code, quote!(#p::sizes::Concrete));
    let numbers = code.net.type_sizes();
    let inner = outside::sized(code);
    let fits = at_name(code, quote!(#p::Fits for #this));
    quote! {
        #(#traits)*
        impl<#generics> #fits where #(#numbers: #concrete,)* #(#clauses)* #(#inner: #p::Fits,)* {}
    }
}

/// The trait's name, with the layer's span: rustc shows it where the bound is not satisfied.
fn name(code: &Code<'_>, number: usize, bound: &Bound) -> Ident {
    format_ident!("__{}Demand{number}", code.net.name, span = bound.place.start)
}

/// For each condition, whether it holds or one before it does not. What holds before it is written
/// from the first condition on, so that the compiler finds its beginnings again.
fn demanded(code: &Code<'_>) -> Vec<TokenStream> {
    let p = &code.p;
    let mut before: Option<TokenStream> = None;
    let conditions = code.net.bounds.iter().map(|bound| {
        let now = sizes::condition_type(&bound.cond, &code.net.constants);
        let (demanded, all) = match &before {
            None => (now.clone(), now),
            Some(before) => {
                (quote!(#p::sizes::Implies<#before, #now>), quote!(#p::sizes::And<#before, #now>))
            }
        };
        before = Some(all);
        demanded
    });
    conditions.collect()
}

fn condition_trait(code: &Code<'_>, number: usize, bound: &Bound) -> TokenStream {
    let (p, vis, name) = (&code.p, &code.net.vis, name(code, number, bound));
    let text = escaped(&bound.problem.text);
    let label = format!("these sizes do not fit into `{}`", code.net.name);
    let help = bound.problem.help.iter().map(|help| escaped(help));
    quote_spanned! { bound.place.start=>
        #[doc(hidden)]
        #[allow(non_camel_case_types)]
        #[diagnostic::on_unimplemented(message = #text, label = #label, #(note = #help)*)]
        #vis trait #name {}
        impl #name for #p::typenum::B1 {}
    }
}

/// In a text for `on_unimplemented` braces are written twice.
fn escaped(text: &str) -> String {
    text.replace('{', "{{").replace('}', "}}")
}

/// The same conditions in const evaluation, for a `GRAPH` that is read without a network.
pub(super) fn assertions(code: &Code<'_>) -> TokenStream {
    let checks = code.net.bounds.iter().map(|Bound { cond, problem, place, .. }| {
        let condition = sizes::condition(cond, &code.net.constants);
        let text = with_help(&problem.text, problem.help.as_deref());
        let check = place.call("assert", quote!(#condition, "{}", #text));
        quote!(#check;)
    });
    quote!(#(#checks)*)
}
