//! What a training shows while it runs: a bar on a terminal, a line for each epoch elsewhere.

use super::evaluate::Sum;
use super::history::Epoch;
use super::settings::Settings;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::{IsTerminal, Write};

const BAR: &str = "epoch {prefix} {bar:24} {pos}/{len}  {msg}  {per_sec}, {eta} left";

/// The progress of one epoch, on the standard error stream.
pub(super) struct Progress {
    epochs: usize,
    /// On a terminal.
    bar: Option<ProgressBar>,
    quiet: bool,
}

impl Progress {
    pub(super) fn start(settings: &Settings<'_>, epoch: usize, samples: usize) -> Self {
        let (epochs, quiet) = (settings.epochs, settings.quiet);
        let bar = (!quiet && std::io::stderr().is_terminal()).then(|| {
            let bar = ProgressBar::new(samples as u64);
            if let Ok(style) = ProgressStyle::with_template(BAR) {
                bar.set_style(style);
            }
            bar.with_prefix(format!("{epoch}/{epochs}"))
        });
        Progress { epochs, bar, quiet }
    }

    pub(super) fn advance(&mut self, samples: usize, sum: &Sum) {
        if let Some(bar) = &self.bar {
            bar.set_message(sum.evaluation().to_string());
            bar.inc(samples as u64);
        }
    }

    pub(super) fn end(self, epoch: &Epoch) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
        if !self.quiet {
            // A closed stream is no reason to end a training.
            let line = format!("epoch {}/{}: {epoch}", epoch.number, self.epochs);
            let _ = writeln!(std::io::stderr(), "{line}");
        }
    }
}
