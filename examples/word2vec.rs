//! word2vec: words that stand in the same places become near vectors (skip-gram with negative
//! sampling).
//!
//! The text is made, from sentences in which words of one kind may stand for each other, so that
//! it is known who should be near whom. A text of your own does as well:
//!
//! `cargo run --release --example word2vec [text.txt]`

use netwright::data::{Batch, Column, order};
use netwright::prelude::*;
use std::collections::HashMap;
use std::time::Instant;

/// The most frequent words of a text; others are left out.
const WORDS: usize = 5_000;
const WIDTH: usize = 100;
/// Words on each side that count as near.
const WINDOW: usize = 3;
/// A near word and 5 that were drawn.
const CONTEXT: usize = 6;
const BATCH: usize = 1024;
const EPOCHS: usize = 5;

network! {
    /// How likely each of some words is to stand near the center, as logits.
    struct SkipGram(center: [usize], context: [usize; CONTEXT]) -> [CONTEXT] {
        let near = context => contexts: Embedding<WORDS, WIDTH>;
        let word = center => centers: Embedding<WORDS, WIDTH>, Unsqueeze<1>;
        matmul(near, word) => Flatten
    }
}

/// Words of one kind may stand for each other.
const KINDS: [&[&str]; 8] = [
    &["anna", "ben", "carla", "david", "emma", "felix", "greta", "henry", "ida", "jonas"],
    &["cat", "dog", "horse", "goat", "rabbit", "donkey", "goose", "sheep", "hen", "cow"],
    &["bread", "cheese", "apples", "soup", "rice", "pears", "cake", "carrots", "beans", "nuts"],
    &["kitchen", "garden", "barn", "market", "village", "harbour", "station", "school", "park"],
    &["bicycle", "train", "bus", "boat", "tram", "car", "ferry", "taxi", "lorry", "scooter"],
    &["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"],
    &["red", "green", "blue", "yellow", "white", "black", "brown", "grey", "golden", "purple"],
    &["hammer", "saw", "drill", "spade", "rake", "brush", "axe", "ladder", "wrench", "bucket"],
];

/// A number stands for a word of that kind.
const SENTENCES: [&str; 9] = [
    "on 5 0 feeds the 6 1 with 2",
    "the 1 of 0 sleeps in the 3",
    "0 eats 2 and 2 in the 3 every 5",
    "0 takes the 4 from the 3 to the 3",
    "the 6 4 stops at the 3 on 5",
    "0 lends 0 a 6 7",
    "the 1 follows 0 to the 3",
    "0 buys a 7 and some 2 at the 3",
    "0 repairs the 4 with a 7 on 5",
];

/// Random numbers.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) as usize % end
    }
}

/// So many sentences.
fn made(count: usize) -> String {
    let mut random = Random(1);
    let mut text = String::new();
    for _ in 0..count {
        for word in SENTENCES[random.below(SENTENCES.len())].split(' ') {
            let kind = word.parse().ok().and_then(|kind: usize| KINDS.get(kind));
            text += kind.map_or(word, |kind| kind[random.below(kind.len())]);
            text.push(' ');
        }
        text.push('\n');
    }
    text
}

/// A text as numbers of words, the most frequent one first.
struct Text {
    words: Vec<String>,
    counts: Vec<usize>,
    lines: Vec<Vec<usize>>,
}

impl Text {
    fn new(text: &str) -> Self {
        let lower = text.to_lowercase();
        let split = |line: &'_ str| -> Vec<String> {
            let words = line.split(|c: char| !c.is_alphanumeric() && c != '\'');
            words.filter(|word| !word.is_empty()).map(String::from).collect()
        };
        let mut counts: HashMap<String, usize> = HashMap::new();
        for word in lower.lines().flat_map(split) {
            *counts.entry(word).or_default() += 1;
        }
        let mut all: Vec<_> = counts.into_iter().collect();
        all.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        all.truncate(WORDS);
        let (words, counts): (Vec<_>, Vec<_>) = all.into_iter().unzip();
        let numbers: HashMap<&str, usize> =
            words.iter().enumerate().map(|(number, word)| (word.as_str(), number)).collect();
        let line = |line| split(line).iter().filter_map(|w| numbers.get(&**w).copied()).collect();
        let lines = lower.lines().map(line).collect();
        Text { words, counts, lines }
    }

    /// All pairs of a word and one near it, but those of a very frequent word only now and then.
    fn pairs(&self, random: &mut Random) -> Vec<[usize; 2]> {
        let total: usize = self.counts.iter().sum();
        // Kept with the share √(t / f), as in word2vec, of which t is 1e-2 here: a small text.
        let keeps: Vec<f64> =
            self.counts.iter().map(|&n| (1e-2 * total as f64 / n as f64).sqrt()).collect();
        let mut pairs = Vec::new();
        for line in &self.lines {
            let mut kept = line.clone();
            kept.retain(|&word| (random.below(1 << 20) as f64) < keeps[word] * f64::from(1 << 20));
            for (i, &word) in kept.iter().enumerate() {
                let near =
                    kept.iter().enumerate().take(i + WINDOW + 1).skip(i.max(WINDOW) - WINDOW);
                pairs.extend(near.filter(|(j, _)| *j != i).map(|(_, &other)| [word, other]));
            }
        }
        pairs
    }

    /// Words as often as they are drawn: by their count to the power of ¾.
    fn lots(&self) -> Vec<usize> {
        let lots = |(word, &count): (usize, &usize)| {
            std::iter::repeat_n(word, (count as f64).powf(0.75) as usize)
        };
        self.counts.iter().enumerate().flat_map(lots).collect()
    }
}

