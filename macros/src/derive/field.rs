//! A field of a layer: a parameter, or a constant.

use crate::diag::Errors;
use netwright_spec::problem::did_you_mean;
use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::spanned::Spanned;
use syn::{Attribute, Expr, ExprLit, Ident, Lit, Meta, Token, Type};

/// A field.
pub(super) struct Field<'a> {
    pub(super) name: &'a Ident,
    pub(super) ty: &'a Type,
    pub(super) kind: Kind,
}

/// What a field is.
pub(super) enum Kind {
    /// A tensor that is saved and loaded, with its initial values, and trained or not.
    Param { init: TokenStream, trainable: bool },
    /// The same for every instance.
    Constant(TokenStream),
}

/// The ways to begin, each as it is written.
const INITS: [&str; 7] =
    ["zeros", "ones", "constant(0.25)", "normal", "normal(0.02)", "uniform(0.1)", "fan_in(64)"];

/// Reads a field; `None` after a mistake.
pub(super) fn field<'a>(field: &'a syn::Field, errors: &mut Errors) -> Option<Field<'a>> {
    let name = field.ident.as_ref()?;
    let find = |word: &str| field.attrs.iter().find(|attr| attr.path().is_ident(word));
    let kind = match (find("param"), find("value")) {
        (Some(_), Some(value)) => {
            errors.push(value.span(), "a field is a `param` or has a `value`, not both");
            return None;
        }
        (Some(param), None) => parameter(param, errors)?,
        (None, Some(value)) => constant(value, errors)?,
        (None, None) if is_tensor(&field.ty) => {
            Kind::Param { init: quote!(Zeros), trainable: true }
        }
        (None, None) => {
            errors.push_help(
                name.span(),
                format!("`{name}` is neither a parameter nor has it a value"),
                "a parameter is a `Tensor`; another field gets its value by `#[value = 0.5]`",
            );
            return None;
        }
    };
    if matches!(kind, Kind::Param { .. }) {
        known_shape(name, &field.ty, errors)?;
    }
    Some(Field { name, ty: &field.ty, kind })
}

/// A size that only the running program knows is a mistake here, which rustc would report at every
/// use of the field.
fn known_shape(name: &Ident, ty: &Type, errors: &mut Errors) -> Option<()> {
    if !crate::resolve::mentions(&ty.to_token_stream(), "usize") {
        return Some(());
    }
    let text = format!("the sizes of the parameter `{name}` are part of its type");
    errors.push_help(ty.span(), text, "write `Const<64>` instead of `usize`");
    None
}

fn is_tensor(ty: &Type) -> bool {
    let Type::Path(path) = ty else { return false };
    path.path.segments.last().is_some_and(|last| last.ident == "Tensor")
}

/// `#[value = 0.5]`
fn constant(attr: &Attribute, errors: &mut Errors) -> Option<Kind> {
    match &attr.meta {
        Meta::NameValue(meta) => Some(Kind::Constant(meta.value.to_token_stream())),
        _ => {
            errors.push_help(attr.span(), "expected a value", "write `#[value = 0.5]`");
            None
        }
    }
}

/// `#[param(init = ones, trainable = false)]`
fn parameter(attr: &Attribute, errors: &mut Errors) -> Option<Kind> {
    let (mut init, mut trainable) = (Some(quote!(Zeros)), Some(true));
    if !matches!(attr.meta, Meta::Path(_)) {
        let options = attr.parse_args_with(|input: syn::parse::ParseStream<'_>| {
            input.parse_terminated(option, Token![,])
        });
        let options = options.map_err(|error| errors.push(error.span(), error.to_string())).ok()?;
        for (name, value) in options {
            match name.to_string().as_str() {
                "init" => init = initial(&value, errors),
                "trainable" => trainable = flag(&value, errors),
                other => {
                    let help = match did_you_mean(other, ["init", "trainable"]) {
                        Some(close) => format!("did you mean `{close}`?"),
                        None => "it has `init` and `trainable`".to_string(),
                    };
                    errors.push_help(name.span(), format!("`param` has no option `{other}`"), help);
                    return None;
                }
            }
        }
    }
    Some(Kind::Param { init: init?, trainable: trainable? })
}

/// `init = ones`
fn option(input: syn::parse::ParseStream<'_>) -> syn::Result<(Ident, Expr)> {
    let name = input.parse()?;
    input.parse::<Token![=]>()?;
    Ok((name, input.parse()?))
}

fn flag(value: &Expr, errors: &mut Errors) -> Option<bool> {
    if let Expr::Lit(ExprLit { lit: Lit::Bool(flag), .. }) = value {
        return Some(flag.value);
    }
    errors.push(value.span(), "`trainable` is `true` or `false`");
    None
}

/// A variant of the runtime's `Init`.
fn initial(value: &Expr, errors: &mut Errors) -> Option<TokenStream> {
    let (word, argument) = match value {
        Expr::Path(path) => (path.path.get_ident().cloned(), None),
        Expr::Call(call) if call.args.len() == 1 => {
            let word = match &*call.func {
                Expr::Path(path) => path.path.get_ident().cloned(),
                _ => None,
            };
            (word, call.args.first())
        }
        _ => (None, None),
    };
    let text = word.as_ref().map_or_else(String::new, Ident::to_string);
    match (text.as_str(), argument) {
        ("zeros", None) => return Some(quote!(Zeros)),
        ("ones", None) => return Some(quote!(Ones)),
        ("normal", None) => return Some(quote!(Normal(1.0))),
        ("normal", Some(x)) => return Some(quote!(Normal(#x))),
        ("uniform", Some(x)) => return Some(quote!(Uniform(#x))),
        ("constant", Some(x)) => return Some(quote!(Constant(#x))),
        ("fan_in", Some(n)) => return Some(quote!(FanIn(#n))),
        _ => {}
    }
    let close =
        did_you_mean(&text, INITS.iter().map(|init| init.split('(').next().unwrap_or(init)));
    let help = match close.filter(|close| *close != text) {
        Some(close) => format!("did you mean `{close}`?"),
        None => format!("it is one of {}", INITS.map(|init| format!("`{init}`")).join(", ")),
    };
    let found = value.to_token_stream().to_string().replace(' ', "");
    errors.push_help(value.span(), format!("there are no initial values `{found}`"), help);
    None
}
