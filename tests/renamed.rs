//! Files with names of their own, in both directions, and files that share only a part with the network:
//! those of tests/fixtures/renamed.py, which PyTorch and Hugging Face's transformers wrote.

#![allow(clippy::unwrap_used, clippy::panic)] // in helpers of tests

#[path = "support/state_dicts.rs"]
mod support;

use netwright::files::TensorNames;
use netwright::prelude::*;
use std::path::Path;
use support::{close, file, for_pytorch, numbers, params, path, refused, tensors};

network! {
    /// `decoder.head` and `conv_1` are not what `save_state_dict` makes of these, and a
    /// `TransformerEncoder` of one layer is no `nn.TransformerEncoderLayer`.
    struct Renamed([4, 5]) -> [5, 3] {
        conv_1: Conv1d<6, 1>, norm_1: BatchNorm1d, Transpose<0, 1>,
        layer_0: TransformerEncoder<1, 2, 5>, decoder_head: Linear<3>,
    }
}

fn attributes(name: &str) -> String {
    let name = name.replace("conv.1.", "conv_1.").replace("norm.1.", "norm_1.");
    name.replace("layer.0.layers.0.", "layer_0.").replace("decoder_head.", "decoder.head.")
}

network! {
    /// What BERT is trained with: which words are hidden.
    struct Bert(words: [usize; 5], types: [usize; 5]) -> [5, 11] {
        let x = words => word: Embedding<11, 4>, position: PositionalEncoding<learned = true>;
        let kinds = types => token_type: Embedding<2, 4>;
        x + kinds => embeddings: LayerNorm, encoder: TransformerEncoder<2, 2, 6, activation = gelu>,
            transform: Linear<4>, Gelu, transform_norm: LayerNorm, says: Linear<11, weight = word>
    }
}

/// What Hugging Face calls it.
fn hugging_face(name: &str) -> Vec<String> {
    if let Some(rest) = name.strip_prefix("encoder.layers.") {
        let name = format!("bert.encoder.layer.{rest}");
        if let Some((layer, kind)) = name.split_once("self_attn.in_proj_") {
            let part = |part| format!("{layer}attention.self.{part}.{kind}");
            return ["query", "key", "value"].map(part).to_vec();
        }
        return vec![
            name.replace("self_attn.out_proj", "attention.output.dense")
                .replace("norm1", "attention.output.LayerNorm")
                .replace("linear1", "intermediate.dense")
                .replace("linear2", "output.dense")
                .replace("norm2", "output.LayerNorm"),
        ];
    }
    let (layer, kind) = name.split_once('.').unwrap();
    vec![match layer {
        "word" | "position" | "token_type" => format!("bert.embeddings.{layer}_embeddings.{kind}"),
        "embeddings" => format!("bert.embeddings.LayerNorm.{kind}"),
        "transform" => format!("cls.predictions.transform.dense.{kind}"),
        "transform_norm" => format!("cls.predictions.transform.LayerNorm.{kind}"),
        // A file has a tied weight once.
        "says" if kind == "weight" => "bert.embeddings.word_embeddings.weight".to_string(),
        "says" => format!("cls.predictions.{kind}"),
        _ => name.to_string(),
    }]
}

/// The file loads, what is saved is the file again, tensor by tensor and bit by bit, and that loads, too.
fn both_ways<N: Model<f32, Cpu>, F: TensorNames>(
    name: &str,
    make: impl Fn(u64) -> N,
    names: fn(&str) -> F,
) -> N {
    let (mut net, mut again) = (make(0), make(1));
    let loaded = net.load(StateDict::new(path(name)).renamed(names)).unwrap();
    let all: Vec<_> = net.graph().params.iter().map(|param| param.name).collect();
    assert_eq!(loaded.loaded, all);
    assert!(loaded.missing.is_empty() && loaded.unexpected.is_empty());
    assert_eq!(loaded.to_string(), format!("{0} of {0} tensors loaded", all.len()));
    let file = for_pytorch(name);
    net.save_state_dict(StateDict::new(&file).renamed(names)).unwrap();
    assert_eq!(tensors(&file), tensors(&path(name)));
    again.load(StateDict::new(&file).renamed(names)).unwrap();
    assert_eq!(params(&net), params(&again));
    net
}

#[test]
fn attributes_of_any_name() {
    let device = Cpu::default();
    let net = both_ways("renamed", |seed| Renamed::seeded(&device, seed), attributes);
    let x = device.tensor_from_vec(numbers("renamed", "input0"), (Const::<2>, Const, Const));
    close(&net.forward(x).as_vec(), "renamed");
}

