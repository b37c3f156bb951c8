//! What a training does.

use crate::data::Samples;
use crate::error::{Error, Result};

/// The settings of [`Train::fit`](super::Train::fit).
///
/// | setting | unless set | |
/// | --- | --- | --- |
/// | `epochs` | 1 | how often each sample is seen |
/// | `batch` | 32 | samples of one step; the last step of an epoch takes what is left |
/// | `seed` | 0 | of the order of the samples |
/// | `shuffle` | yes | a new order for each epoch, from the seed and the epoch's number |
/// | `validate` | nothing | data to be evaluated after each epoch |
/// | `threads` | all of rayon's current pool | see [`with_threads`](crate::engine::with_threads) |
/// | `quiet` | no | shows no progress |
///
/// ```
/// use netwright_core::train::{Adam, CrossEntropy, Fit};
///
/// let (train, test) = netwright_core::data::digits()?.split(0.8)?;
/// let fit = Fit::new(CrossEntropy, Adam::default()).epochs(5).batch(64).validate(&test);
/// # Ok::<(), netwright_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Fit<'a, L, O> {
    pub(super) loss: L,
    pub(super) optimizer: O,
    pub(super) settings: Settings<'a>,
}

/// What [`Fit`] holds beside loss and optimizer.
#[doc(hidden)]
#[derive(Clone, Copy)]
pub struct Settings<'a> {
    pub(super) epochs: usize,
    pub(super) batch: usize,
    pub(super) seed: u64,
    pub(super) shuffle: bool,
    pub(super) validation: Option<&'a dyn Samples>,
    pub(super) threads: Option<usize>,
    pub(super) quiet: bool,
}

impl std::fmt::Debug for Settings<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings")
            .field("epochs", &self.epochs)
            .field("batch", &self.batch)
            .field("seed", &self.seed)
            .field("shuffle", &self.shuffle)
            .field("validation", &self.validation.map(Samples::len))
            .field("threads", &self.threads)
            .field("quiet", &self.quiet)
            .finish()
    }
}

impl<'a, L, O> Fit<'a, L, O> {
    /// A training that makes `loss` small with `optimizer`, which may be lent (`&mut adam`).
    pub fn new(loss: L, optimizer: O) -> Self {
        let settings = Settings {
            epochs: 1,
            batch: 32,
            seed: 0,
            shuffle: true,
            validation: None,
            threads: None,
            quiet: false,
        };
        Fit { loss, optimizer, settings }
    }

    /// How often each sample is seen.
    #[must_use]
    pub fn epochs(mut self, epochs: usize) -> Self {
        self.settings.epochs = epochs;
        self
    }

    /// How many samples one step takes.
    #[must_use]
    pub fn batch(mut self, size: usize) -> Self {
        self.settings.batch = size;
        self
    }

    /// The seed of the order of the samples.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.settings.seed = seed;
        self
    }

    /// Whether each epoch takes the samples in an order of its own, or all in theirs.
    #[must_use]
    pub fn shuffle(mut self, shuffle: bool) -> Self {
        self.settings.shuffle = shuffle;
        self
    }

    /// Evaluates these samples after each epoch. They are not trained on.
    #[must_use]
    pub fn validate(mut self, samples: &'a dyn Samples) -> Self {
        self.settings.validation = Some(samples);
        self
    }

    /// Uses at most so many threads on the CPU in `f32`; the result is the same bits.
    #[must_use]
    pub fn threads(mut self, threads: usize) -> Self {
        self.settings.threads = Some(threads);
        self
    }

    /// Shows no progress.
    #[must_use]
    pub fn quiet(mut self) -> Self {
        self.settings.quiet = true;
        self
    }
}

impl Settings<'_> {
    pub(super) fn check(&self, data: &dyn Samples) -> Result<()> {
        if self.epochs == 0 {
            return Err(Error::Setting("a training has at least 1 epoch, but 0 are set".into()));
        }
        if self.threads == Some(0) {
            return Err(Error::Setting("a training needs at least 1 thread, but 0 are set".into()));
        }
        not_empty("the training data", data)?;
        self.validation.map_or(Ok(()), |samples| not_empty("the validation data", samples))
    }
}

pub(super) fn not_empty(what: &str, samples: &dyn Samples) -> Result<()> {
    if samples.is_empty() {
        return Err(Error::Data(format!("{what} has no samples")));
    }
    Ok(())
}
