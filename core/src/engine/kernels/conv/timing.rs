//! `cargo test --release -p netwright-core timing -- --ignored --nocapture`

use super::reference::Reference;
use super::*;
use crate::engine::simd::Floats;
use std::hint::black_box;
use std::time::Instant;

/// Repeatable numbers that start at a cache line.
fn floats(len: usize, seed: u32) -> Floats {
    crate::engine::kernels::testing::numbers(len, seed).into_iter().collect()
}

/// The median time of a call, in microseconds.
fn median(mut f: impl FnMut()) -> f64 {
    let mut times: Vec<f64> = (0..400)
        .map(|_| {
            let start = Instant::now();
            (0..8).for_each(|_| f());
            start.elapsed().as_secs_f64() * 1e6 / 8.0
        })
        .collect();
    times.sort_unstable_by(f64::total_cmp);
    times[200]
}

fn report(what: &str, mac: usize, us: f64) {
    println!("{what:<44} {us:8.2} us {:8.1} GFLOP/s", 2e-3 * mac as f64 / us);
}

fn sizes(input: [usize; 3], out_channels: usize, k: usize, s: usize, p: usize) -> ConvSizes {
    ConvSizes {
        input,
        depth: Axis::LONE,
        out_channels,
        kernel_size: [k, k],
        stride: [s, s],
        padding: [p; 4],
        dilation: [1, 1],
        groups: 1,
        unread: [0; 2],
    }
}

fn pooled(name: &str, sizes: ConvSizes, level: Level) {
    let conv = ConvPool::at_level(sizes, [1, 2, 2], level);
    let weight = floats(sizes.weight_len(), 1);
    let (bias, x) = (floats(sizes.out_channels, 2), floats(sizes.input.iter().product(), 3));
    let len: usize = conv.output().iter().product();
    let (mut y, dy, mut winners) = (Floats::new(len), floats(len, 4), vec![0_u8; len]);
    let mut scratch = Floats::new(conv.scratch_len());
    let mut packed = Floats::new(conv.packed_len());
    conv.pack(&weight, &mut packed);
    let each = sizes.weight_len() / sizes.out_channels;
    let us = median(|| {
        conv.forward(
            black_box(&x),
            &packed,
            Some(&bias),
            Act::Relu,
            &mut y,
            Some(&mut winners),
            &mut scratch,
        )
    });
    report(&format!("{name} forward_pool"), len * 4 * each, us);
    let mut packed = Floats::new(conv.packed_gradient_len());
    conv.pack_transposed(&weight, &mut packed);
    let (mut dw, mut db) = (Floats::new(packed.len()), bias.clone());
    let us = median(|| {
        conv.backward_weights(
            black_box(&x),
            &dy,
            Some(&y),
            &winners,
            &mut dw,
            Some(&mut db),
            &mut scratch,
        )
    });
    report(&format!("{name} backward_pool_weights"), len * each, us);
    let mut dx = x.clone();
    let us = median(|| {
        conv.backward_input(black_box(&dy), Some(&y), &winners, &packed, &mut dx, &mut scratch)
    });
    report(&format!("{name} backward_pool_input"), len * each, us);
}

fn dense(sizes: ConvSizes, level: Level) {
    let (conv, reference) = (Conv::at_level(sizes, level, true), Reference(sizes));
    let name = format!(
        "{:?} {} -> {} k{} s{}",
        sizes.input, sizes.depth.size, sizes.out_channels, sizes.kernel_size[0], sizes.stride[0]
    );
    let weight = floats(sizes.weight_len(), 1);
    let (bias, x) = (floats(sizes.out_channels, 2), floats(reference.input_len(), 3));
    let len = conv.output().iter().product();
    let (mut y, dy) = (Floats::new(len), floats(len, 4));
    let mut scratch = Floats::new(conv.scratch_len());
    let mut packed = Floats::new(conv.packed_len());
    conv.pack(&weight, &mut packed);
    let mac = len * sizes.weight_len() / sizes.out_channels;
    let us = median(|| {
        conv.forward(black_box(&x), &packed, Some(&bias), Act::Relu, &mut y, &mut scratch)
    });
    report(&format!("{name} forward"), mac, us);
    let (mut dw, mut db) = (Floats::new(packed.len()), bias.clone());
    let us = median(|| {
        assert!(conv.backward_weights(black_box(&x), &dy, &mut dw, Some(&mut db), &mut scratch))
    });
    report(&format!("{name} dW"), mac, us);
    let mut packed = Floats::new(conv.packed_transposed_len());
    conv.pack_transposed(&weight, &mut packed);
    let mut dx = x.clone();
    let us = median(|| conv.backward_input(black_box(&dy), &packed, &mut dx, &mut scratch));
    report(&format!("{name} dX"), mac, us);
}

/// What the core can do at most: products of registers alone.
fn peak() {
    use crate::engine::simd::{Lanes, kernel};
    /// # Safety
    /// `out` holds 16 floats.
    #[inline(always)]
    unsafe fn body<V: Lanes>(out: &mut [f32; 16]) {
        // SAFETY: `out` holds any vector.
        unsafe {
            let (x, y) = (V::load(out.as_ptr()), V::splat(black_box(1e-9)));
            let mut sums = [x; 12];
            for _ in 0..1000 {
                for sum in &mut sums {
                    *sum = sum.mul_add(y, x);
                }
            }
            sums[1..].iter().fold(sums[0], |a, &b| a.add(b)).store(out.as_mut_ptr());
        }
    }
    kernel!(unsafe fn spin(out: &mut [f32; 16]) = body);
    for &level in Level::all() {
        let mut out = [1.0; 16];
        // SAFETY: see the body.
        let us = median(|| unsafe { spin(level, &mut out) });
        report(&format!("peak {level:?}"), 12_000 * level.lanes(), us);
        black_box(out);
    }
}

#[test]
#[ignore = "a measurement"]
fn timing() {
    peak();
    for &level in Level::all().iter().rev() {
        println!("{level:?}");
        pooled("A", sizes([3, 32, 32], 32, 3, 1, 0), level);
        pooled("B", sizes([32, 15, 15], 16, 3, 1, 0), level);
        dense(sizes([3, 32, 32], 16, 3, 1, 1), level);
        dense(sizes([16, 32, 32], 16, 3, 1, 1), level);
        dense(sizes([32, 16, 16], 32, 3, 1, 1), level);
        dense(sizes([64, 8, 8], 64, 3, 1, 1), level);
        dense(sizes([16, 32, 32], 32, 3, 2, 1), level);
        dense(sizes([32, 16, 16], 64, 3, 2, 1), level);
        dense(sizes([16, 32, 32], 32, 1, 2, 0), level);
        dense(sizes([32, 16, 16], 64, 1, 2, 0), level);
        for channels in [4, 16] {
            let depth = Axis { size: 16, kernel_size: 3, before: 1, after: 1, ..Axis::LONE };
            dense(ConvSizes { depth, ..sizes([channels, 32, 32], 16, 3, 1, 1) }, level);
        }
        dense(ConvSizes { groups: 64, ..sizes([64, 16, 16], 64, 3, 1, 1) }, level);
    }
    peak();
}
