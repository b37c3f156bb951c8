//! What a broken network has instead of what is not known of it. The compiler takes the type
//! `unknown` for mistaken (see [`crate::diag::Errors::into_tokens`]), and reports nothing that a
//! program does with it.

use super::{Code, has_params};
use proc_macro2::TokenStream;
use quote::quote;
use std::collections::BTreeSet;

/// Fields of layers whose parameters are not known.
pub(super) fn fields(code: &Code<'_>) -> TokenStream {
    if !code.net.broken {
        return TokenStream::new();
    }
    let mut names: BTreeSet<_> = code.fields().map(|node| node.ident.to_string()).collect();
    names.insert("__state".to_string());
    names.insert("__types".to_string());
    let unknown = code.unknown;
    let maybe = code
        .net
        .nodes
        .iter()
        .filter(|node| has_params(node) || node.def.is_none_or(|def| !def.params.is_empty()));
    maybe
        .filter(|node| names.insert(node.ident.to_string()))
        .map(|node| {
            let ident = &node.ident;
            quote!(#[allow(missing_docs)] pub #ident: #unknown,)
        })
        .collect()
}

/// An expression for a constant whose value is unknown.
pub(super) fn constant(code: &Code<'_>) -> TokenStream {
    let (p, unknown) = (&code.p, code.unknown);
    quote!(#p::unknown::<#unknown, _>())
}

/// `Forward`, `Module` and `ModuleMut` for any input, with an unknown output.
pub(super) fn implementations(code: &Code<'_>) -> TokenStream {
    let Code { p, float, device, unknown, .. } = code;
    let (consts, this, input) = (code.generics(), code.self_type(), code.fresh("X"));
    let generics = quote!(<#consts #input, #float: #p::Float, #device: #p::Backend<#float>>);
    let result = quote!(::core::result::Result<#unknown, #device::Err>);
    quote! {
        impl #generics #p::Forward<#input> for #this {
            type Output = #unknown;
            fn infer(&self, _: #input) -> #p::Result<#unknown> { #p::unfinished() }
            fn train(&mut self, _: #input) -> #p::Result<#unknown> { #p::unfinished() }
        }
        impl #generics #p::Module<#input> for #this {
            type Output = #unknown;
            type Error = #device::Err;
            fn try_forward(&self, _: #input) -> #result { #p::unfinished() }
        }
        impl #generics #p::ModuleMut<#input> for #this {
            type Output = #unknown;
            type Error = #device::Err;
            fn try_forward_mut(&mut self, _: #input) -> #result { #p::unfinished() }
        }
    }
}

/// Fields and methods that were not understood at all are looked up behind the unknown type.
pub(super) fn anything_else(code: &Code<'_>) -> TokenStream {
    if !code.net.broken {
        return TokenStream::new();
    }
    let Code { p, float, device, unknown, .. } = code;
    let (consts, this) = (code.generics(), code.self_type());
    let generics = quote!(<#consts #float: #p::Dtype, #device: #p::Device<#float>>);
    quote! {
        impl #generics ::core::ops::Deref for #this {
            type Target = #unknown;
            fn deref(&self) -> &#unknown { #p::unfinished() }
        }
        impl #generics ::core::ops::DerefMut for #this {
            fn deref_mut(&mut self) -> &mut #unknown { #p::unfinished() }
        }
    }
}
