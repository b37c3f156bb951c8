//! Networks of the wild against PyTorch: GoogLeNet's block, a U-Net of four levels, DenseNet's
//! block, a recommender of two towers, YOLO's three outputs, a GAN's two networks. Outputs and
//! gradients of all inputs and parameters, on the engine in f32 and on the portable path in f64.
//! The numbers were written by tests/fixtures/wild.py.

#![allow(clippy::unwrap_used)]

#[path = "support/graphs.rs"]
mod graphs;
mod support;

use graphs::{Found, run_from};
use netwright::prelude::*;
use netwright_core::Float;
use netwright_core::run::portable;
use netwright_core::spec::graph::Graph;
use safetensors::{Dtype, SafeTensors};
use support::Data;

network! {
    /// GoogLeNet: each block looks through windows of three sizes at once.
    struct GoogLeNet(image: [3, 10, 12]) -> [5] {
        stem: Conv2d<6, 3, stride = 2, padding = 1>, Relu,
        Parallel {
            { Conv2d<4, 1>, Relu },
            { Conv2d<3, 1>, Relu, Conv2d<6, 3, padding = 1>, Relu },
            { Conv2d<2, 1>, Relu, Conv2d<3, 5, padding = 2>, Relu },
            { MaxPool2d<3, stride = 1, padding = 1>, Conv2d<3, 1>, Relu },
        },
        MaxPool2d<3, stride = 2, padding = 1>,
        Parallel {
            { Conv2d<5, 1>, Relu },
            { Conv2d<4, 1>, Relu, Conv2d<6, 3, padding = 1>, Relu },
            { Conv2d<2, 1>, Relu, Conv2d<3, 5, padding = 2>, Relu },
            { MaxPool2d<3, stride = 1, padding = 1>, Conv2d<4, 1>, Relu },
        },
        GlobalAvgPool2d, Linear<5>,
    }

    /// A U-Net of four levels: what each level found on the way down is joined on the way up.
    struct UNet(image: [1, 32, 32]) -> [1, 32, 32] {
        let full = image
            => Conv2d<2, 3, padding = 1, bias = false>, BatchNorm2d, Relu,
               Conv2d<2, 3, padding = 1, bias = false>, BatchNorm2d, Relu;
        let half = full
            => MaxPool2d<2>, Conv2d<3, 3, padding = 1, bias = false>, BatchNorm2d, Relu,
               Conv2d<3, 3, padding = 1, bias = false>, BatchNorm2d, Relu;
        let quarter = half
            => MaxPool2d<2>, Conv2d<4, 3, padding = 1, bias = false>, BatchNorm2d, Relu,
               Conv2d<4, 3, padding = 1, bias = false>, BatchNorm2d, Relu;
        let eighth = quarter
            => MaxPool2d<2>, Conv2d<5, 3, padding = 1, bias = false>, BatchNorm2d, Relu,
               Conv2d<5, 3, padding = 1, bias = false>, BatchNorm2d, Relu;
        let deepest = eighth
            => MaxPool2d<2>, Conv2d<6, 3, padding = 1, bias = false>, BatchNorm2d, Relu,
               Conv2d<6, 3, padding = 1, bias = false>, BatchNorm2d, Relu;
        let up_eighth = concat(eighth, (deepest => ConvTranspose2d<5, 2, stride = 2>))
            => Conv2d<5, 3, padding = 1, bias = false>, BatchNorm2d, Relu,
               Conv2d<5, 3, padding = 1, bias = false>, BatchNorm2d, Relu;
        let up_quarter = concat(quarter, (up_eighth => ConvTranspose2d<4, 2, stride = 2>))
            => Conv2d<4, 3, padding = 1, bias = false>, BatchNorm2d, Relu,
               Conv2d<4, 3, padding = 1, bias = false>, BatchNorm2d, Relu;
        let up_half = concat(half, (up_quarter => ConvTranspose2d<3, 2, stride = 2>))
            => Conv2d<3, 3, padding = 1, bias = false>, BatchNorm2d, Relu,
               Conv2d<3, 3, padding = 1, bias = false>, BatchNorm2d, Relu;
        concat(full, (up_half => ConvTranspose2d<2, 2, stride = 2>))
            => Conv2d<2, 3, padding = 1, bias = false>, BatchNorm2d, Relu,
               Conv2d<2, 3, padding = 1, bias = false>, BatchNorm2d, Relu,
               mask: Conv2d<1, 1>
    }

    /// DenseNet's block: every layer sees all that was found before it.
    struct DenseNet(image: [3, 6, 6]) -> [3] {
        let start = image => Conv2d<4, 3, padding = 1>;
        let found_1 = start
            => BatchNorm2d, Relu, Conv2d<4, 1, bias = false>,
               BatchNorm2d, Relu, Conv2d<2, 3, padding = 1, bias = false>;
        let found_2 = concat(start, found_1)
            => BatchNorm2d, Relu, Conv2d<4, 1, bias = false>,
               BatchNorm2d, Relu, Conv2d<2, 3, padding = 1, bias = false>;
        let found_3 = concat(start, found_1, found_2)
            => BatchNorm2d, Relu, Conv2d<4, 1, bias = false>,
               BatchNorm2d, Relu, Conv2d<2, 3, padding = 1, bias = false>;
        concat(start, found_1, found_2, found_3)
            => BatchNorm2d, Relu, Conv2d<5, 1, bias = false>, AvgPool2d<2>,
               GlobalAvgPool2d, Linear<3>
    }

    /// A user with what was seen last and the time, an item with its features; the items' table is
    /// shared.
    struct Recommender(
        user: [usize], seen: [usize; 3], time: [3], item: [usize], features: [2]
    ) -> [] {
        layer items: Embedding<9, 6>;
        let taste = seen => items, Mean<axis = 0>;
        let users_side = concat((user => Embedding<7, 4>), taste, time)
            => Linear<8>, Relu, Linear<5>;
        let items_side = concat((item => items), features) => Linear<8>, Relu, Linear<5>;
        users_side * items_side => Sum
    }

    /// YOLO's head: boxes of three sizes from three scales.
    struct Yolo(image: [3, 16, 16]) -> (large: [9, 2, 2], medium: [9, 4, 4], small: [9, 8, 8]) {
        let fine = image
            => Conv2d<4, 3, padding = 1>, LeakyRelu(0.1),
               Conv2d<5, 3, stride = 2, padding = 1>, LeakyRelu(0.1);
        let middle = fine => Conv2d<6, 3, stride = 2, padding = 1>, LeakyRelu(0.1);
        let coarse = middle => Conv2d<7, 3, stride = 2, padding = 1>, LeakyRelu(0.1);
        let large = coarse => Conv2d<9, 1>;
        let from_coarse = coarse => Conv2d<3, 1>, LeakyRelu(0.1), Upsample2d<2>;
        let mixed = concat(from_coarse, middle) => Conv2d<6, 3, padding = 1>, LeakyRelu(0.1);
        let medium = mixed => Conv2d<9, 1>;
        let from_mixed = mixed => Conv2d<3, 1>, LeakyRelu(0.1), Upsample2d<2>;
        let small = concat(from_mixed, fine)
            => Conv2d<5, 3, padding = 1>, LeakyRelu(0.1), Conv2d<9, 1>;
        (large, medium, small)
    }

    /// DCGAN's generator.
    struct Generator(noise: [5]) -> [2, 12, 12] {
        Linear<{ 6 * 9 }, bias = false>, Reshape<[6, 3, 3]>, BatchNorm2d, Relu,
        ConvTranspose2d<4, 4, stride = 2, padding = 1, bias = false>, BatchNorm2d, Relu,
        ConvTranspose2d<2, 3, stride = 2, padding = 1, output_padding = 1>, Tanh,
    }

    /// DCGAN's discriminator.
    struct Discriminator(image: [2, 12, 12]) -> [1] {
        Conv2d<4, 4, stride = 2, padding = 1>, LeakyRelu(0.2),
        Conv2d<6, 4, stride = 2, padding = 1, bias = false>, BatchNorm2d, LeakyRelu(0.2),
        Flatten, Linear<1>,
    }
}

