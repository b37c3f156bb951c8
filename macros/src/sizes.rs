//! Sizes and numbers as tokens of the generated code.

use crate::generate::paths;
use netwright_spec::layer::Cond;
use netwright_spec::{Dim, Number};
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{ToTokens, format_ident, quote};
use std::collections::BTreeMap;

/// The tokens of named constants, blocks, number expressions and generics, by their text.
pub struct Constants {
    network: Ident,
    tokens: BTreeMap<String, TokenStream>,
}

impl Constants {
    /// Those of a network without any.
    pub fn of(network: &Ident) -> Self {
        Constants { network: network.clone(), tokens: BTreeMap::new() }
    }

    /// The tokens behind a text.
    pub fn get(&self, text: &str) -> Option<&TokenStream> {
        self.tokens.get(text)
    }

    /// Remembers the tokens behind a text, unless it is known already.
    pub fn insert(&mut self, text: String, tokens: TokenStream) {
        self.tokens.entry(text).or_insert(tokens);
    }

    /// The name of the type that stands for a constant among sizes that are types.
    pub fn type_name(&self, text: &str) -> Ident {
        let number = self.tokens.keys().take_while(|known| *known != text).count();
        format_ident!("__{}_NUMBER_{number}", self.network, span = Span::call_site())
    }
}

/// A `usize` expression.
pub fn size(dim: &Dim, constants: &Constants) -> TokenStream {
    let named = |name: &str| constants.get(name).cloned().unwrap_or_else(|| quote!(0));
    match dim {
        Dim::Known(n) => {
            let n = Literal::usize_unsuffixed(*n);
            quote!(#n)
        }
        Dim::Named(name) | Dim::Generic(name) => named(name),
        Dim::Type(name) => {
            let (p, name) = (paths(), named(name));
            quote!(<#name as #p::typenum::Unsigned>::USIZE)
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
        Dim::Known(_) | Dim::Generic(_) | Dim::Type(_) => {}
    }
}

/// The type of an axis: `Const<N>`, or `Num<N>` where the size is a type.
pub fn axis(dim: &Dim, constants: &Constants) -> TokenStream {
    let p = paths();
    if dim.is_type() {
        let number = number_type(dim, constants, false);
        return quote!(#p::Num<#number>);
    }
    let value = size(dim, constants);
    match dim {
        Dim::Known(_) | Dim::Generic(_) => quote!(#p::Const<#value>),
        _ => quote!(#p::Const<{ #value }>),
    }
}

/// A size as a type, a number of typenum.
fn number_type(dim: &Dim, constants: &Constants, concrete: bool) -> TokenStream {
    let p = paths();
    match dim {
        Dim::Known(n) => literal_type(*n),
        Dim::Type(name) => {
            let name = constants.get(name).cloned().unwrap_or_else(|| literal_type(0));
            if concrete { quote!(<#name as #p::sizes::Concrete>::Number) } else { name }
        }
        // Nothing is computed with const generics.
        Dim::Named(name) | Dim::Generic(name) => constants.type_name(name).to_token_stream(),
        Dim::Computed(op, args) => {
            let name = Ident::new(op.type_alias(), Span::mixed_site());
            let args = args.iter().map(|arg| number_type(arg, constants, concrete));
            quote!(#p::sizes::#name<#(#args),*>)
        }
    }
}

/// typenum has names up to this number.
const LARGEST_NAME: usize = 1024;

fn literal_type(n: usize) -> TokenStream {
    let p = paths();
    if n <= LARGEST_NAME {
        let name = format_ident!("U{n}", span = Span::mixed_site());
        return quote!(#p::typenum::#name);
    }
    let half = literal_type(n / 2);
    let digit = if n % 2 == 1 { quote!(B1) } else { quote!(B0) };
    quote!(#p::typenum::UInt<#half, #p::typenum::#digit>)
}

/// A condition as a type: `B1` where it holds.
pub fn condition_type(cond: &Cond, constants: &Constants) -> TokenStream {
    let p = paths();
    let [a, b] = cond.sides().map(|dim| number_type(dim, constants, true));
    match cond {
        Cond::Equal(..) => quote!(#p::sizes::Equal<#a, #b>),
        Cond::AtMost(..) => quote!(#p::sizes::AtMost<#a, #b>),
        Cond::Divides(..) => quote!(#p::sizes::Divides<#a, #b>),
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
    let [a, b] = cond.sides().map(|dim| size(dim, constants));
    match cond {
        Cond::Equal(..) => quote!(#a == #b),
        Cond::AtMost(..) => quote!(#a <= #b),
        Cond::Divides(..) => quote!(#p::size::divides(#a, #b)),
    }
}
