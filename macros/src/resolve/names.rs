//! The names of layers: the user's, each once, and made ones for the rest.

use crate::diag::Errors;
use proc_macro2::Span;
use std::collections::BTreeMap;
use syn::Ident;
use syn::ext::IdentExt;

/// All names so far, with the line they were first used on.
#[derive(Default)]
pub struct Names {
    lines: BTreeMap<String, usize>,
    counts: BTreeMap<String, usize>,
    /// The newest name with a number of each that is repeated.
    newest: BTreeMap<String, String>,
    /// How many `Repeat`s are around: names inside get numbers.
    pub repeats: usize,
}

impl Names {
    /// Takes a name; a second use is a mistake.
    pub fn claim(&mut self, name: &Ident, errors: &mut Errors) {
        let text = name.unraw().to_string();
        let line = name.span().start().line;
        match self.lines.get(&text) {
            Some(first) => errors.push_help(
                name.span(),
                format!("the name `{text}` is used twice; first on line {first}"),
                "give each layer a name of its own",
            ),
            None => {
                self.lines.insert(text, line);
            }
        }
    }

    /// The name of a layer: the written one, numbered where it is repeated, or a made one.
    pub fn name(&mut self, written: Option<&Ident>, kind: &str, errors: &mut Errors) -> String {
        match written {
            Some(name) if self.repeats == 0 => {
                self.claim(name, errors);
                name.unraw().to_string()
            }
            Some(name) => {
                let stem = name.unraw().to_string();
                let name = self.numbered(&stem);
                self.newest.insert(stem, name.clone());
                name
            }
            None => self.numbered(&snake_case(kind)),
        }
    }

    /// The name of the layer that a word means: inside of a `Repeat`, that of the newest copy.
    pub fn meant(&self, word: &Ident) -> String {
        let word = word.unraw().to_string();
        let newest = self.newest.get(&word).filter(|_| self.repeats > 0);
        newest.cloned().unwrap_or(word)
    }

    /// `stem_1`, `stem_2`, …: the next one that is free.
    fn numbered(&mut self, stem: &str) -> String {
        loop {
            let count = self.counts.entry(stem.to_string()).or_insert(0);
            *count += 1;
            let name = format!("{stem}_{count}");
            if !self.lines.contains_key(&name) {
                self.lines.insert(name.clone(), Span::call_site().start().line);
                return name;
            }
        }
    }
}

/// `MaxPool2d` → `max_pool2d`.
pub fn snake_case(kind: &str) -> String {
    let mut out = String::new();
    let mut lower_before = false;
    for c in kind.chars() {
        if c.is_uppercase() && lower_before {
            out.push('_');
        }
        lower_before = c.is_lowercase() || c.is_ascii_digit();
        out.extend(c.to_lowercase());
    }
    out
}
