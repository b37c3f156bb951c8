//! The crate's one random generator.
//!
//! The same seed and stream give the same numbers on every platform and in every version: the
//! generator is ChaCha with 8 rounds, keyed with the seed itself, and every step from its 64-bit
//! words to a number is written here, because a library may change its own between versions.

mod normal;

pub(crate) use normal::normal;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore as _, SeedableRng as _};

/// A random generator that is wholly determined by a seed and a stream.
#[derive(Debug)]
pub(crate) struct Rng {
    words: ChaCha8Rng,
    spare: Option<f64>,
}

impl Rng {
    /// The generator of `seed`; different streams of one seed are independent of each other.
    pub(crate) fn seeded(seed: u64, stream: u64) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        let mut words = ChaCha8Rng::from_seed(key);
        words.set_stream(stream);
        Rng { words, spare: None }
    }

    /// A number in `[0, 1)`, a multiple of 2⁻⁵³.
    pub(crate) fn uniform(&mut self) -> f64 {
        uniform(self.words.next_u64())
    }

    /// A number of the normal distribution with mean 0 and standard deviation 1.
    ///
    /// Box and Muller's transform in Marsaglia's polar form: a point in the unit circle gives two
    /// numbers, the second of which waits for the next call. Its logarithm is `libm`'s, which
    /// unlike the operating system's is the same everywhere; the square root is exact by IEEE 754.
    pub(crate) fn normal(&mut self) -> f64 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        loop {
            let x = 2.0 * self.uniform() - 1.0;
            let y = 2.0 * self.uniform() - 1.0;
            let square = x * x + y * y;
            if square > 0.0 && square < 1.0 {
                let scale = (-2.0 * libm::log(square) / square).sqrt();
                self.spare = Some(y * scale);
                return x * scale;
            }
        }
    }

    /// A number in `0..n`, each equally likely (Lemire's method); 0 when `n` is 0.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        let n = n as u64;
        if n == 0 {
            return 0;
        }
        let uneven = n.wrapping_neg() % n;
        loop {
            let product = u128::from(self.words.next_u64()) * u128::from(n);
            if product as u64 >= uneven {
                return (product >> 64) as usize;
            }
        }
    }

    /// Puts the numbers into a random order (Fisher and Yates).
    pub(crate) fn shuffle(&mut self, numbers: &mut [usize]) {
        for last in (1..numbers.len()).rev() {
            numbers.swap(last, self.below(last + 1));
        }
    }
}

/// A number in `[0, 1)`, a multiple of 2⁻⁵³, made of a random word.
pub(crate) fn uniform(word: u64) -> f64 {
    const STEP: f64 = 1.0 / (1u64 << 53) as f64;
    (word >> 11) as f64 * STEP
}

/// A key for a stream of its own: two calls with different arguments give unrelated keys.
///
/// The finalizer of SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number
/// Generators, 2014), applied to both words in turn.
pub(crate) fn mix(seed: u64, stream: u64) -> u64 {
    finalize(finalize(seed.wrapping_add(0x9e37_79b9_7f4a_7c15)).wrapping_add(stream))
}

fn finalize(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The expected numbers come from a ChaCha8 of its own, written in Python.
    #[test]
    fn the_numbers_of_a_seed_never_change() {
        let mut rng = Rng::seeded(42, 7);
        let words = [rng.words.next_u64(), rng.words.next_u64()];
        assert_eq!(words, [0x2f88_af39_a26c_4769, 0x9492_74b8_cf88_bf9f]);
        let mut rng = Rng::seeded(42, 7);
        let numbers = (rng.uniform(), rng.below(1000), rng.normal());
        assert_eq!(numbers, (0.1856793895444051, 580, 0.9618830154070193));
    }

    #[test]
    fn seeds_and_streams_differ() {
        let first = |seed, stream| Rng::seeded(seed, stream).below(1 << 30);
        assert_ne!(first(1, 0), first(2, 0));
        assert_ne!(first(1, 0), first(1, 1));
    }

    #[test]
    fn uniform_fills_the_unit_interval() {
        let mut rng = Rng::seeded(1, 0);
        let numbers: Vec<f64> = (0..20_000).map(|_| rng.uniform()).collect();
        assert!(numbers.iter().all(|x| (0.0..1.0).contains(x)));
        let mean = numbers.iter().sum::<f64>() / 20_000.0;
        assert!((mean - 0.5).abs() < 0.01, "{mean}");
    }

    #[test]
    fn normal_has_mean_0_and_deviation_1() {
        let mut rng = Rng::seeded(1, 0);
        let numbers: Vec<f64> = (0..20_000).map(|_| rng.normal()).collect();
        let moment = |power| numbers.iter().map(|x| x.powi(power)).sum::<f64>() / 20_000.0;
        assert!(moment(1).abs() < 0.03, "{}", moment(1));
        assert!((moment(2) - 1.0).abs() < 0.05, "{}", moment(2));
        assert!((moment(4) - 3.0).abs() < 0.3, "{}", moment(4));
    }

    #[test]
    fn below_reaches_every_number_equally() {
        let mut rng = Rng::seeded(3, 0);
        let mut counts = [0; 6];
        (0..60_000).for_each(|_| counts[rng.below(6)] += 1);
        assert!(counts.iter().all(|&n: &i32| (n - 10_000).abs() < 500), "{counts:?}");
        assert_eq!((rng.below(0), rng.below(1)), (0, 0));
    }

    #[test]
    fn shuffle_keeps_every_number() {
        let mut numbers: Vec<usize> = (0..100).collect();
        Rng::seeded(5, 0).shuffle(&mut numbers);
        assert_ne!(numbers, (0..100).collect::<Vec<_>>());
        numbers.sort_unstable();
        assert_eq!(numbers, (0..100).collect::<Vec<_>>());
    }
}
