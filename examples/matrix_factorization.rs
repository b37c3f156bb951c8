//! A recommender: what a user thinks of an item is the product of two learned vectors.
//!
//! The ratings are made: of vectors that nobody is told, and a noise that nobody can foresee. So
//! the best possible error on new ratings is known, and the network comes near it.
//!
//! `cargo run --release --example matrix_factorization`

use netwright::data::{Column, Dataset, order};
use netwright::prelude::*;

const USERS: usize = 300;
const ITEMS: usize = 200;
/// Numbers that a taste is made of.
const TASTES: usize = 3;
/// The deviation of what cannot be known.
const NOISE: f32 = 0.5;

network! {
    /// The dot product of a user's and an item's vector.
    struct Ratings(user: [usize], item: [usize]) -> [] {
        let taste = user => users: Embedding<USERS, TASTES>;
        let kind = item => items: Embedding<ITEMS, TASTES>;
        taste * kind => Sum
    }
}

/// A third of all pairs of users and items, in a random order, with their ratings.
fn ratings() -> netwright::Result<Dataset> {
    let device = Cpu::seed_from_u64(1);
    let normal = |count: usize| {
        let numbers: Tensor<(usize,), f32, Cpu> = device.sample_normal_like(&(count,));
        numbers.as_vec()
    };
    let (users, items) = (normal(USERS * TASTES), normal(ITEMS * TASTES));
    let pairs = &order(USERS * ITEMS, 2, 0)[..USERS * ITEMS / 3];
    let rating = |(pair, noise): (&usize, f32)| {
        let user = users.chunks_exact(TASTES).nth(pair / ITEMS).unwrap_or(&[]);
        let item = items.chunks_exact(TASTES).nth(pair % ITEMS).unwrap_or(&[]);
        user.iter().zip(item).map(|(u, i)| u * i).sum::<f32>() + NOISE * noise
    };
    let ratings = pairs.iter().zip(normal(pairs.len())).map(rating).collect();
    let of = |part: fn(usize) -> usize| pairs.iter().map(|pair| part(*pair)).collect();
    let data =
        Dataset::new(Column::labels(of(|pair| pair / ITEMS)), Column::floats(ratings, &[])?)?;
    data.with_input(Column::labels(of(|pair| pair % ITEMS)))
}

fn main() -> netwright::Result<()> {
    let (train, test) = ratings()?.split(0.9)?;
    let mut net = Ratings::seeded(&AutoDevice::default(), 42);
    println!("{}\n", net.summary());

    // Steps that are large at first, then small ones around what was found.
    for (lr, epochs) in [(0.03, 20), (0.003, 10)] {
        let fit = Fit::new(MeanSquared, Adam::default().lr(lr)).epochs(epochs);
        println!("{}", net.fit(&train, fit.batch(256).seed(42).validate(&test))?);
    }

    let error = net.evaluate(&test, MeanSquared)?.loss.sqrt();
    println!("root of the mean squared error, where noise alone makes {NOISE}: {error:.4}");
    Ok(())
}
