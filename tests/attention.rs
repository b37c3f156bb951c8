//! Attention to as many steps as a sample has, and the examples of its documentation.

#![allow(clippy::unwrap_used)]

use netwright::prelude::*;

network! {
    /// Some of seven steps.
    struct Padded(x: [7, 8], lengths: [usize]) -> [7, 8] {
        (x, lengths) => attention: MultiHeadAttention<2>
    }
}

network! {
    /// Four steps, all of which are there.
    struct Whole([4, 8]) -> [4, 8] {
        attention: MultiHeadAttention<2>,
    }
}

network! {
    /// A sequence that looks at another.
    struct Decoder(x: [3, 8], memory: [7, 8], lengths: [usize]) -> [3, 8] {
        (x, memory, lengths) => MultiHeadAttention<4>
    }
}

network! {
    /// Some of seven steps, in an encoder and as what a decoder looks at.
    struct PaddedLayers(x: [7, 8], y: [3, 8], lengths: [usize]) -> [3, 8] {
        let memory = (x, lengths) => encoder: TransformerEncoder<2, 2, 11>;
        (y, memory, lengths) => decoder: TransformerDecoder<2, 2, 11, norm_first = true>
    }
}

network! {
    /// Four steps, all of which are there.
    struct WholeLayers(x: [4, 8], y: [3, 8]) -> [3, 8] {
        let memory = x => encoder: TransformerEncoder<2, 2, 11>;
        (y, memory) => decoder: TransformerDecoder<2, 2, 11, norm_first = true>
    }
}

type Sequence<const N: usize, E> = Tensor<Rank3<2, N, 8>, E, Cpu>;

/// The first four steps are what they are without those behind them, which have no gradient.
macro_rules! padding_is_not_seen {
    ($($name:ident: $float:ty)*) => {
        $(#[test]
        fn $name() {
            let device = Cpu::seed_from_u64(1);
            let whole = Whole::<$float, Cpu>::init(&device, 2).unwrap();
            let mut padded = Padded::<$float, Cpu>::init(&device, 3).unwrap();
            padded.attention = whole.attention.clone();
            let long: Sequence<7, $float> = device.sample_normal();
            let x = long.clone().slice((.., ..4, ..)).realize::<Rank3<2, 4, 8>>();
            let short = whole.forward(x).as_vec();
            let y = padded.forward((long.leaky_trace(), device.tensor([4, 4])));
            let first = y.slice((.., ..4, ..)).realize::<Rank3<2, 4, 8>>();
            for (a, b) in first.as_vec().iter().zip(&short) {
                assert!((a - b).abs() < 1e-5, "{a} {b}");
            }
            let gradient = first.sum::<(), _>().backward().get(&long).as_vec();
            for (at, gradient) in gradient.iter().enumerate() {
                assert_eq!(at / 8 % 7 < 4, *gradient != 0.0, "{at} {gradient}");
            }
        })*
    };
}

padding_is_not_seen! {
    padding_is_not_seen_by_the_engine: f32
    padding_is_not_seen: f64
}

#[test]
fn a_length_that_cannot_be_is_an_error() {
    let device = Cpu::seed_from_u64(1);
    let x: Tensor<Rank3<2, 3, 8>, f32, _> = device.sample_normal();
    let memory: Sequence<7, f32> = device.sample_normal();
    let net = Decoder::seeded(&device, 0);
    for (lengths, sample) in [([7, 0], 1), ([8, 1], 0)] {
        let wrong = lengths[sample];
        let error = net.try_forward((x.clone(), memory.clone(), device.tensor(lengths)));
        let text = error.err().unwrap().to_string();
        let said = format!("the length {wrong} of sample {sample} is not in 1 ..= 7");
        assert!(text.contains(&said) && text.contains("MultiHeadAttention"), "{text}");
    }
    assert_eq!(net.forward((x, memory, device.tensor([7, 1]))).as_vec().len(), 48);
}

#[test]
fn padding_is_not_seen_through_layers() {
    let device = Cpu::seed_from_u64(1);
    let mut padded = PaddedLayers::seeded(&device, 2);
    let mut whole = WholeLayers::seeded(&device, 3);
    let numbers = padded.tensors().into_iter().map(|tensor| tensor.array().unwrap().data.as_vec());
    let numbers: Vec<Vec<f32>> = numbers.collect();
    whole.tensors_mut().into_iter().zip(&numbers).for_each(|(to, from)| to.write(from).unwrap());
    let x: Sequence<7, f32> = device.sample_normal();
    let y: Sequence<3, f32> = device.sample_normal();
    let short = x.clone().slice((.., ..4, ..)).realize::<Rank3<2, 4, 8>>();
    let expected = whole.forward((short, y.clone())).as_vec();
    let found = padded.forward((x.clone(), y.clone(), device.tensor([4, 4]))).as_vec();
    for (a, b) in found.iter().zip(&expected) {
        assert!((a - b).abs() < 1e-5, "{a} {b}");
    }
    let all = padded.forward((x, y, device.tensor([7, 7]))).as_vec();
    assert!(all.iter().zip(&expected).any(|(a, b)| (a - b).abs() > 1e-3));
    assert!(
        WholeLayers::GRAPH.params.iter().any(|p| p.name == "decoder_1_multihead_attn.in_proj_bias")
    );
    padded.encoder_0_self_attn.in_proj_bias = device.zeros();
}
