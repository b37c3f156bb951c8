//! Sizes and shapes: which identifiers are const generics, which are constants of the user's.

use super::Resolver;
use crate::ast::{ShapeExpr, SizeExpr, SizeKind};
use crate::ir::Assertion;
use netwright_spec::{Dim, Problem, Shape};
use proc_macro2::{Span, TokenStream, TokenTree};
use quote::quote;

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
                self.errors.push(size.span, format!("this size must be at least {min}, not {n}"));
                None
            }
            SizeKind::Literal(n) => Some(Dim::Known(*n)),
            SizeKind::Path(tokens, _) => Some(self.named(tokens, size.span, min)),
            SizeKind::Block(tokens) => self.block(tokens, size.span, min),
            SizeKind::Infer => {
                self.errors.push_help(
                    size.span,
                    "this size cannot be left to inference",
                    "write a number or a constant",
                );
                None
            }
            SizeKind::Error => None,
        }
    }

    fn named(&mut self, tokens: &TokenStream, span: Span, min: usize) -> Dim {
        let text = tokens.to_string().replace(' ', "");
        if self.net.generics.iter().any(|generic| *generic == text) {
            return Dim::Generic(text);
        }
        self.constant(text, tokens.clone(), span, min)
    }

    /// A block is evaluated where const generics cannot be read.
    fn block(&mut self, tokens: &TokenStream, span: Span, min: usize) -> Option<Dim> {
        let text = tokens.to_string();
        match self.net.generics.iter().find(|generic| mentions(tokens, &generic.to_string())) {
            None => Some(self.constant(text, tokens.clone(), span, min)),
            Some(generic) => {
                let error = netwright_spec::dim::SizeError::Generic(generic.to_string());
                let problem = Problem::size("network!", error);
                self.errors.problem(span, &problem);
                None
            }
        }
    }

    /// Remembers the tokens of a constant, and that it must be at least `min`.
    fn constant(&mut self, text: String, tokens: TokenStream, span: Span, min: usize) -> Dim {
        if !self.net.constants.contains_key(&text) {
            self.net.constants.insert(text.clone(), tokens.clone());
            let least = proc_macro2::Literal::usize_unsuffixed(min);
            if min > 0 {
                self.net.assertions.push(Assertion {
                    condition: quote!((#tokens) >= #least),
                    text: format!("the size `{text}` must be at least {min}"),
                    span,
                });
            }
        }
        Dim::Named(text)
    }

    /// Remembers the tokens of a number expression.
    pub(super) fn number(&mut self, tokens: TokenStream) -> String {
        let text = tokens.to_string();
        self.net.constants.entry(text.clone()).or_insert(tokens);
        text
    }
}

/// Whether the identifier occurs anywhere in the tokens.
fn mentions(tokens: &TokenStream, name: &str) -> bool {
    tokens.clone().into_iter().any(|tree| match tree {
        TokenTree::Ident(ident) => ident == name,
        TokenTree::Group(group) => mentions(&group.stream(), name),
        _ => false,
    })
}
