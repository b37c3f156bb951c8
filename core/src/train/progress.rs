//! What a training shows while it runs: a bar on a terminal, a line for each epoch elsewhere.

use super::evaluate::Sum;
use super::history::Epoch;
use super::settings::Settings;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::{IsTerminal, Write};

const BAR: &str = "epoch {prefix} {bar:24} {pos}/{len}  {msg}  {per_sec}, {eta} left";

/// The progress of one epoch, on the standard error stream.
pub(super) enum Progress {
    Bar(ProgressBar),
    Line { epochs: usize },
    Quiet,
}

impl Progress {
    pub(super) fn start(settings: &Settings<'_>, epoch: usize, samples: usize) -> Self {
        if settings.quiet {
            return Progress::Quiet;
        }
        if !std::io::stderr().is_terminal() {
            return Progress::Line { epochs: settings.epochs };
        }
        let bar = ProgressBar::new(samples as u64);
        if let Ok(style) = ProgressStyle::with_template(BAR) {
            bar.set_style(style);
        }
        bar.set_prefix(format!("{epoch}/{}", settings.epochs));
        Progress::Bar(bar)
    }

    pub(super) fn advance(&mut self, samples: usize, sum: &Sum) {
        if let Progress::Bar(bar) = self {
            bar.set_message(sum.evaluation().to_string());
            bar.inc(samples as u64);
        }
    }

    pub(super) fn end(self, epoch: &Epoch) {
        let of = match self {
            Progress::Quiet => return,
            Progress::Line { epochs } => epochs,
            Progress::Bar(bar) => {
                bar.finish_and_clear();
                0
            }
        };
        // A closed stream is no reason to end a training.
        let _ = match of {
            0 => writeln!(std::io::stderr(), "{epoch}"),
            _ => writeln!(std::io::stderr(), "{epoch} (of {of})"),
        };
    }
}