#[test]
fn a_bert_of_hugging_face() {
    let device = Cpu::default();
    let net = both_ways("bert", |seed| Bert::seeded(&device, seed), hugging_face);
    let [words, types] = ["input0", "input1"].map(|key| {
        let ids: Vec<usize> = numbers("bert", key).into_iter().map(|x| x as usize).collect();
        let ids: Tensor<Rank2<2, 5>, usize, _> = device.tensor_from_vec(ids, Default::default());
        ids
    });
    close(&net.forward((words, types)).as_vec(), "bert");
}

network! {
    /// BERT's encoder with a head that is new.
    struct Classifier(words: [usize; 5], types: [usize; 5]) -> [3] {
        let x = words => word: Embedding<11, 4>, position: PositionalEncoding<learned = true>;
        let kinds = types => token_type: Embedding<2, 4>;
        x + kinds => embeddings: LayerNorm, encoder: TransformerEncoder<2, 2, 6, activation = gelu>,
            Select<0, axis = 0>, head: Linear<3>
    }
}

const MISSING: [&str; 2] = ["head.weight", "head.bias"];
const UNEXPECTED: [&str; 5] = [
    "cls.predictions.bias",
    "cls.predictions.transform.LayerNorm.bias",
    "cls.predictions.transform.LayerNorm.weight",
    "cls.predictions.transform.dense.bias",
    "cls.predictions.transform.dense.weight",
];

#[test]
fn a_part_of_a_file_loads_and_the_rest_stays() {
    let device = Cpu::default();
    let mut whole = Bert::seeded(&device, 0);
    whole.load(StateDict::new(path("bert")).renamed(hugging_face)).unwrap();
    let mut net = Classifier::seeded(&device, 1);
    let head = (net.head.weight.as_vec(), net.head.bias.as_vec());
    let file = StateDict::new(path("bert")).renamed(hugging_face).strict(false);
    let loaded = net.load(file).unwrap();
    assert_eq!(loaded.missing, MISSING);
    assert_eq!(loaded.unexpected, UNEXPECTED);
    assert_eq!(loaded.loaded.len(), params(&net).len() - 2);
    assert_eq!(
        loaded.to_string(),
        "29 of 31 tensors loaded\n  \
         missing: head.weight [3, 4]\n  \
         missing: head.bias [3]\n  \
         unexpected: cls.predictions.bias [11]\n  \
         unexpected: cls.predictions.transform.LayerNorm.bias [4]\n  \
         unexpected: cls.predictions.transform.LayerNorm.weight [4]\n  \
         unexpected: cls.predictions.transform.dense.bias [4]\n  \
         unexpected: cls.predictions.transform.dense.weight [4, 4]"
    );
    assert_eq!((net.head.weight.as_vec(), net.head.bias.as_vec()), head);
    assert_eq!(params(&net)[..29], params(&whole)[..29]);
}

#[test]
fn a_part_of_a_file_is_an_error_where_nothing_else_is_said() {
    let mut net = Classifier::seeded(&Cpu::default(), 1);
    let problem = refused(&mut net, StateDict::new(path("bert")).renamed(hugging_face));
    assert_eq!(
        problem,
        "does not fit `Classifier` (7 differences):\n  \
         missing: head.weight [3, 4]\n  \
         missing: head.bias [3]\n  \
         unexpected: cls.predictions.bias [11]\n  \
         unexpected: cls.predictions.transform.LayerNorm.bias [4]\n  \
         unexpected: cls.predictions.transform.LayerNorm.weight [4]\n  \
         unexpected: cls.predictions.transform.dense.bias [4]\n  \
         unexpected: cls.predictions.transform.dense.weight [4, 4]\n  \
         help: what `renamed` gives must be names that the file has\n  \
         help: `StateDict::new(file).strict(false)` loads what both have"
    );
}

/// A mistaken prefix must not pass for a success.
#[test]
fn a_file_that_has_none_of_the_networks_tensors_is_refused() {
    let mut net = Classifier::seeded(&Cpu::default(), 1);
    let problem = refused(&mut net, StateDict::new(path("bert")).strict(false));
    let lines: Vec<_> = problem.lines().collect();
    assert_eq!(lines[0], "has no tensor of `Classifier` (73 differences):");
    assert_eq!(lines[1], "  missing: word.weight [11, 4]");
    assert!(lines[73].starts_with("  unexpected: cls.predictions.transform.dense.weight"));
    assert_eq!(lines.len(), 75);
    assert!(lines[74].starts_with("  help: `StateDict::new(file).renamed("), "{}", lines[74]);
}

