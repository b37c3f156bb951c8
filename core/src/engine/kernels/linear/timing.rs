//! `cargo test --release -p netwright-core linear::timing -- --ignored --nocapture`

use super::*;
use crate::engine::kernels::testing::numbers;
use std::hint::black_box;
use std::time::Instant;

/// Numbers that start at a cache line, for what the engine aligns so.
fn aligned(len: usize) -> &'static mut [f32] {
    let all = numbers(len + 16, len as u32).leak();
    let skip = all.as_ptr().align_offset(64);
    &mut all[skip..skip + len]
}

/// The least time of a call, in microseconds: others may be at work meanwhile.
fn least(mut f: impl FnMut()) -> f64 {
    let mut times: Vec<f64> = (0..150)
        .map(|_| {
            let start = Instant::now();
            f();
            start.elapsed().as_secs_f64() * 1e6
        })
        .collect();
    times.sort_unstable_by(f64::total_cmp);
    times[0]
}

fn report(what: &str, mac: usize, us: f64) {
    println!("{what:<44} {us:8.2} us {:8.1} GFLOP/s", 2e-3 * mac as f64 / us);
}

fn layer(n: usize, inputs: usize, outputs: usize) {
    let linear = Linear::new(inputs, outputs);
    let name = format!("{n} x {inputs} -> {outputs}");
    let mac = n * inputs * outputs;
    let (x, weight) = (aligned(n * inputs), &mut aligned(outputs * inputs + 4)[4..]);
    let y = aligned(n * outputs);
    let (dy, dx) = (aligned(n * outputs), aligned(n * inputs));
    let (dw, bias) = (aligned(weight.len()), aligned(outputs));
    let us = least(|| linear.forward(n, black_box(x), weight, Some(bias), Act::Relu, y));
    report(&format!("{name} forward"), mac, us);
    let us = least(|| linear.backward_input(n, black_box(dy), weight, true, dx));
    report(&format!("{name} dX"), mac, us);
    let packed = linear.packed_len().map(aligned);
    linear.pack(weight, packed[0]);
    linear.pack_back(weight, packed[1]);
    let us = least(|| linear.pack(black_box(weight), packed[0]));
    report(&format!("{name} pack"), 0, us);
    let us = least(|| linear.pack_back(black_box(weight), packed[1]));
    report(&format!("{name} pack back"), 0, us);
    let onto = || Onto::Bias(Some(bias));
    let us = least(|| linear.forward_packed(n, black_box(x), packed[0], onto(), Act::Relu, y));
    report(&format!("{name} forward packed"), mac, us);
    let us = least(|| linear.backward_input_packed(n, black_box(dy), packed[1], true, dx));
    report(&format!("{name} dX packed"), mac, us);
    let us = least(|| linear.backward_weights(n, black_box(x), dy, 0..outputs, true, dw));
    report(&format!("{name} dW"), mac, us);
}

/// What the core can do at most: products of registers alone.
fn peak() {
    /// # Safety
    /// `out` holds 16 floats.
    #[inline(always)]
    unsafe fn body<V: Lanes>(out: &mut [f32; 16]) {
        // SAFETY: `out` holds any vector.
        unsafe {
            let (x, y) = (V::load(out.as_ptr()), V::splat(black_box(1e-9)));
            let mut sums = [x; 12];
            for _ in 0..4000 {
                for sum in &mut sums {
                    *sum = sum.mul_add(y, x);
                }
            }
            sums[1..].iter().fold(sums[0], |a, &b| a.add(b)).store(out.as_mut_ptr());
        }
    }
    kernel!(unsafe fn spin(out: &mut [f32; 16]) = body);
    let (level, mut out) = (Level::best(), [1.0; 16]);
    // SAFETY: see the body.
    let us = least(|| unsafe { spin(level, &mut out) });
    report(&format!("peak {level:?}"), 48_000 * level.lanes(), us);
    black_box(out);
}

#[test]
#[ignore = "a measurement"]
fn timing() {
    for n in [16, 64] {
        for (inputs, outputs) in [(784, 512), (512, 256), (256, 10)] {
            peak();
            layer(n, inputs, outputs);
        }
    }
    for n in [16, 64] {
        peak();
        layer(n, 576, 10);
    }
    for n in 1..=3 {
        peak();
        layer(n, 784, 512);
    }
    // A recurrent layer, and an encoder.
    layer(1, 128, 64);
    layer(1, 128, 512);
    peak();
    layer(1600, 64, 512);
    layer(16, 128, 512);
    layer(1600, 128, 512);
    peak();
    layer(128, 128, 128);
    layer(128, 128, 512);
    layer(128, 512, 128);
    layer(128, 128, 384);
    layer(64, 128, 128);
    layer(64, 128, 512);
    layer(64, 512, 128);
}
