//! The errors of a declaration, gathered so that one compile reports them all.

use netwright_spec::Problem;
use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;

/// All mistakes found so far.
#[derive(Default)]
pub struct Errors {
    found: Vec<(Span, String)>,
}

impl Errors {
    /// A sink without errors.
    pub fn new() -> Self {
        Errors::default()
    }

    /// Adds a mistake at `span`. The same mistake at the same token counts once: `Repeat` reads
    /// its layers several times.
    pub fn push(&mut self, span: Span, text: impl Into<String>) {
        let text = text.into();
        let place = |span: &Span| (span.start(), span.end());
        let known = self.found.iter().any(|(s, t)| place(s) == place(&span) && *t == text);
        if !known {
            self.found.push((span, text));
        }
    }

    /// Adds a mistake with what to write instead.
    pub fn push_help(&mut self, span: Span, text: impl AsRef<str>, help: impl AsRef<str>) {
        self.push(span, with_help(text.as_ref(), Some(help.as_ref())));
    }

    /// Adds a problem that the dictionary found.
    pub fn problem(&mut self, span: Span, problem: &Problem) {
        self.push(span, with_help(&problem.text, problem.help.as_deref()));
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.found.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// The messages, for tests.
    #[cfg(test)]
    pub fn texts(&self) -> Vec<&str> {
        self.found.iter().map(|(_, text)| text.as_str()).collect()
    }

    /// Where the messages point, for tests.
    #[cfg(test)]
    pub fn spans(&self) -> impl Iterator<Item = Span> {
        self.found.iter().map(|(span, _)| *span)
    }

    /// One `compile_error!` for each, at its token.
    pub fn into_tokens(self) -> TokenStream {
        self.found
            .into_iter()
            .map(|(span, text)| quote_spanned!(span=> ::core::compile_error! { #text }))
            .collect()
    }
}

/// A message and its help as rustc shows them below each other.
pub fn with_help(text: &str, help: Option<&str>) -> String {
    match help {
        Some(help) => format!("{text}\nhelp: {help}"),
        None => text.to_string(),
    }
}
