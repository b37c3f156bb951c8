//! Typed models: their passes, files, other devices, and streams.

use crate::learning::tensors;
use crate::{Gpu, check, wide};
use netwright::data::Column;
use netwright::dfdx;
use netwright::prelude::*;
use std::path::Path;

network! {
    struct Small([2, 6, 6]) -> [3] {
        Conv2d<4, 3>, BatchNorm2d, Relu, Flatten, head: Linear<3>,
    }
}

type Images<E, D> = Tensor<(usize, Const<2>, Const<6>, Const<6>), E, D>;

fn images<E: Float, D: Backend<E>>(device: &D) -> Images<E, D> {
    let data = (0..5 * 72).map(|i| E::of(f64::from((i * 37 % 101) as f32 / 50.0 - 1.0))).collect();
    device.tensor_from_vec(data, (5, Const, Const, Const))
}

/// Both forms of the pass, a gradient, and parameters after a step of dfdx's own optimizer.
fn typed<E: Float, D: Backend<E>>(device: &D) -> Vec<Vec<E>>
where
    dfdx::optim::Sgd<Small<E, D>, E, D>: dfdx::optim::Optimizer<Small<E, D>, D, E>,
{
    let mut net = Small::<E, D>::init(device, 4).unwrap();
    let x = images(device);
    let mut numbers = vec![net.forward(x.clone()).as_vec()];
    let y = net.forward_mut(x.leaky_traced());
    numbers.push(y.as_vec());
    let gradients = y.square().mean::<Rank0, _>().backward();
    numbers.push(gradients.get(&net.head.weight).as_vec());
    let mut sgd = dfdx::optim::Sgd::new(&net, dfdx::optim::SgdConfig::default());
    sgd.update(&mut net, &gradients).unwrap();
    [numbers, tensors(&net)].concat()
}

#[test]
fn typed_passes() {
    check("typed_passes", |device, found| {
        let expected = typed::<f64, Cpu>(&Cpu::default());
        found.lists("list", &typed::<f64, Gpu>(device), &expected);
        found.lists("list", &typed::<f32, Gpu>(device), &expected);
    });
}

/// Saved by one device, loaded by the other.
#[test]
fn files() {
    check("files", |device, found| {
        let directory = tempfile::tempdir().unwrap();
        let file = |name: &str| directory.path().join(name);
        let x = Column::floats(images::<f32, _>(&Cpu::default()).as_vec(), &[2, 6, 6]).unwrap();
        let (ours, theirs) = (Small::seeded(device, 1), Small::seeded(&Cpu::default(), 2));
        ours.save(file("ours")).unwrap();
        theirs.save(file("theirs")).unwrap();
        let read = |file: &Path| std::fs::read(file).unwrap();
        Small::seeded(&Cpu::default(), 1).save(file("same")).unwrap();
        found.holds("the same file", read(&file("ours")) == read(&file("same")));
        let mut to_cpu = Small::seeded(&Cpu::default(), 3);
        to_cpu.load(file("ours")).unwrap();
        found.holds("loaded on the CPU", tensors(&to_cpu) == tensors(&ours));
        let mut to_gpu = Small::seeded(device, 3);
        to_gpu.load(file("theirs")).unwrap();
        found.holds("loaded on the GPU", tensors(&to_gpu) == tensors(&theirs));
        ours.save_state_dict(file("pytorch")).unwrap();
        to_gpu.load(file("pytorch")).unwrap();
        found.holds("a state dict", tensors(&to_gpu) == tensors(&ours));
        let of = |column: Column| column.as_floats().unwrap().to_vec();
        let predicted = wide(&of(to_cpu.predict(&x).unwrap()));
        found.numbers("prediction", &of(to_gpu.predict(&x).unwrap()), &predicted);
    });
}

#[test]
fn moves_between_devices() {
    check("moves_between_devices", |device, found| {
        let net = Small::seeded(&Cpu::default(), 5);
        let moved: Small<f32, Gpu> = net.to_device(device);
        found.holds("there", tensors(&moved) == tensors(&net));
        let back: Small<f32, Cpu> = moved.to_device(&Cpu::default());
        found.holds("and back", tensors(&back) == tensors(&net));
        let double: Small<f64, Gpu> = moved.to_dtype::<f64>();
        let y = net.forward(images(&Cpu::default())).as_vec();
        let y = wide(&y);
        found.numbers("moved", &moved.forward(images(device)).as_vec(), &y);
        let wider: Vec<f32> =
            double.forward(images(device)).as_vec().iter().map(|&x| x as f32).collect();
        found.numbers("to f64", &wider, &y);
    });
}

network! {
    /// All kinds of state.
    struct States([6, 4]) -> [6, 4] {
        Lstm<5, layers = 2>, LayerNorm, Residual { Gru<5>, Tanh }, Rnn<4, nonlinearity = relu>,
        PositionalEncoding, Residual { MultiHeadAttention<2, causal = true> },
        PositionalEncoding<learned = true>,
        Residual { TransformerEncoder<1, 1, 5, causal = true, rotary = true> },
    }

    struct Translator(text: [usize; 7], lengths: [usize], said: [usize; 5]) -> [5, 9] {
        let x = text => Embedding<9, 8>, PositionalEncoding;
        let memory = (x, lengths) => TransformerEncoder<1, 2, 11>;
        let y = said => Embedding<9, 8>, PositionalEncoding<learned = true>;
        (y, memory, lengths) => TransformerDecoder<2, 2, 11>, Linear<9>
    }
}

/// What each step gives.
fn stream<E: Float, D: Backend<E>>(device: &D) -> Vec<Vec<f32>> {
    let net = States::<E, D>::init(device, 6).unwrap();
    let mut stream = net.stream().unwrap();
    (0..6)
        .map(|at| {
            let data = (0..3 * 4).map(|i| ((i * 37 + at * 11) % 29) as f32 / 14.0 - 1.0).collect();
            let step = Column::floats(data, &[4]).unwrap();
            stream.push(&step).unwrap().as_floats().unwrap().to_vec()
        })
        .collect()
}

fn stream_with<E: Float, D: Backend<E>>(device: &D) -> Vec<Vec<f32>> {
    let net = Translator::<E, D>::init(device, 6).unwrap();
    let text = Column::indices((0..3 * 7).map(|i| i * 5 % 9).collect(), &[7]).unwrap();
    let lengths = Column::labels(vec![7, 2, 4]);
    let mut stream = net.stream_with(&[("text", &text), ("lengths", &lengths)]).unwrap();
    (0..5)
        .map(|at| {
            let step = Column::labels((0..3).map(|i| (i * 4 + at) % 9).collect());
            stream.push(&step).unwrap().as_floats().unwrap().to_vec()
        })
        .collect()
}

#[test]
fn streams() {
    check("streams", |device, found| {
        let wide = |lists: Vec<Vec<f32>>| lists.iter().map(|list| wide(list)).collect::<Vec<_>>();
        let expected = wide(stream::<f64, Cpu>(&Cpu::default()));
        found.lists("step in f64", &stream::<f64, Gpu>(device), &expected);
        found.lists("step", &stream::<f32, Gpu>(device), &expected);
        let expected = wide(stream_with::<f64, Cpu>(&Cpu::default()));
        found.lists("step beside a memory, in f64", &stream_with::<f64, Gpu>(device), &expected);
        found.lists("step beside a memory", &stream_with::<f32, Gpu>(device), &expected);
    });
}
