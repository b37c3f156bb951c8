//! The struct of a network's outputs, where it has several.

use super::Code;
use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};

/// The names of the outputs; empty where there is one.
fn names<'a>(code: &Code<'a>) -> Vec<&'a Ident> {
    let outputs = &code.net.outputs;
    let names: Option<Vec<_>> = outputs.iter().map(|output| output.name.as_ref()).collect();
    names.filter(|names| names.len() > 1).unwrap_or_default()
}

/// `NetOutput`
pub(super) fn name(code: &Code<'_>) -> Ident {
    format_ident!("{}Output", code.net.name)
}

/// `pub struct NetOutput<A, B> { pub boxes: A, pub class: B }`: generic over its fields, so that
/// one struct serves batches and samples of every float type.
pub(super) fn declaration(code: &Code<'_>) -> TokenStream {
    let fields = names(code);
    if fields.is_empty() {
        return TokenStream::new();
    }
    let (p, vis, this) = (&code.p, &code.net.vis, name(code));
    let types: Vec<_> =
        (0..fields.len()).map(|i| Ident::new(&format!("O{i}"), Span::mixed_site())).collect();
    let docs = fields.iter().zip(&code.net.outputs).map(|(name, output)| {
        let shape = output.value.and_then(|value| code.net.shape(value));
        shape.map_or_else(|| format!("`{name}`"), |shape| format!("`{name}`: `{shape}`"))
    });
    let doc = format!("What `{}` gives.", code.net.name);
    let tapes = (0..fields.len()).map(|i| match i {
        0 => quote!(tape),
        _ => quote!(::core::default::Default::default()),
    });
    quote! {
        #[doc = #doc]
        ///
        /// The first tensor carries the tape: a loss that takes it in trains the whole network.
        #[derive(::core::clone::Clone, ::core::fmt::Debug)]
        #vis struct #this<#(#types),*> {
            #(#[doc = #docs] pub #fields: #types,)*
        }
        impl<E: #p::Float, D: #p::Backend<E>, T: #p::ModelTape<E, D>, #(#types: #p::Output<E, D, T>),*>
            #p::Output<E, D, T> for #this<#(#types),*>
        {
            fn from_arrays(arrays: &mut #p::Arrays<E, D>, tape: T) -> #p::Result<Self> {
                ::core::result::Result::Ok(#this {
                    #(#fields: #p::Output::from_arrays(arrays, #tapes)?,)*
                })
            }
        }
    }
}
