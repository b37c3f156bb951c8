//! Sizes and numbers as tokens of the generated code.

use crate::generate::paths;
use netwright_spec::layer::Cond;
use netwright_spec::{Dim, Number};
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::quote;
use std::collections::BTreeMap;

/// The tokens behind the text of a named constant.
pub type Constants = BTreeMap<String, TokenStream>;

/// A `usize` expression.
pub fn size(dim: &Dim, constants: &Constants) -> TokenStream {
    match dim {
        Dim::Known(n) => {
            let n = Literal::usize_unsuffixed(*n);
            quote!(#n)
        }
        Dim::Named(text) => constants.get(text).cloned().unwrap_or_else(|| quote!(0)),
        Dim::Generic(name) => {
            let name = constants.get(name).cloned().unwrap_or_else(|| quote!(0));
            quote!(#name)
        }
        Dim::Computed(op, args) => {
            let p = paths();
            let function = Ident::new(op.function(), Span::mixed_site());
            let args = args.iter().map(|arg| size(arg, constants));
            quote!(#p::size::#function(#(#args),*))
        }
    }
}

/// Calls `each` with every named constant that the size is computed from.
pub fn for_each_name(dim: &Dim, each: &mut dyn FnMut(&str)) {
    match dim {
        Dim::Named(name) => each(name),
        Dim::Computed(_, args) => args.iter().for_each(|arg| for_each_name(arg, each)),
        Dim::Known(_) | Dim::Generic(_) => {}
    }
}

/// A type: `Const<N>`.
pub fn const_type(dim: &Dim, constants: &Constants) -> TokenStream {
    let p = paths();
    let value = size(dim, constants);
    match dim {
        Dim::Known(_) | Dim::Generic(_) => quote!(#p::Const<#value>),
        Dim::Named(_) | Dim::Computed(..) => quote!(#p::Const<{ #value }>),
    }
}

/// `&[…]` of sizes.
pub fn slice(dims: &[Dim], constants: &Constants) -> TokenStream {
    let dims = dims.iter().map(|dim| size(dim, constants));
    quote!(&[#(#dims),*])
}

/// An `f64` expression.
pub fn number(number: &Number, constants: &Constants) -> TokenStream {
    match number {
        Number::Known(x) => {
            let x = Literal::f64_suffixed(*x);
            quote!(#x)
        }
        Number::Named(text) => constants.get(text).cloned().unwrap_or_else(|| quote!(0.0)),
    }
}

/// A `bool` expression.
pub fn condition(cond: &Cond, constants: &Constants) -> TokenStream {
    let p = paths();
    let size = |dim: &Dim| size(dim, constants);
    match cond {
        Cond::Equal(a, b) => {
            let (a, b) = (size(a), size(b));
            quote!(#a == #b)
        }
        Cond::AtMost(a, b) => {
            let (a, b) = (size(a), size(b));
            quote!(#a <= #b)
        }
        Cond::Divides(a, b) => {
            let (a, b) = (size(a), size(b));
            quote!(#p::size::divides(#a, #b))
        }
    }
}
