//! word2vec: words that stand in the same places become near vectors (skip-gram with negative
//! sampling). The text is 41 addresses of presidents on the State of the Union, 240,000 words.
//!
//! gensim's Word2Vec of the same size (`python tests/fixtures/word2vec.py`) finds 0.82 where this finds 0.88.
//!
//! `cargo run --release --example word2vec`
//!
//! Another text, and words whose neighbours are printed:
//!
//! `cargo run --release --example word2vec text.txt queen king`

use flate2::read::GzDecoder;
use netwright::data::{Batch, Column, order};
use netwright::prelude::*;
use std::collections::HashMap;
use std::io::Read;
use std::time::Instant;

static ADDRESSES: &[u8] = include_bytes!("data/state_of_the_union.txt.gz");

/// The most frequent words of a text; others are left out.
const WORDS: usize = 3_000;
const WIDTH: usize = 100;
/// Words on each side that count as near, at most.
const WINDOW: usize = 5;
/// A near word and 5 that were drawn.
const CONTEXT: usize = 6;
const BATCH: usize = 1024;
const EPOCHS: usize = 10;

network! {
    /// How likely each of some words is to stand near the center, as logits.
    struct SkipGram(center: [usize], context: [usize; CONTEXT]) -> [CONTEXT] {
        let near = context => contexts: Embedding<WORDS, WIDTH>;
        let word = center => centers: Embedding<WORDS, WIDTH>, Unsqueeze<1>;
        matmul(near, word) => Flatten
    }
}

/// Words of one kind, by general knowledge: they should be near, and the network is not told so.
const KINDS: [&str; 10] = [
    "one two three four five six seven eight nine ten hundred thousand million billion trillion",
    "first second third fourth fifth",
    "january february march april may june july august september october november december",
    "hour hours day days week weeks month months year years decade decades century",
    "north south east west northern southern eastern western",
    "china japan germany korea vietnam iraq iran israel egypt france britain cuba nicaragua poland \
     afghanistan pakistan russia mexico canada india africa asia europe",
    "child children parents mother mothers father fathers wife husband son daughter family families",
    "school schools teacher teachers student students college colleges university universities",
    "oil gas coal petroleum nuclear solar",
    "army navy marines soldiers missiles bombs submarines aircraft tanks weapons",
];

/// Random numbers.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) as usize % end
    }
}

/// A text as numbers of words, the most frequent one first.
struct Text {
    words: Vec<String>,
    counts: Vec<usize>,
    sentences: Vec<Vec<usize>>,
}

impl Text {
    fn new(text: &str) -> Self {
        let lower = text.to_lowercase();
        let split = |sentence: &'_ str| -> Vec<String> {
            let words = sentence.split(|c: char| !c.is_alphanumeric() && c != '\'');
            words.filter(|word| !word.is_empty()).map(String::from).collect()
        };
        let sentences: Vec<_> = lower.split(['.', '!', '?', ':', ';', '\n']).map(split).collect();
        let mut counts: HashMap<&String, usize> = HashMap::new();
        for word in sentences.iter().flatten() {
            *counts.entry(word).or_default() += 1;
        }
        let mut all: Vec<_> = counts.into_iter().collect();
        all.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
        all.truncate(WORDS);
        let numbers: HashMap<_, _> =
            all.iter().enumerate().map(|(n, (word, _))| (*word, n)).collect();
        let known =
            |words: &Vec<String>| words.iter().filter_map(|w| numbers.get(w).copied()).collect();
        Text {
            sentences: sentences.iter().map(known).collect(),
            words: all.iter().map(|(word, _)| word.to_string()).collect(),
            counts: all.iter().map(|(_, count)| *count).collect(),
        }
    }

    /// The numbers of those that are in the text.
    fn numbers(&self, words: &str) -> Vec<usize> {
        let number = |word| self.words.iter().position(|other| other == word);
        words.split_whitespace().filter_map(number).collect()
    }

    /// All pairs of a word and one near it, but those of a very frequent word only now and then, and
    /// the further away the more seldom.
    fn pairs(&self, random: &mut Random) -> Vec<[usize; 2]> {
        let total: usize = self.counts.iter().sum();
        // Kept with the share √(t / f), as in word2vec, of which t is 1e-3.
        let keeps: Vec<f64> =
            self.counts.iter().map(|&n| (1e-3 * total as f64 / n as f64).sqrt()).collect();
        let mut pairs = Vec::new();
        for sentence in &self.sentences {
            let mut kept = sentence.clone();
            kept.retain(|&word| (random.below(1 << 20) as f64) < keeps[word] * f64::from(1 << 20));
            for (i, &word) in kept.iter().enumerate() {
                let reach = 1 + random.below(WINDOW);
                let near = i.saturating_sub(reach)..(i + reach + 1).min(kept.len());
                pairs.extend(near.filter(|&j| j != i).map(|j| [word, kept[j]]));
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

fn train(net: &mut SkipGram, text: &Text) -> netwright::Result<()> {
    let (lots, mut random) = (text.lots(), Random(2));
    let mut adam = Adam::default().lr(0.002).lazy();
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
    Ok(())
}

/// How many of the words of a kind have another one of it among their 10 nearest, and how many would
/// if the nearest were drawn.
fn found(vectors: &[Vec<f32>], kind: &[usize]) -> (usize, f64) {
    let has_own =
        |&word: &usize| nearest(vectors, word)[..10].iter().any(|near| kind.contains(near));
    let others = kind.len().saturating_sub(1) as f64 / (vectors.len() - 1) as f64;
    let drawn = kind.len() as f64 * (1.0 - (1.0 - others).powi(10));
    (kind.iter().filter(|word| has_own(word)).count(), drawn)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let mut text = String::new();
    match args.next() {
        Some(file) => text = std::fs::read_to_string(file)?,
        None => _ = GzDecoder::new(ADDRESSES).read_to_string(&mut text)?,
    }
    let text = Text::new(&text);
    if text.words.len() <= 10 {
        return Err("a text of more than 10 different words is needed".into());
    }
    let device = Cpu::default();
    let mut net = SkipGram::seeded(&device, 42);
    println!("{}\n", net.summary());

    // Small vectors, and contexts that say nothing yet.
    let small: Tensor<Rank2<WORDS, WIDTH>, f32, _> = device.sample_uniform();
    net.centers.weight = (small - 0.5) / WIDTH as f32;
    net.contexts.weight.fill_with_zeros();
    train(&mut net, &text)?;

    println!();
    let vectors = vectors(&net, text.words.len());
    let mut shown = args.collect::<Vec<_>>().join(" ");
    if shown.is_empty() {
        shown = "three million january north china children oil soviet jobs god".into();
    }
    for word in text.numbers(&shown) {
        let near = nearest(&vectors, word);
        let names: Vec<_> = near.iter().take(6).map(|&word| text.words[word].as_str()).collect();
        println!("{:>10}: {}", text.words[word], names.join(", "));
    }

    let (mut all, mut own, mut by_chance) = (0, 0, 0.0);
    for kind in KINDS.map(|kind| text.numbers(kind)) {
        let (count, drawn) = found(&vectors, &kind);
        (all, own, by_chance) = (all + kind.len(), own + count, by_chance + drawn);
    }
    let share = |count: f64| count / all.max(1) as f64;
    println!(
        "\nof {all} words of {} kinds; by chance it would be {:.2}",
        KINDS.len(),
        share(by_chance)
    );
    println!("share with another of the same kind among the 10 nearest: {:.4}", share(own as f64));
    Ok(())
}
