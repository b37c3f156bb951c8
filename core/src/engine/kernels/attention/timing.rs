//! `cargo test --release -p netwright-core --features engine --lib attention::timing -- --ignored --nocapture`

use super::super::testing::numbers;
use super::*;
use std::hint::black_box;
use std::time::Instant;

/// The least time of a call, in microseconds: others may be at work meanwhile.
fn least(mut f: impl FnMut()) -> f64 {
    let times = (0..400).map(|_| {
        let start = Instant::now();
        f();
        start.elapsed().as_secs_f64() * 1e6
    });
    times.fold(f64::INFINITY, f64::min)
}

fn head(steps: usize, causal: bool) {
    let kernel = Attention::new([steps, steps, 32], causal, false);
    let head = || Head { length: steps, factor: None::<fn(usize) -> f32> };
    let all: Vec<_> = (1..5).map(|seed| numbers(steps * 32, seed)).collect();
    let rows = Rows { first: 0, stride: 32 };
    let [q, k, v, dy] = [0, 1, 2, 3].map(|i| (all[i].as_slice(), rows));
    let (mut y, mut left) = (vec![0.0; steps * 32], vec![0.0; LEFT * steps]);
    let mut scratch = vec![0.0; kernel.scratch_len()];
    let forward = least(|| {
        kernel.forward(head(), black_box([q, k, v]), (&mut y, rows), &mut left, &mut scratch)
    });
    let given = Given { inputs: [q, k, v], y: (&y, rows), left: &left, dy };
    let give = |_: usize, _: usize, row: &[f32]| {
        black_box(row[0]);
    };
    let backward = least(|| kernel.backward(head(), black_box(given), give, &mut scratch));
    println!("{steps:>5} causal {causal:<5} forward {forward:8.2} us backward {backward:8.2} us");
}

#[test]
#[ignore = "prints times, of a release build"]
fn heads() {
    for steps in [16, 32, 64, 100, 128, 256, 512] {
        head(steps, true);
        head(steps, false);
    }
}
