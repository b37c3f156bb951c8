//! Files whose matrices lie the other way round: GPT-2 of Hugging Face's transformers
//! (tests/fixtures/renamed.py), and what is said where nobody said so.

#![allow(clippy::unwrap_used)] // in helpers of tests

#[path = "support/state_dicts.rs"]
mod support;

use netwright::prelude::*;
use std::path::Path;
use support::{close, file, for_pytorch, numbers, params, path, refused, tensors};

network! {
    struct Gpt2(words: [usize; 5]) -> [5, 11] {
        words => word: Embedding<11, 4>, position: PositionalEncoding<learned = true>,
            encoder: TransformerEncoder<2, 2, 6, causal = true, norm_first = true, activation = gelu>,
            encoder_norm: LayerNorm, says: Linear<11, weight = word, bias = false>
    }
}

/// What Hugging Face calls it.
fn hugging_face(name: &str) -> String {
    let name = name.replace("encoder.layers.", "h.").replace("encoder.norm.", "ln_f.");
    let name = name
        .replace("self_attn.in_proj_", "attn.c_attn.")
        .replace("self_attn.out_proj", "attn.c_proj");
    let name = name.replace("linear1", "mlp.c_fc").replace("linear2", "mlp.c_proj");
    let name = name.replace("norm1", "ln_1").replace("norm2", "ln_2");
    let name = name.replace("word.", "wte.").replace("says.", "wte.").replace("position.", "wpe.");
    format!("transformer.{name}")
}

/// Its linear maps are `Conv1D`s.
fn gpt2(path: &Path) -> StateDict<'_> {
    StateDict::new(path).renamed(hugging_face).transposed(|name| name.contains(".c_"))
}

#[test]
fn a_gpt2_of_hugging_face() {
    let device = Cpu::default();
    let (mut net, mut again) = (Gpt2::seeded(&device, 0), Gpt2::seeded(&device, 1));
    let loaded = net.load(gpt2(&path("gpt2"))).unwrap();
    assert_eq!(loaded.to_string(), "28 of 28 tensors loaded");
    let words = numbers("gpt2", "input0").into_iter().map(|x| x as usize).collect();
    let words: Tensor<Rank2<2, 5>, usize, _> = device.tensor_from_vec(words, Default::default());
    close(&net.forward(words).as_vec(), "gpt2");

    // What is saved is the file again, tensor by tensor and bit by bit.
    let file = for_pytorch("gpt2");
    net.save_state_dict(gpt2(&file)).unwrap();
    assert_eq!(tensors(&file), tensors(&path("gpt2")));
    again.load(gpt2(&file)).unwrap();
    assert_eq!(params(&net), params(&again));
}

network! {
    struct Small([2]) -> [3] { both: Linear<6>, out: Linear<3, bias = false> }
}

/// `both` is in the file in two parts, each of which lies the other way round.
fn parts(path: &Path) -> StateDict<'_> {
    let parts = |name: &str| match name.split_once("both.") {
        Some((_, kind)) => vec![format!("gate.{kind}"), format!("up.{kind}")],
        None => vec![name.to_string()],
    };
    StateDict::new(path).renamed(parts).transposed(|name| name != "gate.weight")
}

#[test]
fn each_part_of_a_tensor_is_a_matrix() {
    let numbers = |count: usize, first: usize| (first..first + count).map(|x| x as f32).collect();
    let (_directory, path) = file(&[
        ("gate.weight", &[3, 2], numbers(6, 0)),
        // Of another name than a matrix', whatever the function says.
        ("gate.bias", &[3], numbers(3, 20)),
        ("up.weight", &[2, 3], vec![6.0, 8.0, 10.0, 7.0, 9.0, 11.0]),
        ("up.bias", &[3], numbers(3, 23)),
        ("out.weight", &[6, 3], numbers(18, 30)),
    ]);
    let mut net = Small::seeded(&Cpu::default(), 0);
    net.load(parts(&path)).unwrap();
    let turned = |at: usize| (30 + at % 6 * 3 + at / 6) as f32;
    let expected = [numbers(12, 0), numbers(6, 20), (0..18).map(turned).collect()];
    assert_eq!(params(&net), expected);
    let mut double = Small::<f64>::init(&Cpu::default(), 0).unwrap();
    double.load(parts(&path)).unwrap();
    let double = double.out.weight.as_vec();
    assert!(double.iter().map(|x| *x as f32).eq(expected[2].iter().copied()));
    let back = path.with_file_name("back.safetensors");
    net.save_state_dict(parts(&back)).unwrap();
    assert_eq!(tensors(&back), tensors(&path));
}

#[test]
fn a_matrix_that_lies_the_other_way_round_is_said() {
    let zeros = |shape: &[usize]| vec![0.0; shape.iter().product()];
    let all: [(&str, &[usize]); 3] =
        [("both.weight", &[2, 6]), ("both.bias", &[6]), ("out.weight", &[3, 6])];
    let all = all.map(|(name, shape)| (name, shape, zeros(shape)));
    let (_directory, path) = file(&all);
    let net = || Small::seeded(&Cpu::default(), 0);
    let shape = "does not fit `Small` (1 difference):\n  \
                 shape: both.weight expected [6, 2], found [2, 6]\n  \
                 help: `StateDict::new(file).transposed(|name| …)` says which matrices lie the other way \
                 round in the file\n  \
                 help: `StateDict::new(file).renamed(|name| name.replace(\"both.weight\", \
                 \"new_both.weight\")).strict(false)` leaves `both.weight` as it is, and loads the rest";
    assert_eq!(refused(&mut net(), StateDict::new(&path)), shape);
    net().load(StateDict::new(&path).transposed(|name| name == "both.weight")).unwrap();
    let problem = refused(&mut net(), StateDict::new(&path).transposed(|_| true));
    let help = "shape: out.weight expected [6, 3], found [3, 6]\n  \
                help: `StateDict::new(file).transposed(|name| …)` says which";
    assert!(problem.contains(help), "{problem}");
}
