//! A transformer learns to add: it continues `123+456=` one character after the other, as a language
//! model does.
//!
//! `cargo run --release --example transformer`

use netwright::data::{Column, Dataset, order};
use netwright::prelude::*;

/// What a character is by its place here.
const CHARACTERS: &str = "0123456789+=";
const VOCABULARY: usize = 12;
/// Numbers below this are added: of three digits each, with a sum of four.
const BELOW: usize = 1000;
const DIGITS: usize = 3;
const QUESTION: usize = 2 * DIGITS + 2;
const ANSWER: usize = DIGITS + 1;
/// The last character of an answer is only said, never read.
const TIME: usize = QUESTION + ANSWER - 1;

network! {
    /// What may come next, behind each character.
    struct Adder([usize; TIME]) -> [TIME, VOCABULARY] {
        Embedding<VOCABULARY, 64>, PositionalEncoding<learned = true>,
        TransformerEncoder<2, 4, 128, norm_first = true, causal = true>,
        LayerNorm, Linear<VOCABULARY>,
    }
}

/// The digits of a number, the last one first: so sums are made, carrying to what comes next.
fn digits(number: usize, count: usize) -> impl Iterator<Item = usize> {
    (0..count as u32).map(move |at| number / 10usize.pow(at) % 10)
}

/// `321+654=9750` for 123 + 456, as indices.
fn line(pair: usize) -> Vec<usize> {
    let (a, b) = (pair / BELOW, pair % BELOW);
    let question = digits(a, DIGITS).chain([10]).chain(digits(b, DIGITS)).chain([11]);
    question.chain(digits(a + b, ANSWER)).collect()
}

/// Each line up to its last character, and behind each character the next one: only those of the
/// answer count.
fn lines(pairs: &[usize]) -> netwright::Result<Dataset> {
    let lines: Vec<Vec<usize>> = pairs.iter().map(|&pair| line(pair)).collect();
    let read = lines.iter().flat_map(|line| line[..TIME].to_vec());
    let next = lines.iter().flat_map(|line| {
        let ignored = std::iter::repeat_n(VOCABULARY, QUESTION - 1);
        ignored.chain(line[QUESTION..].to_vec())
    });
    Dataset::new(
        Column::indices(read.collect(), &[TIME])?,
        Column::indices(next.collect(), &[TIME])?,
    )
}

/// Continues the questions, all side by side, each with the likeliest character.
fn answers(net: &Adder, pairs: &[usize]) -> netwright::Result<Vec<Vec<usize>>> {
    let mut lines: Vec<Vec<usize>> =
        pairs.iter().map(|&pair| line(pair)[..QUESTION].to_vec()).collect();
    let mut stream = net.stream()?;
    for at in 0..TIME {
        let scores = stream.push(&Column::labels(lines.iter().map(|line| line[at]).collect()))?;
        let scores = scores.as_floats().unwrap_or(&[]).chunks_exact(VOCABULARY);
        for (line, scores) in lines.iter_mut().zip(scores).filter(|_| at + 1 >= QUESTION) {
            line.extend((0..VOCABULARY).max_by(|&a, &b| scores[a].total_cmp(&scores[b])));
        }
    }
    Ok(lines)
}

fn main() -> netwright::Result<()> {
    let pairs = order(BELOW * BELOW, 42, 0);
    let (train, test) = (lines(&pairs[..20_000])?, &pairs[20_000..21_000]);
    let mut net = Adder::seeded(&AutoDevice::default(), 42);
    println!("{}\n", net.summary());

    let loss = CrossEntropy.ignore_index(VOCABULARY);
    for (lr, epochs) in [(2e-3, 6), (5e-4, 2)] {
        let fit = Fit::new(loss.clone(), Adam::default().lr(lr)).epochs(epochs);
        println!("{}", net.fit(&train, fit.batch(64).seed(42))?);
    }

    let said = answers(&net, test)?;
    for (line, pair) in said.iter().zip(test).take(5) {
        let text: Vec<char> = line.iter().filter_map(|&at| CHARACTERS.chars().nth(at)).collect();
        let number = |part: &[char]| part.iter().rev().collect::<String>();
        let (a, b) = (number(&text[..DIGITS]), number(&text[DIGITS + 1..QUESTION - 1]));
        let (sum, truth) = (number(&text[QUESTION..]), pair / BELOW + pair % BELOW);
        println!("{a} + {b} = {sum} (it is {truth})");
    }
    let right = said.iter().zip(test).filter(|(line, pair)| **line == self::line(**pair)).count();
    println!("sums it never saw that are right: {:.4}", right as f64 / test.len() as f64);
    Ok(())
}