network! {
    struct Small([4]) -> [2] { attention: Linear<6, bias = false>, head: Linear<2> }
}

fn small() -> Small {
    Small::seeded(&Cpu::default(), 0)
}

/// `attention.weight` in three parts.
fn in_parts(name: &str) -> Vec<String> {
    match name {
        "attention.weight" => ["q", "k", "v"].map(String::from).to_vec(),
        name => vec![name.to_string()],
    }
}

#[test]
fn each_part_of_a_tensor_must_fit() {
    let head = [("head.weight", &[2, 6][..], vec![0.0; 12]), ("head.bias", &[2], vec![0.0; 2])];
    let part = |name, shape: &'static [usize]| (name, shape, vec![0.0; shape.iter().product()]);
    for (q, expected) in [
        (part("q", &[3, 4]), "shape: attention.weight (q) expected [2, 4], found [3, 4]"),
        (part("other", &[2, 4]), "missing: attention.weight (q) [2, 4]"),
    ] {
        let parts = [q, part("k", &[2, 4]), part("v", &[2, 4])];
        let (_directory, path) = file(&[&head[..], &parts].concat());
        let problem = refused(&mut small(), StateDict::new(&path).renamed(in_parts).strict(false));
        let expected = format!("does not fit `Small` (1 difference):\n  {expected}");
        assert!(problem.starts_with(&expected), "{problem}");
    }
    let (_directory, path) = file(&head);
    let problem = refused(&mut small(), StateDict::new(&path).renamed(in_parts));
    assert_eq!(
        problem,
        "does not fit `Small` (1 difference):\n  \
         missing: attention.weight (q, k, v) [6, 4]\n  \
         help: `StateDict::new(file).strict(false)` loads what both have"
    );
}

/// As Hugging Face cuts large ones.
#[test]
fn a_model_in_several_files_loads_from_one_after_the_other() {
    let mut net = small();
    for (tensor, missing) in [
        (("attention.weight", &[6, 4][..], vec![0.5; 24]), &MISSING[..]),
        (("head.weight", &[2, 6], vec![0.5; 12]), &["attention.weight", "head.bias"]),
        (("head.bias", &[2], vec![0.5; 2]), &["attention.weight", "head.weight"]),
    ] {
        let (_directory, path) = file(&[tensor]);
        assert_eq!(net.load(StateDict::new(path).strict(false)).unwrap().missing, missing);
    }
    assert!(params(&net).concat().iter().all(|&x| x == 0.5));
}

/// What both directions say of impossible names; no file is written.
fn impossible<F: TensorNames + 'static>(names: impl Fn(&str) -> F + Copy) -> String {
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path().join("small.safetensors");
    let error = small().save_state_dict(StateDict::new(&at).renamed(names)).unwrap_err();
    assert!(!at.exists());
    small().save(&at).unwrap();
    let problem = refused(&mut small(), StateDict::new(&at).renamed(names));
    assert!(error.to_string().ends_with(&format!("{}: {problem}", at.display())), "{error}");
    problem
}

#[test]
fn impossible_names_are_refused() {
    assert_eq!(
        impossible(|name| name.replace("weight", "bias")),
        "`head.weight` and `head.bias` would both be `head.bias`"
    );
    assert_eq!(
        impossible(|name| name.replace("attention.weight", "")),
        "`attention.weight` would have an empty name"
    );
    assert_eq!(impossible(|_| Vec::new()), "`attention.weight` would have no name");
    assert_eq!(
        impossible(|name| name.replace("head.bias", "__metadata__")),
        "`head.bias` would be `__metadata__`, which is no name of a tensor"
    );
    assert_eq!(
        impossible(|name| [format!("{name}.a"), format!("{name}.a")]),
        "two parts of `attention.weight` would both be `attention.weight.a`"
    );
    assert_eq!(
        impossible(|name| [0, 1, 2, 3].map(|part| format!("{name}.{part}"))),
        "`attention.weight` [6, 4] has no 4 equal parts along its first axis: `attention.weight.0`, \
         `attention.weight.1`, `attention.weight.2`, `attention.weight.3`"
    );
}

