//! Layers that are not in the catalogue: other networks, and types of the user's.

use super::Resolver;
use super::wording::shown;
use crate::ast::{Arg, ArgValue, Call, SizeExpr, SizeKind};
use proc_macro2::{Literal, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};

impl Resolver<'_> {
    /// The type that a call names, as it stands in the generated code; `None` after a mistake.
    pub(super) fn outside(&mut self, call: &Call) -> Option<TokenStream> {
        let name = call.path.to_token_stream().to_string().replace(' ', "");
        if let Some(value) = call.values.first() {
            let text = format!(
                "`{name}` is not in netwright's catalogue, and such a layer takes nothing in round \
                 brackets"
            );
            let help = "give what is fixed as a const generic, in angle brackets, or as a \
                        parameter of the layer";
            self.errors.push_help(value.place, text, help);
            return None;
        }
        let before = self.errors.count();
        let arguments: Vec<_> =
            call.options.iter().filter_map(|arg| self.argument(&name, arg)).collect();
        let path = &call.path;
        match (self.errors.count() > before, arguments.is_empty()) {
            (true, _) => None,
            (false, true) => Some(quote!(#path)),
            (false, false) => Some(quote!(#path<#(#arguments),*>)),
        }
    }

    /// A generic argument as it was written.
    fn argument(&mut self, layer: &str, arg: &Arg) -> Option<TokenStream> {
        if let Some(name) = &arg.name {
            let text = format!("`{layer}` has generic arguments, which have no names");
            let help = format!("write {} alone", shown(&arg.value));
            self.errors.push_help(name.span(), text, help);
            return None;
        }
        let tokens = match &arg.value {
            ArgValue::Size(size) => generic(size),
            _ => None,
        };
        if tokens.is_none() && !matches!(&arg.value, ArgValue::Error) {
            let text = format!("expected a generic argument of `{layer}`");
            self.errors.push(arg.place, format!("{text}, found {}", shown(&arg.value)));
        }
        tokens
    }
}

pub(super) fn generic(size: &SizeExpr) -> Option<TokenStream> {
    match &size.kind {
        SizeKind::Literal(n) => {
            let mut number = Literal::usize_unsuffixed(*n);
            number.set_span(size.place.start);
            Some(number.into_token_stream())
        }
        SizeKind::Path(tokens, _) => Some(tokens.clone()),
        SizeKind::Block(tokens) => {
            // No lint takes these braces for superfluous ones of the user's.
            let span = Span::mixed_site().located_at(size.place.start);
            Some(quote_spanned!(span=> { #tokens }))
        }
        SizeKind::Infer | SizeKind::Error => None,
    }
}
