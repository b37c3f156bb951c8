//! What single layers make of the machine: GFLOP/s beside its own matrix product, GB/s where a layer
//! computes little, on one thread and on all.
//!
//! `cargo bench --bench kernels -- conv` prints the table of the layers with `conv` in their name.
//!
//! A layer is a network of its own, run as a program would run it: its figures contain the copies
//! at the edges and the layouts' changes, so they are lower bounds for the kernels. FLOPs are twice
//! the plan's multiply-adds, and three times that with gradients; bytes are those of the input and
//! the output, read or written once, and their gradients.

#[path = "networks/task.rs"]
mod task;

use netwright::dfdx::prelude::*;
use netwright::prelude::*;
use netwright_core::Backend;
use netwright_core::spec::graph::Graph;
use rayon::{ThreadPool, ThreadPoolBuilder};
use std::time::{Duration, Instant};
use task::{ENGINE, Example};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

macro_rules! layers {
    ($($name:ident: $batch:literal, $shape:tt => { $($body:tt)* })*) => {
        $(network! { struct $name($shape) { $($body)* } })*
        const LAYERS: &[(usize, &str, &Graph)] = &[$((
            $batch,
            concat!(stringify!($shape), " ", $(stringify!($body)),*),
            $name::<f32, Cpu>::GRAPH,
        )),*];
    };
}

layers! {
    First: 64, [3, 32, 32] => { Conv2d<32, 3> }
    Conv16: 64, [16, 32, 32] => { Conv2d<16, 3, padding = 1> }
    Conv32: 64, [32, 16, 16] => { Conv2d<32, 3, padding = 1> }
    Conv64: 64, [64, 8, 8] => { Conv2d<64, 3, padding = 1> }
    Conv128: 16, [128, 16, 16] => { Conv2d<128, 3, padding = 1> }
    Strided: 64, [16, 32, 32] => { Conv2d<32, 3, stride = 2, padding = 1> }
    Pointwise: 64, [64, 16, 16] => { Conv2d<64, 1> }
    Depthwise: 64, [64, 16, 16] => { Conv2d<64, 3, padding = 1, groups = 64> }
    Transposed: 64, [32, 16, 16] => { ConvTranspose2d<16, 2, stride = 2> }
    Transposed3: 64, [32, 16, 16] => {
        ConvTranspose2d<16, 3, stride = 2, padding = 1, output_padding = 1>
    }
    Volume: 4, [4, 16, 32, 32] => { Conv3d<16, 3, padding = 1>, Relu }
    Volume16: 4, [16, 16, 32, 32] => { Conv3d<16, 3, padding = 1>, Relu }
    VolumeStrided: 4, [16, 16, 32, 32] => { Conv3d<32, 3, stride = 2, padding = 1> }
    VolumePooled: 4, [16, 16, 32, 32] => { MaxPool3d<2> }
    VolumePooledOne: 4, [1, 32, 64, 64] => { MaxPool3d<2> }
    Pooled: 64, [3, 32, 32] => { Conv2d<32, 3>, Relu, MaxPool2d<2> }
    One: 1, [784] => { Linear<512> }
    Some32: 32, [784] => { Linear<512> }
    Many: 128, [784] => { Linear<512> }
    Square: 256, [1024] => { Linear<1024> }
    Max: 64, [32, 32, 32] => { MaxPool2d<2> }
    Mean: 64, [32, 32, 32] => { AvgPool2d<2> }
    Batch: 64, [32, 32, 32] => { BatchNorm2d }
    Layer: 64, [64, 256] => { LayerNorm }
    Soft: 64, [64, 256] => { Softmax }
    Bell: 64, [16384] => { Gelu }
    Bent: 64, [16384] => { Relu }
    Gate: 64, [16384] => { input * input => Relu }
    Less: 64, [16384] => { input - input => Relu }
    Product: 64, [64, 64] => { matmul(input, input) }
    Total: 64, [64, 256] => { Sum }
    Totals: 64, [64, 256] => { Sum<axis = 0> }
    Larger: 64, [16, 16, 16] => { Upsample2d<2> }
    LargerOne: 64, [1, 64, 64] => { Upsample2d<2> }
}

fn main() -> Result<()> {
    let filter = std::env::args().skip(1).find(|arg| !arg.starts_with('-')).unwrap_or_default();
    let all = std::thread::available_parallelism()?.get();
    for threads in if all > 1 { vec![1, all] } else { vec![1] } {
        let pool = ThreadPoolBuilder::new().num_threads(threads).build()?;
        let product = pool.install(matrix_product);
        println!("\n{threads} threads; matrix product of 1024: {product:.0} GFLOP/s\n");
        println!(
            "| layer, batch | forward | | with gradients | |\n| --- | ---: | ---: | ---: | ---: |"
        );
        for layer in LAYERS.iter().filter(|(_, name, _)| name.contains(&filter)) {
            row(&pool, product, layer)?;
        }
    }
    Ok(())
}

fn row(
    pool: &ThreadPool,
    product: f64,
    &(batch, name, graph): &(usize, &str, &'static Graph),
) -> Result<()> {
    let example = Example::new(graph, batch);
    let flop = 2.0 * (batch * <Cpu as Backend<f32>>::plan(graph).multiply_adds()) as f64;
    let size = |shape: &[usize]| shape.iter().product::<usize>();
    let floats =
        batch * (size(graph.inputs[0].shape) + size(graph.shape_of(graph.outputs[0].value)));
    let rate = |time: Duration, passes: f64| {
        let ns = time.as_secs_f64() * 1e9;
        if flop > 0.0 {
            let rate = passes * flop / ns;
            return format!("{rate:.0} GFLOP/s ({:.0} %)", 100.0 * rate / product);
        }
        format!("{:.1} GB/s", (passes.min(2.0) * floats as f64 * 4.0) / ns)
    };
    example.train(ENGINE)?;
    let forward = pool.install(|| median(|| example.forward(ENGINE).is_ok()));
    let train = pool.install(|| median(|| example.train(ENGINE).is_ok()));
    println!(
        "| {name}, {batch} | {} us | {} | {} us | {} |",
        forward.as_micros(),
        rate(forward, 1.0),
        train.as_micros(),
        rate(train, 3.0)
    );
    Ok(())
}

/// The machine's rate, by the library that dfdx multiplies with.
fn matrix_product() -> f64 {
    const N: usize = 1024;
    let device = Cpu::seed_from_u64(0);
    let a: Tensor<Rank2<N, N>, f32, _> = device.sample_normal();
    let b: Tensor<Rank2<N, N>, f32, _> = device.sample_normal();
    let time = median(|| a.clone().matmul(b.clone())[[0, 0]].is_finite());
    2.0 * (N * N * N) as f64 / (time.as_secs_f64() * 1e9)
}

/// The median of many calls in a quarter of a second.
fn median(mut f: impl FnMut() -> bool) -> Duration {
    let (mut times, start) = (Vec::new(), Instant::now());
    while times.len() < 5 || start.elapsed() < Duration::from_millis(250) {
        let start = Instant::now();
        std::hint::black_box(f());
        times.push(start.elapsed());
    }
    times.sort_unstable();
    times[times.len() / 2]
}