#[test]
fn a_second_function_gets_what_the_first_one_gave() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("small.safetensors");
    let file = |path: &Path| {
        StateDict::new(path).renamed(in_parts).renamed(|name| format!("model.{name}"))
    };
    small().save_state_dict(file(&path)).unwrap();
    let names: Vec<_> = tensors(&path).into_keys().collect();
    assert_eq!(names, ["model.head.bias", "model.head.weight", "model.k", "model.q", "model.v"]);
    let mut net = Small::seeded(&Cpu::default(), 1);
    net.load(file(&path)).unwrap();
    assert_eq!(params(&net), params(&small()));
}

network! {
    /// The names that two of them have in the file are each other's.
    struct Swapped([2]) -> [2] { a: Linear<2>, b: Linear<2>, c_1: Linear<2, bias = false> }
}

#[test]
fn a_name_that_was_given_to_another_is_not_the_networks_own() {
    let (_directory, path) = file(&[
        ("b.weight", &[2, 2], vec![1.0; 4]),
        ("b.bias", &[2], vec![2.0; 2]),
        ("a.weight", &[2, 2], vec![3.0; 4]),
        ("c_1.weight", &[2], vec![4.0; 2]),
    ]);
    let names = |name: &str| match name {
        "a.weight" => "b.weight".to_string(),
        "b.weight" => "a.weight".to_string(),
        "a.bias" => "b.bias".to_string(),
        "b.bias" => "c_1.weight".to_string(),
        name => name.to_string(),
    };
    let mut net = Swapped::seeded(&Cpu::default(), 0);
    let loaded = net.load(StateDict::new(&path).renamed(names).strict(false)).unwrap();
    // `c_1.weight` would be PyTorch's `c.1.weight`.
    assert_eq!(loaded.missing, ["c_1.weight"]);
    assert!(loaded.unexpected.is_empty());
    let [a, a_bias, b, b_bias, _] = &params(&net)[..] else { panic!("five tensors") };
    assert_eq!((a, a_bias), (&vec![1.0; 4], &vec![2.0; 2]));
    assert_eq!((b, b_bias), (&vec![3.0; 4], &vec![4.0; 2]));
}

network! {
    struct Tied([usize; 4]) -> [4, 5] {
        words: Embedding<5, 3>, Tanh, says: Linear<5, weight = words>,
    }
}

/// A tied weight has a name for each layer; which of them a file has is its own affair.
#[test]
fn a_tied_weight_may_have_one_name_or_two() {
    let made = |seed| Tied::seeded(&Cpu::default(), seed);
    let names = |name: &str| format!("lm.{}", name.replace("says.", "head."));
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path().join("tied.safetensors");
    made(0).save_state_dict(StateDict::new(&at).renamed(names)).unwrap();
    let both: Vec<_> = tensors(&at).into_keys().collect();
    assert_eq!(both, ["lm.head.bias", "lm.head.weight", "lm.words.weight"]);
    let numbers: Vec<f32> = (0..15).map(|x| x as f32).collect();
    let bias = ("lm.head.bias", &[5][..], vec![1.0; 5]);
    for name in ["lm.words.weight", "lm.head.weight"] {
        let (_directory, path) = file(&[bias.clone(), (name, &[5, 3], numbers.clone())]);
        let mut net = made(1);
        net.load(StateDict::new(path).renamed(names)).unwrap();
        assert_eq!(net.words.weight.as_vec(), numbers);
    }
    let (_directory, path) = file(&[
        bias,
        ("lm.words.weight", &[5, 3], numbers.clone()),
        ("lm.head.weight", &[5, 3], vec![0.0; 15]),
    ]);
    assert_eq!(
        refused(&mut made(1), StateDict::new(path).renamed(names)),
        "does not fit `Tied`: lm.words.weight and lm.head.weight are one weight in the network, but \
         differ in the file"
    );
}

/// A file of `save` with an older name of a layer: the network's marks are as good as PyTorch's.
#[test]
fn own_files_are_renamed_too() {
    network! { struct Old([3]) -> [2] { stem_0: Linear<4>, Relu, head: Linear<2> } }
    network! { struct New([3]) -> [2] { body_0: Linear<4>, Relu, head: Linear<2> } }
    let device = Cpu::default();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("old.safetensors");
    let old = Old::seeded(&device, 0);
    old.save(&path).unwrap();
    let mut new = New::seeded(&device, 1);
    new.load(StateDict::new(&path).renamed(|name| name.replace("body.", "stem."))).unwrap();
    assert_eq!(params(&new), params(&old));
}
