//! The impls: the runtime's `Layer`, and dfdx's `TensorCollection`.

use super::Layer;
use super::field::{Field, Kind};
use crate::generate::{nested, paths};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::GenericParam;

/// Both impls.
pub(super) fn generate(layer: &Layer<'_>) -> TokenStream {
    let code = Code::new(layer);
    let (own, part, collection) = (own(&code), part(&code), collection(&code));
    quote!(#own #part #collection)
}

struct Code<'a> {
    layer: &'a Layer<'a>,
    p: TokenStream,
    float: Ident,
    device: Ident,
    /// The generics before the two types, as parameters and as arguments.
    params: Vec<TokenStream>,
    args: Vec<Ident>,
}

impl<'a> Code<'a> {
    fn new(layer: &'a Layer<'a>) -> Self {
        let generics = &layer.input.generics;
        let own = |name: &str| Ident::new(name, Span::mixed_site());
        let [float, device] = match layer.types {
            Some([float, device]) => [float.clone(), device.clone()],
            None => [own("E"), own("D")],
        };
        let (mut params, mut args) = (Vec::new(), Vec::new());
        for param in &generics.params {
            let (name, tokens) = match param {
                GenericParam::Const(param) => {
                    let (name, ty) = (&param.ident, &param.ty);
                    (name, quote!(const #name: #ty))
                }
                GenericParam::Type(param) if ![&float, &device].contains(&&param.ident) => {
                    let (name, bounds) = (&param.ident, &param.bounds);
                    (name, quote!(#name: #bounds))
                }
                _ => continue,
            };
            params.push(tokens);
            args.push(name.clone());
        }
        Code { layer, p: paths(), float, device, params, args }
    }

    /// The type for these two types.
    fn type_of(&self, float: impl ToTokens, device: impl ToTokens) -> TokenStream {
        let (name, args) = (&self.layer.input.ident, &self.args);
        match (self.layer.types, args.is_empty()) {
            (Some(_), _) => quote!(#name<#(#args,)* #float, #device>),
            (None, false) => quote!(#name<#(#args),*>),
            (None, true) => quote!(#name),
        }
    }

    fn self_type(&self) -> TokenStream {
        self.type_of(&self.float, &self.device)
    }

    /// The parameters among the fields, each with its initial values.
    fn tensors(&self) -> impl Iterator<Item = (&'a Field<'a>, &'a TokenStream, bool)> {
        self.layer.fields.iter().filter_map(|field| match &field.kind {
            Kind::Param { init, trainable } => Some((field, init, *trainable)),
            Kind::Constant(_) => None,
        })
    }

    /// A struct literal, with `value` for each parameter.
    fn literal(&self, mut value: impl FnMut() -> TokenStream) -> TokenStream {
        let name = &self.layer.input.ident;
        let fields = self.layer.fields.iter().map(|field| {
            let (name, value) = match &field.kind {
                Kind::Param { .. } => (field.name, value()),
                Kind::Constant(constant) => (field.name, constant.clone()),
            };
            quote!(#name: #value)
        });
        quote!(#name { #(#fields,)* })
    }
}

fn own(code: &Code<'_>) -> TokenStream {
    let Code { p, float, device, params, .. } = code;
    let this = code.self_type();
    let declared = code.tensors().map(|(field, init, trainable)| {
        let (name, ty) = (field.name.to_string(), field.ty);
        quote! {
            #p::graph::Param {
                name: #name,
                shape: <#ty as #p::Parameter>::SHAPE,
                init: #p::graph::Init::#init,
                trainable: #trainable,
            }
        }
    });
    let plain = code.type_of(quote!(f32), quote!(#p::Cpu));
    let to = code.type_of(quote!(__E2), quote!(__D2));
    let zeros = code.literal(|| quote!(#p::zeros(device)?));
    let (listed, visited) = (code.tensors().map(|t| t.0.name), code.tensors().map(|t| t.0.name));
    let bounds = &code.layer.input.generics.where_clause;
    quote! {
        impl<#(#params),*> #p::Stands for #plain #bounds {
            type To<__E2: #p::Dtype, __D2: #p::Device<__E2>> = #to;
            const DECLARED: #p::graph::Declared =
                #p::graph::Declared::Own(<Self as #p::Layer<f32, #p::Cpu>>::PARAMS);
        }

        impl<#(#params),*> #p::Fits for #plain #bounds {}

        impl<#(#params,)* #float: #p::Float, #device: #p::Backend<#float>> #p::Layer<#float, #device>
            for #this
        #bounds
        {
            const PARAMS: &'static [#p::graph::Param] = &[#(#declared),*];
            fn zeros(device: &#device) -> #p::Result<Self> {
                let _ = device;
                ::core::result::Result::Ok(#zeros)
            }
            fn list<'n>(
                &'n self,
                each: &mut dyn ::core::ops::FnMut(&'n dyn #p::AnyTensor<#float, #device>),
            ) {
                let _ = &each;
                #(each(&self.#listed);)*
            }
            fn visit<'n>(
                &'n mut self,
                each: &mut dyn ::core::ops::FnMut(&'n mut dyn #p::AnyTensor<#float, #device>),
            ) {
                let _ = &each;
                #(each(&mut self.#visited);)*
            }
        }
    }
}

/// For whatever shapes the user's `Apply` is.
fn part(code: &Code<'_>) -> TokenStream {
    let Code { p, float, device, params, .. } = code;
    let this = code.self_type();
    let bounds = code.layer.input.generics.where_clause.as_ref().map(|clause| &clause.predicates);
    quote! {
        #[diagnostic::do_not_recommend]
        impl<#(#params,)* __X, __Y, __Proved, #float: #p::Float, #device: #p::Backend<#float>>
            #p::Part<__X, __Y, __Proved, #float, #device> for #this
        where
            __X: #p::Axes<#float, #device>,
            __Y: #p::Axes<#float, #device>,
            Self: #p::Apply<__X::Tensor, Output = __Y::Tensor>,
            #bounds
        {
            fn own<'a>(&'a self, list: &mut ::std::vec::Vec<#p::Own<'a, #float, #device>>) {
                list.push(#p::typed::<__X, __Y, #float, #device, Self>(self));
            }
        }
    }
}

fn collection(code: &Code<'_>) -> TokenStream {
    let Code { p, float, device, params, .. } = code;
    let this = code.self_type();
    let (float2, device2) = (quote!(__E2), quote!(__D2));
    let to = code.type_of(&float2, &device2);
    let constants = code.type_of(quote!(f32), quote!(#p::Cpu));
    let descriptions = code.tensors().map(|(field, _, trainable)| {
        let (name, text) = (field.name, field.name.to_string());
        let options = if trainable { quote!(reset_with) } else { quote!(detached) };
        quote! {
            Self::tensor(
                #text,
                |layer| &layer.#name,
                |layer| &mut layer.#name,
                #p::TensorOptions::#options(|t| {
                    #p::reset(#p::declared_params::<#constants>(), #text, t)
                }),
            )
        }
    });
    let descriptions = nested(descriptions.collect());
    let names: Vec<_> = (0..code.tensors().count())
        .map(|i| format_ident!("t{i}", span = Span::mixed_site()))
        .collect();
    let mut next = names.iter();
    let literal = code.literal(|| next.next().map_or_else(TokenStream::new, |name| quote!(#name)));
    let pattern = nested(names.iter().map(|name| quote!(#name)).collect());
    let bounds = &code.layer.input.generics.where_clause;
    quote! {
        impl<#(#params,)* #float: #p::Float, #device: #p::Device<#float>>
            #p::TensorCollection<#float, #device> for #this
        #bounds
        {
            type To<#float2: #p::Dtype, #device2: #p::Device<#float2>> = #to;

            fn iter_tensors<__V: #p::ModuleVisitor<Self, #float, #device>>(
                visitor: &mut __V,
            ) -> ::core::result::Result<
                ::core::option::Option<Self::To<__V::E2, __V::D2>>,
                __V::Err,
            > {
                visitor.visit_fields(#descriptions, |#pattern| #literal)
            }
        }
    }
}
