//! Sizes and shapes: which identifiers are generics, which are constants of the user's.

use super::Resolver;
use crate::ast::{ShapeExpr, SizeExpr, SizeKind};
use crate::diag::Extent;
use crate::ir::{Assertion, Generic, GenericKind};
use netwright_spec::dim::SizeError;
use netwright_spec::{Dim, Shape};
use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote};

impl Resolver<'_> {
    /// A shape without holes; `None` after a mistake.
    pub(super) fn shape(&mut self, shape: &ShapeExpr) -> Option<Shape> {
        if shape.broken {
            return None;
        }
        let dims: Vec<Option<Dim>> = shape.dims.iter().map(|size| self.size(size, 1)).collect();
        Some(Shape { index: shape.index, dims: dims.into_iter().collect::<Option<_>>()? })
    }

    /// A size that is at least `min`; `None` after a mistake.
    pub(super) fn size(&mut self, size: &SizeExpr, min: usize) -> Option<Dim> {
        match &size.kind {
            SizeKind::Literal(n) if *n < min => {
                self.errors.push(size.place, format!("this size must be at least {min}, not {n}"));
                None
            }
            SizeKind::Literal(n) => Some(Dim::Known(*n)),
            SizeKind::Path(tokens, _) => self.named(tokens, size.place, min),
            SizeKind::Block(tokens) => self.block(tokens, size.place, min),
            SizeKind::Infer => {
                self.errors.push_help(
                    size.place,
                    "this size cannot be left to inference",
                    "write a number or a constant",
                );
                None
            }
            SizeKind::Error => None,
        }
    }

    pub(super) fn named(&mut self, tokens: &TokenStream, place: Extent, min: usize) -> Option<Dim> {
        let text = tokens.to_string().replace(' ', "");
        match self.net.generic(&text).map(|generic| &generic.kind) {
            Some(GenericKind::Mistaken) => None,
            Some(GenericKind::Const) => Some(Dim::Generic(text)),
            Some(GenericKind::Size(_)) => Some(Dim::Type(text)),
            None => Some(self.constant(text, tokens.clone(), place, min)),
        }
    }

    /// A block is evaluated where generics cannot be read; with sizes that are types it is read
    /// here.
    fn block(&mut self, tokens: &TokenStream, place: Extent, min: usize) -> Option<Dim> {
        let mentioned = |generic: &&Generic| mentions(tokens, &generic.name.to_string());
        let generic = self.net.generics.iter().find(mentioned);
        match generic.map(|generic| (&generic.kind, generic.name.to_string())) {
            None => Some(self.evaluated(tokens, place, min)),
            Some((GenericKind::Mistaken, _)) => None,
            Some((GenericKind::Size(_), _)) => self.arithmetic(tokens, place, min),
            Some((GenericKind::Const, name)) => self.size_error(SizeError::Generic(name), place),
        }
    }

    /// A block without generics, as a constant.
    pub(super) fn evaluated(&mut self, tokens: &TokenStream, place: Extent, min: usize) -> Dim {
        let text = format!("{{ {tokens} }}");
        let hidden = self.hidden(&text, quote!(usize), tokens);
        self.constant(text, hidden, place, min)
    }

    /// The name of the hidden constant that holds an expression's value: the expression is pasted
    /// once, so what is wrong with it is reported once.
    fn hidden(&mut self, text: &str, ty: TokenStream, tokens: &TokenStream) -> TokenStream {
        if let Some(known) = self.net.constants.get(text) {
            return known.clone();
        }
        let number = self.net.expressions.len();
        let name = format_ident!("__{}_SIZE_{number}", self.net.name, span = Span::call_site());
        self.net.expressions.push((name.clone(), ty, braced(tokens)));
        name.to_token_stream()
    }

    /// Remembers the tokens of a constant, and that it must be at least `min`.
    fn constant(&mut self, text: String, tokens: TokenStream, place: Extent, min: usize) -> Dim {
        self.net.constants.insert(text.clone(), tokens.clone());
        if min > 0 && !self.net.minima.contains_key(&text) {
            let least = proc_macro2::Literal::usize_unsuffixed(min);
            self.net.minima.insert(text.clone(), self.net.assertions.len());
            self.net.assertions.push(Assertion {
                condition: quote!(#tokens >= #least),
                text: format!("the size `{text}` must be at least {min}"),
                place,
                after: Vec::new(),
            });
        }
        Dim::Named(text)
    }

    /// A number expression without generics, as a constant.
    pub(super) fn evaluated_number(&mut self, tokens: &TokenStream) -> (String, TokenStream) {
        // A size may be written like it.
        let text = format!("{tokens}: f64");
        let hidden = self.hidden(&text, quote!(f64), tokens);
        self.net.constants.insert(text.clone(), hidden.clone());
        (text, hidden)
    }

    /// Remembers the tokens of a number expression.
    pub(super) fn number(&mut self, tokens: TokenStream) -> String {
        let text = tokens.to_string();
        self.net.constants.insert(text.clone(), tokens);
        text
    }
}

/// The expression in braces that no lint takes for the user's own superfluous ones.
fn braced(tokens: &TokenStream) -> TokenStream {
    let mut group = Group::new(Delimiter::Brace, tokens.clone());
    group.set_span(Span::mixed_site());
    TokenTree::Group(group).into()
}

/// Whether the identifier occurs anywhere in the tokens.
pub(crate) fn mentions(tokens: &TokenStream, name: &str) -> bool {
    tokens.clone().into_iter().any(|tree| match tree {
        TokenTree::Ident(ident) => ident == name,
        TokenTree::Group(group) => mentions(&group.stream(), name),
        _ => false,
    })
}
