//! What const evaluation checks where sizes are named constants: one error for each mistake.

use super::Code;
use crate::ir::Assertion;
use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote};

/// A hidden constant for each assertion says whether it, and everything it comes after, holds.
pub(super) fn assertions(code: &Code<'_>) -> TokenStream {
    let all = &code.net.assertions;
    if all.is_empty() || code.net.broken {
        // After mistakes the rest waits until they are gone.
        return TokenStream::new();
    }
    let items = all.iter().enumerate().map(|(number, one)| assertion(number, one));
    quote! {
        const _: () = {
            #(#items)*
        };
    }
}

fn assertion(number: usize, assertion: &Assertion) -> TokenStream {
    let name = |number: &usize| format_ident!("__CHECK_{number}");
    let (this, condition) = (name(&number), &assertion.condition);
    let before: Vec<_> = assertion.after.iter().map(name).collect();
    let text = &assertion.text;
    let arguments = quote!(#this #(|| !#before)*, "{}", #text);
    let check = assertion.place.call("assert", arguments);
    let condition = match before.is_empty() {
        true => condition.to_token_stream(),
        false => quote!(#(#before &&)* #condition),
    };
    quote! {
        const #this: bool = #condition;
        const _: () = #check;
    }
}
