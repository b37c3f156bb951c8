//! dfdx's CUDA device against its CPU: every layer, loss and optimizer, training, files, streams and
//! layers of the user's, in f64 and in f32, with f64 on the CPU as the referee.
//!
//! This needs a GPU: `cargo test --features cuda --test cuda -- --nocapture` prints the largest
//! difference of each case. `cargo check --features cuda-check --test cuda` needs none.

#![allow(clippy::unwrap_used, clippy::expect_used)] // in helpers of tests

#[path = "../support/every_layer.rs"]
mod every_layer;
#[path = "../support/graphs.rs"]
mod graphs;
mod layers;
mod learning;
mod losses;
mod models;
mod own;
#[path = "../support/mod.rs"]
mod support;

use netwright::Float;
use netwright::dfdx::prelude::Cuda;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::LazyLock;
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::Instant;

/// What is compared with the CPU.
type Gpu = Cuda;

/// What runs on the GPU, and whom to tell how far it is from the CPU.
type Case = fn(&Gpu, &mut Differences);
type Job = (Case, Sender<thread::Result<Differences>>);

/// Where cases go. One device is for all: each of dfdx's loads its kernels anew, and stays with its
/// thread.
static JOBS: LazyLock<Sender<Job>> = LazyLock::new(|| {
    let (jobs, received) = channel::<Job>();
    thread::spawn(move || {
        let device = Gpu::default();
        for (case, tell) in received {
            let run = || {
                let mut found = Differences::default();
                case(&device, &mut found);
                found
            };
            tell.send(catch_unwind(AssertUnwindSafe(run))).unwrap();
        }
    });
    jobs
});

/// Runs a case, and says how far it is from the CPU.
fn check(name: &str, case: Case) {
    let (tell, told) = channel();
    let start = Instant::now();
    JOBS.send((case, tell)).expect("a GPU");
    let found = told.recv().expect("a GPU").unwrap_or_else(|panic| resume_unwind(panic));
    assert!(found.compared > 0, "{name} compares nothing");
    let ([f64, f32], time) = (found.largest, start.elapsed().as_millis());
    println!("{name}: differs by {f64:.1e} in f64 and {f32:.1e} in f32, after {time} ms");
    assert!(found.wrong.is_empty(), "{name}:\n{}", found.wrong.join("\n"));
}

/// What a difference may be in f64 and in f32, relative to the largest of the numbers.
const LIMITS: [f64; 2] = [1e-11, 3e-4];

/// What is not as on the CPU; a case goes on behind it.
#[derive(Default)]
struct Differences {
    compared: usize,
    /// In f64 and in f32.
    largest: [f64; 2],
    wrong: Vec<String>,
}

impl Differences {
    fn numbers<E: Float>(&mut self, what: &str, found: &[E], expected: &[f64]) {
        self.within(1.0, what, found, expected);
    }

    /// With so many times the usual limit.
    fn within<E: Float>(&mut self, times: f64, what: &str, found: &[E], expected: &[f64]) {
        if found.len() != expected.len() {
            let text = format!("  {what}: {} numbers, not {}", found.len(), expected.len());
            return self.wrong.push(text);
        }
        let scale = expected.iter().fold(0.1_f64, |most, x| most.max(x.abs()));
        let float = usize::from(E::NAME == "F32");
        self.compared += expected.len();
        for (i, (found, &expected)) in found.iter().zip(expected).enumerate() {
            let difference = match found.f64() == expected {
                true => 0.0,
                false => (found.f64() - expected).abs() / scale,
            };
            self.largest[float] = self.largest[float].max(difference);
            let near = difference <= times * LIMITS[float];
            if !near {
                let name = E::NAME;
                return self.wrong.push(format!("  {what}, {name}, {i}: {found} for {expected}"));
            }
        }
    }

    /// Lists of numbers, each with a name.
    fn lists<E: Float>(&mut self, what: &str, found: &[Vec<E>], expected: &[Vec<f64>]) {
        if found.len() != expected.len() {
            let text = format!("  {what}: {} lists, not {}", found.len(), expected.len());
            return self.wrong.push(text);
        }
        for (i, (found, expected)) in found.iter().zip(expected).enumerate() {
            self.numbers(&format!("{what} {i}"), found, expected);
        }
    }

    fn holds(&mut self, what: &str, is: bool) {
        self.compared += 1;
        if !is {
            self.wrong.push(format!("  not so: {what}"));
        }
    }
}

/// As f64.
fn wide<E: Float>(numbers: &[E]) -> Vec<f64> {
    numbers.iter().map(|x| x.f64()).collect()
}
