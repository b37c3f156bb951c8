//! What a training shows while it runs: a bar on a terminal, a line for each epoch elsewhere.

use super::evaluate::Sum;
use super::history::Epoch;
use super::settings::Settings;
use std::io::{IsTerminal, Write, stderr};
use std::time::{Duration, Instant};

/// Between two drawings of a bar.
const PAUSE: Duration = Duration::from_millis(100);

/// Characters of a bar, and of the line with it: where a line takes two, it cannot be written over.
const BAR: usize = 24;
const LINE: usize = 79;

/// The progress of one epoch, on the standard error stream.
pub(super) struct Progress {
    epochs: usize,
    /// On a terminal.
    bar: Option<Bar>,
    quiet: bool,
}

impl Progress {
    pub(super) fn start(settings: &Settings<'_>, epoch: usize, samples: usize) -> Self {
        let (epochs, quiet) = (settings.epochs, settings.quiet);
        let bar = (!quiet && stderr().is_terminal()).then(|| Bar {
            title: format!("epoch {epoch}/{epochs}"),
            done: 0,
            samples,
            start: Instant::now(),
            drawn: None,
            width: 0,
        });
        Progress { epochs, bar, quiet }
    }

    pub(super) fn advance(&mut self, samples: usize, sum: &Sum) {
        if let Some(bar) = &mut self.bar {
            bar.advance(samples, || sum.evaluation().to_string());
        }
    }

    pub(super) fn end(self, epoch: &Epoch) {
        if let Some(mut bar) = self.bar {
            bar.write("");
        }
        if !self.quiet {
            // A closed stream is no reason to end a training.
            let line = format!("epoch {}/{}: {epoch}", epoch.number, self.epochs);
            let _ = writeln!(stderr(), "{line}");
        }
    }
}

/// A line that is written over itself.
struct Bar {
    title: String,
    done: usize,
    samples: usize,
    start: Instant,
    drawn: Option<Instant>,
    /// Characters that stand there.
    width: usize,
}

impl Bar {
    fn advance(&mut self, samples: usize, message: impl FnOnce() -> String) {
        self.done += samples;
        if self.drawn.is_none_or(|at| at.elapsed() >= PAUSE) {
            self.drawn = Some(Instant::now());
            self.write(&self.line(self.start.elapsed(), &message()));
        }
    }

    fn line(&self, elapsed: Duration, message: &str) -> String {
        let &Bar { ref title, done, samples, .. } = self;
        let full = BAR * done.min(samples) / samples.max(1);
        let bar = "█".repeat(full) + &"░".repeat(BAR - full);
        let each = elapsed.as_secs_f64() / done.max(1) as f64;
        let left = match (samples.saturating_sub(done) as f64 * each).ceil() {
            long if long >= 120.0 => format!("{:.0} min", (long / 60.0).ceil()),
            short => format!("{short:.0} s"),
        };
        let line = format!("{title} {bar} {done}/{samples}, {left} left: {message}");
        line.chars().take(LINE).collect()
    }

    /// Over what stands there; the cursor goes back to its beginning.
    fn write(&mut self, line: &str) {
        let _ = write!(stderr(), "\r{line:<0$}\r", self.width);
        self.width = line.chars().count();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(done: usize, samples: usize, seconds: u64, message: &str) -> String {
        let title = "epoch 2/5".into();
        let bar = Bar { title, done, samples, start: Instant::now(), drawn: None, width: 0 };
        bar.line(Duration::from_secs(seconds), message)
    }

    #[test]
    fn a_line_says_how_much_is_done_and_how_long_the_rest_takes() {
        let none = "░".repeat(24);
        assert_eq!(line(0, 60, 0, ""), format!("epoch 2/5 {none} 0/60, 0 s left: "));
        let half = "█".repeat(12) + &"░".repeat(12);
        let want = format!("epoch 2/5 {half} 30/60, 10 s left: loss 0.5");
        assert_eq!(line(30, 60, 10, "loss 0.5"), want);
        assert!(line(10, 1000, 10, "").contains("10/1000, 17 min left"));
        assert!(line(60, 60, 10, "").contains(&format!("{} 60/60, 0 s left", "█".repeat(24))));
    }

    #[test]
    fn a_long_line_is_cut_and_more_samples_than_there_should_be_fill_the_bar() {
        assert_eq!(line(30, 60, 10, &"x".repeat(99)).chars().count(), LINE);
        assert!(line(70, 60, 10, "").contains(&"█".repeat(24)));
        assert!(line(0, 0, 0, "").contains("0/0"));
    }
}
