//! `#[derive(Layer)]`: the parameters of a layer of the user's.
//!
//! The same stages as for `network!`: what was written becomes fields, mistakes are gathered, and
//! generating cannot fail.

mod field;
mod generate;

use crate::diag::Errors;
use field::Field;
use proc_macro2::TokenStream;
use syn::{Data, DeriveInput, Fields, GenericParam, Ident};

/// A struct that is a layer.
struct Layer<'a> {
    input: &'a DeriveInput,
    /// Its last two type parameters: the float type and the device. None for a layer without
    /// parameters.
    types: Option<[&'a Ident; 2]>,
    fields: Vec<Field<'a>>,
}

/// Everything that `#[derive(Layer)]` becomes.
pub fn layer(tokens: TokenStream) -> TokenStream {
    let input: DeriveInput = match syn::parse2(tokens) {
        Ok(input) => input,
        Err(error) => return error.to_compile_error(),
    };
    let mut errors = Errors::new();
    // AFTER understand: every field is a parameter with initial values, or a constant with a value.
    let layer = understand(&input, &mut errors);
    let output = layer.filter(|_| errors.count() == 0).map(|layer| generate::generate(&layer));
    let errors = errors.into_tokens(None);
    quote::quote!(#output #errors)
}

fn understand<'a>(input: &'a DeriveInput, errors: &mut Errors) -> Option<Layer<'a>> {
    let name = input.ident.span();
    let fields = match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => fields.named.iter().collect(),
            Fields::Unit => Vec::new(),
            Fields::Unnamed(_) => {
                let help = "give the fields names: they are those of the parameters in files";
                errors.push_help(name, "a layer has named fields", help);
                return None;
            }
        },
        Data::Enum(_) | Data::Union(_) => {
            errors.push(name, "a layer is a struct");
            return None;
        }
    };
    let fields: Vec<Field<'a>> =
        fields.into_iter().filter_map(|field| field::field(field, errors)).collect();
    let types = types(input, !fields.is_empty(), errors)?;
    Some(Layer { input, types, fields })
}

/// The last two type parameters; a layer without fields needs none.
fn types<'a>(
    input: &'a DeriveInput,
    needed: bool,
    errors: &mut Errors,
) -> Option<Option<[&'a Ident; 2]>> {
    let types = input.generics.params.iter().filter_map(|param| match param {
        GenericParam::Type(param) => Some(param),
        _ => None,
    });
    let types: Vec<_> = types.collect();
    let name = &input.ident;
    match types.as_slice() {
        [] if !needed => Some(None),
        [.., float, device] => {
            let before = errors.count();
            for (param, bound) in [(float, "Float"), (device, "Backend")] {
                too_strict(param, bound, errors);
            }
            (errors.count() == before).then_some(Some([&float.ident, &device.ident]))
        }
        _ => {
            let text = format!("`{name}` needs a float type and a device as type parameters");
            let help = format!("write `struct {name}<E: Dtype = f32, D: Device<E> = Cpu> {{ … }}`");
            errors.push_help(name.span(), text, help);
            None
        }
    }
}

/// dfdx converts a collection of tensors to any float type and device.
fn too_strict(param: &syn::TypeParam, bound: &str, errors: &mut Errors) {
    for written in &param.bounds {
        let syn::TypeParamBound::Trait(written) = written else { continue };
        if let Some(last) = written.path.segments.last().filter(|last| last.ident == bound) {
            let write = if bound == "Float" { "Dtype" } else { "Device<E>" };
            let text = format!("`{bound}` is too strict here: dfdx converts a layer to any type");
            let help = format!("write `{}: {write}`; `{bound}` stands at `Apply`", param.ident);
            errors.push_help(last.ident.span(), text, help);
        }
    }
}