/// Each pair with words that were drawn.
fn batch(pairs: &[[usize; 2]], lots: &[usize], random: &mut Random) -> netwright::Result<Batch> {
    let (mut context, mut seen) = (Vec::new(), Vec::new());
    for [_, near] in pairs {
        context.push(*near);
        context.extend((1..CONTEXT).map(|_| lots[random.below(lots.len())]));
        seen.push(1.0);
        seen.extend([0.0; CONTEXT - 1]);
    }
    let centers = pairs.iter().map(|[center, _]| *center).collect();
    Ok(Batch {
        inputs: vec![Column::labels(centers), Column::indices(context, &[CONTEXT])?],
        targets: vec![Column::floats(seen, &[CONTEXT])?],
    })
}

/// The words whose vectors point the most in the direction of this word's.
fn nearest(vectors: &[Vec<f32>], word: usize) -> Vec<usize> {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    let mut others: Vec<usize> = (0..vectors.len()).filter(|other| *other != word).collect();
    let near = |other: &usize| dot(&vectors[word], &vectors[*other]);
    others.sort_by(|a, b| near(b).total_cmp(&near(a)));
    others
}

/// The vectors of all words, each of length 1.
fn vectors(net: &SkipGram, count: usize) -> Vec<Vec<f32>> {
    let unit = |row: &[f32]| {
        let length = row.iter().map(|x| x * x).sum::<f32>().sqrt();
        row.iter().map(|x| x / length).collect()
    };
    net.centers.weight.as_vec().chunks(WIDTH).take(count).map(unit).collect()
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let file = std::env::args().nth(1);
    let text = match &file {
        Some(file) => Text::new(&std::fs::read_to_string(file)?),
        None => Text::new(&made(10_000)),
    };
    let device = Cpu::default();
    let mut net = SkipGram::seeded(&device, 42);
    println!("{}\n", net.summary());

    // Small vectors, and contexts that say nothing yet.
    let small: Tensor<Rank2<WORDS, WIDTH>, f32, _> = device.sample_uniform();
    net.centers.weight = (small - 0.5) / WIDTH as f32;
    net.contexts.weight.fill_with_zeros();

    let (lots, mut random) = (text.lots(), Random(2));
    let mut adam = Adam::default().lr(0.005).lazy();
    for epoch in 0..EPOCHS {
        let pairs = text.pairs(&mut random);
        let shuffled: Vec<_> =
            order(pairs.len(), 3, epoch as u64).into_iter().map(|i| pairs[i]).collect();
        let (start, mut loss) = (Instant::now(), 0.0);
        for pairs in shuffled.chunks(BATCH) {
            let batch = batch(pairs, &lots, &mut random)?;
            loss += net.step(&batch, BinaryCrossEntropy, &mut adam)?.loss * pairs.len() as f64;
        }
        let speed = pairs.len() as f64 / start.elapsed().as_secs_f64();
        let loss = loss / pairs.len() as f64;
        println!("epoch {}: {} pairs, {speed:.0} a second, loss {loss:.4}", epoch + 1, pairs.len());
    }

    println!();
    let vectors = vectors(&net, text.words.len());
    let shown = |word: usize| {
        let near = nearest(&vectors, word);
        let names: Vec<_> = near.iter().take(6).map(|&word| text.words[word].as_str()).collect();
        println!("{:>10}: {}", text.words[word], names.join(", "));
    };
    let number = |word: &str| text.words.iter().position(|other| other == word);
    if file.is_some() {
        (50.min(vectors.len())..100.min(vectors.len())).for_each(shown);
        return Ok(());
    }
    KINDS.iter().filter_map(|kind| number(kind[0])).for_each(shown);

    // Of each word, as many of the nearest as there are others of its kind.
    let (mut right, mut all) = (0, 0);
    for kind in KINDS {
        for word in kind.iter().filter_map(|word| number(word)) {
            let near = nearest(&vectors, word);
            let own = near.iter().take(kind.len() - 1);
            right += own.filter(|&&other| kind.contains(&text.words[other].as_str())).count();
            all += kind.len() - 1;
        }
    }
    println!(
        "\nshare of the nearest words that are of the same kind: {:.4}",
        right as f64 / all as f64
    );
    Ok(())
}
