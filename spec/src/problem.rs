//! What is said when a declaration is wrong: the one place for wording.
//!
//! A message says what was expected, what arrived and from where, and what to write instead.

use crate::dim::SizeError;
use crate::shape::Shape;

/// The token a problem points at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// The layer's name.
    Layer,
    /// The argument of this name, or the layer where it was not written.
    Arg(&'static str),
}

/// One mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub at: At,
    /// What was expected and what was received.
    pub text: String,
    /// What to write instead.
    pub help: Option<String>,
}

/// A value that arrives at a layer, and how a message names where it was made.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// Its shape.
    pub shape: Shape,
    /// Subject and verb: "`MaxPool2d` before it (line 9) gives", "the network's input is".
    pub origin: String,
}

impl Problem {
    /// A problem at the layer's name.
    pub fn new(text: impl Into<String>) -> Self {
        Problem { at: At::Layer, text: text.into(), help: None }
    }

    /// Points at an argument.
    pub fn at(mut self, arg: &'static str) -> Self {
        self.at = At::Arg(arg);
        self
    }

    /// Adds what to write instead.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Wrong rank or kind: "`Linear` takes \[features\] …, but `MaxPool2d` before it gives …".
    pub fn takes(layer: &str, takes: &str, arrival: &Arrival) -> Self {
        Problem::new(format!("`{layer}` takes {takes}, but {} {}", arrival.origin, arrival.shape))
    }

    /// Indices arrive where floats are needed.
    pub fn needs_floats(layer: &str, arrival: &Arrival) -> Self {
        Problem::new(format!(
            "`{layer}` takes floats, but {} indices {}",
            arrival.origin, arrival.shape
        ))
        .help("put `Embedding<entries, width>` first: it turns each index into a vector")
    }

    /// A size that cannot be computed.
    pub fn size(network: &str, layer: &str, error: SizeError) -> Self {
        match error {
            SizeError::TooLarge => {
                Problem::new(format!("a size of `{layer}` does not fit into a `usize`"))
            }
            SizeError::Generic(name) => Problem::new(format!(
                "`{layer}` would have to compute with the const generic `{name}`, which stable \
                 Rust cannot do"
            ))
            .help(format!(
                "make it a type: `struct {network}<{name}: Size>(…)`, instantiated as \
                 `{network}<U32>`"
            )),
        }
    }
}

/// The closest of `known` to `written`, if it is close enough to be a slip.
pub fn did_you_mean<'a>(
    written: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let limit = (written.chars().count() / 3).max(1);
    known
        .into_iter()
        .map(|name| (distance(&written.to_lowercase(), &name.to_lowercase()), name))
        .filter(|(d, _)| *d <= limit)
        .min_by_key(|(d, _)| *d)
        .map(|(_, name)| name)
}

/// Edits (insert, delete, replace, swap of neighbours) from `a` to `b`:
/// the optimal string alignment distance.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for (i, row) in rows.iter_mut().enumerate() {
        row[0] = i;
    }
    rows[0] = (0..=b.len()).collect();
    for i in 1..=a.len() {
        for j in 1..=b.len() {
            let replace = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            rows[i][j] = replace.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                rows[i][j] = rows[i][j].min(rows[i - 2][j - 2] + 1);
            }
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_recognized_and_strangers_are_not() {
        let known = ["Conv2d", "MaxPool2d", "Linear"];
        assert_eq!(did_you_mean("Conv2D", known), Some("Conv2d"));
        assert_eq!(did_you_mean("Maxpool2d", known), Some("MaxPool2d"));
        assert_eq!(did_you_mean("Lienar", known), Some("Linear"));
        assert_eq!(did_you_mean("Attention", known), None);
    }
}
