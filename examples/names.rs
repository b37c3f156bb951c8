//! Which language is a name from? An LSTM reads it letter by letter.
//!
//! `cargo run --release --example names`
//!
//! The same network in PyTorch, on the same names (`python tests/fixtures/names.py`), gets 0.531 right.

use netwright::data::{Column, Dataset};
use netwright::prelude::*;
use std::collections::BTreeSet;

static NAMES: &str = include_str!("data/names.tsv");

/// Longer names are cut.
const LETTERS: usize = 16;
/// Different letters, and one more that stands before short names.
const ALPHABET: usize = 112;
const LANGUAGES: usize = 16;

network! {
    /// The logit of each language.
    struct Language([usize; LETTERS]) -> [LANGUAGES] {
        Embedding<ALPHABET, 32>, Lstm<96, output = last>, Dropout(0.2), Linear<LANGUAGES>,
    }
}

/// Names and languages, and the languages' names.
struct Names {
    pairs: Vec<(Vec<char>, usize)>,
    letters: Vec<char>,
    languages: Vec<&'static str>,
}

impl Names {
    fn read() -> netwright::Result<Names> {
        let lines: Vec<_> = NAMES.lines().skip(1).filter_map(|l| l.split_once('\t')).collect();
        let languages: BTreeSet<_> = lines.iter().map(|(_, language)| *language).collect();
        let languages: Vec<_> = languages.into_iter().collect();
        let number = |language| languages.iter().position(|other| *other == language);
        let letters = |name: &str| name.to_lowercase().chars().take(LETTERS).collect::<Vec<_>>();
        let pairs: Vec<_> = lines
            .iter()
            .filter_map(|(name, language)| Some((letters(name), number(*language)?)))
            .collect();
        let all: BTreeSet<char> = pairs.iter().flat_map(|(name, _)| name.clone()).collect();
        let letters: Vec<char> = all.into_iter().collect();
        if letters.len() >= ALPHABET || languages.len() != LANGUAGES {
            let found = format!("{} letters, {} languages", letters.len(), languages.len());
            return Err(netwright::Error::Data(format!("other names than expected: {found}")));
        }
        Ok(Names { pairs, letters, languages })
    }

    /// A name as numbers of letters, at the end; 0 stands before it.
    fn numbers(&self, name: &[char]) -> Vec<usize> {
        let number = |letter: &char| self.letters.binary_search(letter).map_or(0, |i| i + 1);
        let mut numbers = vec![0; LETTERS - name.len()];
        numbers.extend(name.iter().map(number));
        numbers
    }

    /// Every fifth name, or all others.
    fn part(&self, fifth: bool) -> netwright::Result<Dataset> {
        let chosen = self.pairs.iter().enumerate().filter(|(i, _)| (i % 5 == 4) == fifth);
        let (names, languages): (Vec<_>, Vec<_>) =
            chosen.map(|(_, (name, language))| (self.numbers(name), *language)).unzip();
        Dataset::new(Column::indices(names.concat(), &[LETTERS])?, Column::labels(languages))
    }
}

fn main() -> netwright::Result<()> {
    let names = Names::read()?;
    let (train, test) = (names.part(false)?, names.part(true)?);
    let mut net = Language::seeded(&AutoDevice::default(), 42);
    println!("{}\n", net.summary());

    for (lr, epochs) in [(3e-3, 8), (3e-4, 2)] {
        let fit = Fit::new(CrossEntropy, Adam::default().lr(lr)).epochs(epochs).batch(64);
        println!("{}", net.fit(&train, fit.seed(42).validate(&test))?);
    }

    for name in ["Nakamura", "Virtanen", "Kowalski", "Rossi", "Yılmaz", "O'Brien"] {
        let letters: Vec<char> = name.to_lowercase().chars().collect();
        let column = Column::indices(names.numbers(&letters), &[LETTERS])?;
        let scores = net.predict(&Dataset::of_inputs(column)?)?;
        let scores = scores.as_floats().unwrap_or(&[]);
        let best = (0..scores.len()).max_by(|a, b| scores[*a].total_cmp(&scores[*b]));
        println!("{name}: {}", best.map_or("", |best| names.languages[best]));
    }
    let most = (0..LANGUAGES).map(|i| names.pairs.iter().filter(|(_, l)| *l == i).count()).max();
    println!(
        "the most frequent language: {:.4}",
        most.unwrap_or(0) as f64 / names.pairs.len() as f64
    );

    let report = net.evaluate(&test, CrossEntropy)?;
    println!("names of the right language: {:.4}", report.accuracy.unwrap_or(0.0));
    Ok(())
}
