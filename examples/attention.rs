//! A recurrent network with attention reverses and sorts short sequences: what it is to do, it is told by
//! the first character.
//!
//! `cargo run --release --example attention`

use netwright::data::{Column, Dataset, order};
use netwright::prelude::*;

/// Characters of a sequence, and how many there are to choose from.
const LENGTH: usize = 6;
const LETTERS: usize = 8;
/// Letters, and what is to be done: reverse, or sort.
const VOCABULARY: usize = LETTERS + 2;
const TIME: usize = LENGTH + 1;
/// All sequences.
const ALL: usize = LETTERS.pow(LENGTH as u32);

network! {
    /// What was read stays in the states of all steps; each step of the answer looks at them, and asks
    /// with what it knows of its place and of the whole.
    struct Rewriter([usize; TIME]) -> [LENGTH, LETTERS] {
        let read = input => Embedding<VOCABULARY, 32>, Lstm<32, bidirectional = true>;
        let whole = read => Mean<axis = 0>, RepeatVector<LENGTH>;
        let asked = whole => PositionalEncoding<learned = true>, Lstm<64>;
        let found = (asked, read) => MultiHeadAttention<4>;
        concat(asked, found) => Linear<64>, Relu, Linear<LETTERS>
    }
}

/// The letters of a sequence by its number.
fn letters(number: usize) -> Vec<usize> {
    (0..LENGTH as u32).map(|at| number / LETTERS.pow(at) % LETTERS).collect()
}

/// What is read, and what is to be written.
fn task(number: usize) -> (Vec<usize>, Vec<usize>) {
    let (sort, mut letters) = (number % 2, letters(number / 2));
    let read = [&[LETTERS + sort], letters.as_slice()].concat();
    match sort {
        1 => letters.sort_unstable(),
        _ => letters.reverse(),
    }
    (read, letters)
}

fn tasks(numbers: &[usize]) -> netwright::Result<Dataset> {
    let (read, written): (Vec<_>, Vec<_>) = numbers.iter().map(|&number| task(number)).unzip();
    Dataset::new(
        Column::indices(read.concat(), &[TIME])?,
        Column::indices(written.concat(), &[LENGTH])?,
    )
}

fn main() -> netwright::Result<()> {
    let numbers = order(2 * ALL, 42, 0);
    let (train, test) = (tasks(&numbers[..20_000])?, &numbers[20_000..22_000]);
    let mut net = Rewriter::seeded(&AutoDevice::default(), 42);
    println!("{}\n", net.summary());

    for (lr, epochs) in [(3e-3, 4), (5e-4, 2)] {
        let fit = Fit::new(CrossEntropy, Adam::default().lr(lr)).epochs(epochs);
        println!("{}", net.fit(&train, fit.batch(64).seed(42))?);
    }

    let scores = net.predict_all(&tasks(test)?)?;
    let scores = scores[0].as_floats().unwrap_or(&[]);
    let best = |row: &[f32]| (0..row.len()).max_by(|&a, &b| row[a].total_cmp(&row[b])).unwrap_or(0);
    let written: Vec<usize> = scores.chunks_exact(LETTERS).map(best).collect();
    let text = |letters: &[usize]| {
        letters.iter().map(|&at| char::from(b'a' + at as u8)).collect::<String>()
    };
    let mut right = 0;
    for (at, (written, &number)) in written.chunks_exact(LENGTH).zip(test).enumerate() {
        let (read, wanted) = task(number);
        right += usize::from(written == wanted);
        if at < 6 {
            let what = if number % 2 == 1 { "sorted" } else { "reversed" };
            println!("{} {what} is {}", text(&read[1..]), text(written));
        }
    }
    println!("exactly right, of sequences it never saw: {:.4}", right as f64 / test.len() as f64);
    Ok(())
}