/// What PyTorch found.
struct Fixture<'a> {
    file: &'a SafeTensors<'a>,
    name: &'a str,
}

impl Fixture<'_> {
    fn floats<E: Float>(&self, key: &str) -> Option<Vec<E>> {
        let tensor = self.file.tensor(&format!("{}.{key}", self.name)).ok()?;
        assert_eq!(tensor.dtype(), Dtype::F32);
        let numbers = tensor.data().as_chunks().0.iter().map(|b| f32::from_le_bytes(*b));
        Some(numbers.map(|x| E::of(f64::from(x))).collect())
    }

    fn input<E: Float>(&self, number: usize) -> (Data<E>, usize) {
        let tensor = self.file.tensor(&format!("{}.input.{number}", self.name)).unwrap();
        let words = || tensor.data().as_chunks().0.iter().map(|b| i64::from_le_bytes(*b) as usize);
        let data = match tensor.dtype() {
            Dtype::I64 => Data::Indices(words().collect()),
            _ => Data::Floats(self.floats(&format!("input.{number}")).unwrap()),
        };
        (data, tensor.shape()[0])
    }

    fn check<E: Float>(&self, graph: &'static Graph, runner: graphs::Runner<E>, tolerance: f64)
    where
        Cpu: Backend<E>,
    {
        let params: Vec<Vec<E>> =
            (0..graph.params.len()).map(|i| self.floats(&format!("param.{i}")).unwrap()).collect();
        assert!(self.floats::<E>(&format!("param.{}", params.len())).is_none());
        let (inputs, batches): (Vec<_>, Vec<_>) =
            (0..graph.inputs.len()).map(|i| self.input::<E>(i)).unzip();
        let mut cotangent = |i, _| self.floats(&format!("cotangent.{i}")).unwrap();
        let [outputs, of_inputs, of_params]: Found<E> =
            run_from(graph, &params, &inputs, batches[0], Some(1), runner, &mut cotangent);
        let same = |key: String, found: &[E]| {
            let expected = self.floats::<E>(&key).unwrap();
            close(&format!("{} {key}", self.name), found, &expected, tolerance);
        };
        for (i, found) in outputs.iter().enumerate() {
            same(format!("output.{i}"), found);
        }
        for (i, found) in of_inputs.iter().enumerate().filter(|(i, _)| !graph.inputs[*i].index) {
            same(format!("grad.input.{i}"), found);
        }
        for (i, found) in of_params.iter().enumerate().filter(|(i, _)| graph.params[*i].trainable) {
            same(format!("grad.param.{i}"), found);
        }
    }
}

