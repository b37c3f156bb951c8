//! The errors of a declaration, gathered so that one compile reports them all.

use netwright_spec::Problem;
use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{quote, quote_spanned};

/// Where a mistake is: from one token to another. Stable Rust cannot join their spans, but the
/// compiler underlines a macro call from its first token to its last.
#[derive(Clone, Copy, Debug)]
pub struct Extent {
    /// The first token.
    pub start: Span,
    /// The last one.
    pub end: Span,
}

impl From<Span> for Extent {
    fn from(span: Span) -> Self {
        Extent { start: span, end: span }
    }
}

impl Extent {
    /// From the first of these tokens to the last; `None` where there are none.
    pub fn of(tokens: TokenStream) -> Option<Self> {
        let mut spans = tokens.into_iter().map(|token| token.span());
        let start = spans.next()?;
        Some(Extent { start, end: spans.last().unwrap_or(start) })
    }

    /// The call of a macro of `core` with this place as its span: what it reports points here.
    pub fn call(self, name: &str, arguments: TokenStream) -> TokenStream {
        let name = Ident::new(name, self.start);
        let mut arguments = Group::new(Delimiter::Brace, arguments);
        arguments.set_span(self.end);
        let arguments = TokenTree::Group(arguments);
        let path = quote_spanned!(self.start=> ::core::#name!);
        quote!(#path #arguments)
    }

    fn numbers(self) -> [(usize, usize); 2] {
        let pair = |at: proc_macro2::LineColumn| (at.line, at.column);
        [pair(self.start.start()), pair(self.end.end())]
    }
}

/// All mistakes found so far.
#[derive(Default)]
pub struct Errors {
    found: Vec<(Extent, String)>,
}

impl Errors {
    /// A sink without errors.
    pub fn new() -> Self {
        Errors::default()
    }

    /// Adds a mistake. The same mistake at the same token counts once: `Repeat` reads its layers
    /// several times.
    pub fn push(&mut self, place: impl Into<Extent>, text: impl Into<String>) {
        let (place, text) = (place.into(), text.into());
        let known = self.found.iter().any(|(p, t)| p.numbers() == place.numbers() && *t == text);
        if !known {
            self.found.push((place, text));
        }
    }

    /// Adds a mistake with what to write instead.
    pub fn push_help(
        &mut self,
        place: impl Into<Extent>,
        text: impl AsRef<str>,
        help: impl AsRef<str>,
    ) {
        self.push(place, with_help(text.as_ref(), Some(help.as_ref())));
    }

    /// Adds a problem that the dictionary found.
    pub fn problem(&mut self, place: impl Into<Extent>, problem: &Problem) {
        self.push(place, with_help(&problem.text, problem.help.as_deref()));
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.found.len()
    }

    /// The messages, for tests.
    #[cfg(test)]
    pub fn texts(&self) -> Vec<&str> {
        self.found.iter().map(|(_, text)| text.as_str()).collect()
    }

    /// Where the messages point, for tests.
    #[cfg(test)]
    pub fn spans(&self) -> impl Iterator<Item = Span> {
        self.found.iter().map(|(place, _)| place.start)
    }

    /// One `compile_error!` for each. Where some network is `broken`, the first of them is part of
    /// a type of this name, which the compiler then takes for mistaken: whatever a program does
    /// with a value of that type is not reported.
    pub fn into_tokens(self, broken: Option<&Ident>) -> TokenStream {
        let mut errors = self.found.into_iter().map(|(place, text)| {
            let text = quote!(#text);
            place.call("compile_error", text)
        });
        let alias = broken.and_then(|name| {
            let (p, error) = (crate::generate::paths(), errors.next()?);
            Some(quote! {
                #[doc(hidden)]
                #[allow(non_camel_case_types, dead_code)]
                type #name = <#p::Mistake<{ #error }> as #p::Mistaken>::Type;
            })
        });
        quote!(#alias #(#errors)*)
    }
}

/// A message and its help as rustc shows them below each other.
pub fn with_help(text: &str, help: Option<&str>) -> String {
    match help {
        Some(help) => format!("{text}\nhelp: {help}"),
        None => text.to_string(),
    }
}
