//! Layers and small networks on the engine beside the portable path: `conv 3x3/forward/engine` and
//! `conv 3x3/forward/portable`, `…/train/…` for the training form with all gradients.
//!
//! `cargo bench --bench engine_vs_portable -- conv`
//!
//! Both run in one process, in f32, on the same parameters and batch, as the same [`Task`]: the
//! portable path is what the feature `engine` switched off would run, compiled here with the same
//! optimization. Neither has a loss or an optimizer in it.
//!
//! [`Task`]: netwright_core::run::Task

#[path = "networks/mod.rs"]
mod networks;
#[path = "networks/task.rs"]
mod task;

use criterion::{Criterion, criterion_group, criterion_main};
use networks::{Cnn, Mlp, ResNet};
use netwright::prelude::*;
use netwright_core::spec::graph::Graph;
use std::time::Duration;
use task::{ENGINE, Example, PORTABLE};

macro_rules! layers {
    ($($name:ident: $id:literal, $shape:tt => { $($body:tt)* })*) => {
        $(network! { struct $name($shape) { $($body)* } })*
        const GRAPHS: &[(&str, &Graph)] = &[
            $(($id, $name::<f32, Cpu>::GRAPH),)*
            ("W1", Cnn::<f32, Cpu>::GRAPH),
            ("W2", Mlp::<f32, Cpu>::GRAPH),
            ("W6", ResNet::<f32, Cpu>::GRAPH),
        ];
    };
}

layers! {
    Conv3: "conv 3x3", [16, 16, 16] => { Conv2d<16, 3, padding = 1> }
    Conv1: "conv 1x1", [32, 16, 16] => { Conv2d<32, 1> }
    Depthwise: "depthwise", [16, 16, 16] => { Conv2d<16, 3, padding = 1, groups = 16> }
    Transposed: "transposed conv", [16, 8, 8] => { ConvTranspose2d<16, 2, stride = 2> }
    Dense: "linear", [256] => { Linear<256> }
    Pool: "max pool", [16, 16, 16] => { MaxPool2d<2> }
    Norm: "batch norm", [16, 16, 16] => { BatchNorm2d }
    Layer: "layer norm", [16, 256] => { LayerNorm }
    Soft: "softmax", [16, 256] => { Softmax }
    Bell: "gelu", [4096] => { Gelu }
}

const BATCH: usize = 16;

fn all(c: &mut Criterion) {
    for &(id, graph) in GRAPHS {
        let example = Example::new(graph, BATCH);
        for (name, runner) in [("engine", ENGINE), ("portable", PORTABLE)] {
            c.bench_function(&format!("{id}/forward/{name}"), |b| {
                b.iter(|| example.forward(runner))
            });
            c.bench_function(&format!("{id}/train/{name}"), |b| {
                b.iter(|| example.train(runner).ok())
            });
        }
    }
}

criterion_group! {
    name = engine_vs_portable;
    config = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1));
    targets = all
}
criterion_main!(engine_vs_portable);