/// To `tolerance` of itself, or of the largest.
fn close<E: Float>(what: &str, found: &[E], expected: &[E], tolerance: f64) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let largest = expected.iter().fold(1.0, |most: f64, x| most.max(x.f64().abs()));
    for (i, (found, expected)) in found.iter().zip(expected).enumerate() {
        let (found, expected) = (found.f64(), expected.f64());
        let same = (found - expected).abs() <= tolerance * largest;
        assert!(same, "{what} [{i}]: {found}, not {expected}");
    }
}

macro_rules! wild {
    ($($name:ident: $network:ident),* $(,)?) => {
        $(#[test]
        fn $name() {
            let folder = env!("CARGO_MANIFEST_DIR");
            let bytes = std::fs::read(format!("{folder}/tests/fixtures/wild.safetensors")).unwrap();
            let file = SafeTensors::deserialize(&bytes).unwrap();
            let fixture = Fixture { file: &file, name: stringify!($name) };
            let graph = $network::<f32, Cpu>::GRAPH;
            fixture.check::<f64>(graph, portable, 1e-6);
            fixture.check::<f32>(graph, <Cpu as Backend<f32>>::run, 2e-5);
            #[cfg(feature = "engine")]
            assert!(netwright::engine::covers(graph), "the engine has no step for it");
        })*
    };
}

wild! {
    googlenet: GoogLeNet,
    unet: UNet,
    densenet: DenseNet,
    recommender: Recommender,
    yolo: Yolo,
    generator: Generator,
    discriminator: Discriminator,
}
