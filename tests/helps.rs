//! What is said of a file that does not fit, and that doing it loads the file; and which of a file's tensors
//! were loaded.

#![allow(clippy::unwrap_used)] // in helpers of tests

#[path = "support/state_dicts.rs"]
mod support;

use netwright::prelude::*;
use std::time::{Duration, Instant};
use support::{file, params, refused, tensors};

network! {
    struct Small([4]) -> [2] { attention: Linear<6, bias = false>, head: Linear<2> }
}

fn small() -> Small {
    Small::seeded(&Cpu::default(), 0)
}

network! {
    /// That of tests/state_dicts.rs: its first layer is an `nn.TransformerEncoderLayer`.
    struct Encodes([5, 4]) -> [5, 4] {
        first: TransformerEncoder<1, 2, 3>, encoder: TransformerEncoder<2, 2, 5, norm_first = true>
    }
}

/// As of `nn.DataParallel`, `torch.compile`, or a network that was a part of another one. Doing what the
/// help says loads the file.
#[test]
fn a_prefix_is_found() {
    let (_directory, path) = file(&[
        ("module.attention.weight", &[6, 4], vec![0.5; 24]),
        ("module.head.weight", &[2, 6], vec![0.5; 12]),
        ("module.head.bias", &[2], vec![0.5; 2]),
    ]);
    let said = |text: &str| {
        format!(
            "\n  help: the file's names begin with `{text}`; `StateDict::new(file).renamed(|name| format!(\"{text}{{name}}\"))` says so"
        )
    };
    for strict in [true, false] {
        let problem = refused(&mut small(), StateDict::new(&path).strict(strict));
        assert!(problem.ends_with(&said("module.")), "{problem}");
    }
    let mut net = small();
    net.load(StateDict::new(&path).renamed(|name| format!("module.{name}"))).unwrap();
    assert!(params(&net).concat().iter().all(|&x| x == 0.5));

    // With PyTorch's own names behind it, and other tensors beside.
    let encoder = tensors(&support::path("encoder"));
    let zeros = |shape: &[usize]| vec![0.0; shape.iter().product()];
    let named: Vec<_> =
        encoder.iter().map(|(name, (_, shape, _))| (format!("net.model.{name}"), shape)).collect();
    let mut all: Vec<_> =
        named.iter().map(|(name, shape)| (&name[..], &shape[..], zeros(shape))).collect();
    all.push(("net.step", &[], vec![0.0]));
    let (_directory, path) = file(&all);
    let mut net = Encodes::seeded(&Cpu::default(), 0);
    let problem = refused(&mut net, StateDict::new(&path));
    assert!(problem.ends_with(&said("net.model.")), "{problem}");
    let prefixed = StateDict::new(&path).renamed(|name| format!("net.model.{name}"));
    let loaded = net.load(prefixed.strict(false)).unwrap();
    assert!(loaded.missing.is_empty());
    assert_eq!(loaded.unexpected, ["net.step"]);
}

/// What the help says is Rust, and does nothing to a terminal.
#[test]
fn a_prefix_of_strange_letters_is_escaped() {
    let (_directory, path) = file(&[
        ("{\u{1b}\"}.attention.weight", &[6, 4], vec![0.5; 24]),
        ("{\u{1b}\"}.head.weight", &[2, 6], vec![0.5; 12]),
    ]);
    let problem = refused(&mut small(), StateDict::new(&path));
    let help = r#"begin with `{\u{1b}\"}.`; `StateDict::new(file).renamed(|name| format!("{{\u{1b}\"}}.{name}"))`"#;
    assert!(problem.contains(help), "{problem}");
    let prefixed = StateDict::new(&path).renamed(|name| format!("{{\u{1b}\"}}.{name}"));
    assert_eq!(small().load(prefixed.strict(false)).unwrap().missing, ["head.bias"]);
}

/// A file may be large: ten thousand parts of which each has one of the network's names, and a name
/// that is nothing but dots.
#[test]
fn prefixes_are_looked_for_in_one_pass() {
    let names: Vec<_> = (0..10_000).map(|part| format!("experts.{part}.head.weight")).collect();
    let dots = ".".repeat(100_000);
    let mut tensors: Vec<_> = names.iter().map(|name| (&name[..], &[0][..], vec![])).collect();
    tensors.push((&dots, &[0], vec![]));
    let (_directory, path) = file(&tensors);
    let start = Instant::now();
    let problem = refused(&mut small(), StateDict::new(&path));
    assert!(!problem.contains("begin with"), "{problem}");
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
}

/// One tensor that is deeper in the file does not move all others.
#[test]
fn a_prefix_of_few_is_none() {
    let (_directory, path) = file(&[
        ("attention.weight", &[6, 4], vec![0.5; 24]),
        ("classifier.head.weight", &[2, 6], vec![0.5; 12]),
        ("head.bias", &[2], vec![0.5; 2]),
    ]);
    let problem = refused(&mut small(), StateDict::new(&path));
    assert!(!problem.contains("begin with"), "{problem}");
    assert!(problem.contains("help: `StateDict::new(file).renamed(|name| …)` says"), "{problem}");
}

/// A file of which only the head has another shape.
const OTHER_HEAD: [(&str, &[usize], f32); 3] =
    [("attention.weight", &[6, 4], 0.5), ("head.weight", &[10, 6], 0.0), ("head.bias", &[10], 0.0)];

/// With these names.
fn other_head(name: impl Fn(&str) -> String) -> (tempfile::TempDir, std::path::PathBuf) {
    let named = OTHER_HEAD.map(|(own, shape, x)| (name(own), shape, x));
    let filled = |shape: &[usize], x| vec![x; shape.iter().product()];
    file(&named.each_ref().map(|(name, shape, x)| (name.as_str(), *shape, filled(shape, *x))))
}

/// As in PyTorch, also where a part is enough. The error says how the head is left out.
#[test]
fn a_head_of_another_shape_is_left_out_as_the_help_says() {
    let (_directory, path) = other_head(str::to_string);
    for strict in [true, false] {
        assert_eq!(
            refused(&mut small(), StateDict::new(&path).strict(strict)),
            "does not fit `Small` (2 differences):\n  \
             shape: head.weight expected [2, 6], found [10, 6]\n  \
             shape: head.bias expected [2], found [10]\n  \
             help: `StateDict::new(file).renamed(|name| name.replace(\"head.\", \"new_head.\"))\
             .strict(false)` leaves `head` as it is, and loads the rest"
        );
    }
    let mut net = small();
    let file = StateDict::new(&path);
    let loaded =
        net.load(file.renamed(|name| name.replace("head.", "new_head.")).strict(false)).unwrap();
    assert_eq!(loaded.loaded, ["attention.weight"]);
    assert_eq!(loaded.missing, ["head.weight", "head.bias"]);
    assert_eq!(loaded.unexpected, ["head.bias", "head.weight"]);
    assert_eq!(net.attention.weight.as_vec(), vec![0.5; 24]);
    assert_eq!(params(&net)[1..], params(&small())[1..]);
}

/// Behind the user's own function it speaks of what that gives.
#[test]
fn a_head_of_another_shape_is_left_out_of_a_file_with_other_names() {
    let theirs = |name: &str| format!("model.{}", name.replace("head.", "classifier."));
    let (_directory, path) = other_head(theirs);
    let problem = refused(&mut small(), StateDict::new(&path).renamed(theirs));
    let help = "\n  help: a second `.renamed(|name| name.replace(\"model.classifier.\", \
                \"new_model.classifier.\")).strict(false)` leaves `model.classifier` as it is, and \
                loads the rest";
    assert!(problem.ends_with(help), "{problem}");
    let second = |name: &str| name.replace("model.classifier.", "new_model.classifier.");
    let file = StateDict::new(&path).renamed(theirs).renamed(second).strict(false);
    assert_eq!(small().load(file).unwrap().loaded, ["attention.weight"]);
}

/// What would leave out others, too, or find them, is not said.
#[test]
fn no_help_leaves_out_more_than_it_says() {
    network! {
        struct Heads([4]) -> [2] { overhead: Linear<3>, head: Linear<2>, tail: Linear<2> }
    }
    let all = |changed: &[&str], new: &str| {
        let tensors =
            [("overhead", [3, 4]), ("head", [2, 3]), ("tail", [2, 2])].map(|(name, [n, m])| {
                let n = if changed.contains(&name) { 9 } else { n };
                [(format!("{name}.weight"), vec![n, m]), (format!("{name}.bias"), vec![n])]
            });
        let mut tensors: Vec<_> = tensors.concat();
        tensors.extend([(format!("{new}.weight"), vec![2, 2])]);
        let zeros = |shape: &[usize]| vec![0.0; shape.iter().product()];
        let tensors: Vec<_> =
            tensors.iter().map(|(name, shape)| (&name[..], &shape[..], zeros(shape))).collect();
        let (_directory, path) = file(&tensors);
        refused(&mut Heads::seeded(&Cpu::default(), 0), StateDict::new(&path).strict(false))
    };
    let general = "`StateDict::new(file).renamed(|name| …).strict(false)` leaves a tensor as it is that \
                   gets a name which the file does not have";
    for (changed, new, said) in [
        (&["tail"][..], "other", "name.replace(\"tail.\", \"new_tail.\")"),
        (&["tail"], "new.tail", general),
        (&["head"], "other", general),
        (&["head", "tail"], "other", general),
    ] {
        let problem = all(changed, new);
        assert!(problem.contains(said), "{changed:?} {new}: {problem}");
    }
    assert!(!all(&["overhead", "head", "tail"], "other").contains("help"));
}

/// A prefix in front of the names that the user's function gave, or left, and nothing of those that the
/// network had before.
#[test]
fn a_prefix_is_found_behind_a_function() {
    let theirs = |name: &str| name.replace("head.", "classifier.");
    let named = |prefix: &str, head: &str| {
        file(&[
            (&format!("{prefix}attention.weight"), &[6, 4], vec![0.5; 24]),
            (&format!("{prefix}{head}.weight"), &[2, 6], vec![0.5; 12]),
            (&format!("{prefix}{head}.bias"), &[2], vec![0.5; 2]),
        ])
    };
    let (_directory, path) = named("model.", "classifier");
    let problem = refused(&mut small(), StateDict::new(&path).renamed(theirs));
    let help = "\n  help: the file's names begin with `model.`, also where `renamed` gave one; a second \
                `.renamed(|name| format!(\"model.{name}\"))` says so";
    assert!(problem.ends_with(help), "{problem}");
    let file = StateDict::new(&path).renamed(theirs).renamed(|name| format!("model.{name}"));
    let loaded = small().load(file).unwrap();
    assert_eq!(loaded.sources("head.bias"), ["model.classifier.bias"]);

    let (_directory, path) = named("model.", "head");
    let problem = refused(&mut small(), StateDict::new(&path).renamed(theirs));
    assert!(!problem.contains("begin with"), "{problem}");
    let help = "\n  help: what `renamed` gives must be names that the file has";
    assert!(problem.ends_with(help), "{problem}");
}

network! {
    struct Inner([4, 3]) -> [4, 2] { lstm: Lstm<2, layers = 2, bidirectional = true>, Linear<2> }
}
network! {
    struct Outer([4, 3]) -> [4, 2] { inner: Inner -> [4, 2] }
}

/// Its stacked layers have the network's names there, not PyTorch's.
#[test]
fn a_part_loads_from_the_whole_networks_file() {
    let device = Cpu::default();
    let whole = Outer::seeded(&device, 1);
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("whole.safetensors");
    whole.save(&path).unwrap();
    let mut part = Inner::seeded(&device, 0);
    let problem = refused(&mut part, StateDict::new(&path));
    assert!(
        problem
            .ends_with("`StateDict::new(file).renamed(|name| format!(\"inner.{name}\"))` says so")
    );
    part.load(StateDict::new(&path).renamed(|name| format!("inner.{name}"))).unwrap();
    assert_eq!(params(&part), params(&whole));
}

/// A name that was given and is not there may find one with other marks: never without a word.
#[test]
fn what_only_marks_tell_apart_is_said() {
    let (_directory, path) = file(&[
        ("attention.weight", &[6, 4], vec![0.5; 24]),
        ("new.head.weight", &[2, 6], vec![0.5; 12]),
        ("new_head.bias", &[2], vec![0.5; 2]),
    ]);
    let names = |name: &str| name.replace("head.", "new_head.");
    let mut net = small();
    let loaded = net.load(StateDict::new(&path).renamed(names)).unwrap();
    assert_eq!(
        loaded.to_string(),
        "3 of 3 tensors loaded\n  near: head.weight (new_head.weight) is `new.head.weight` in the file"
    );
    assert_eq!(loaded.sources("head.weight"), ["new.head.weight"]);
    assert_eq!(loaded.sources("head.bias"), ["new_head.bias"]);
    assert_eq!(loaded.sources("attention.weight"), ["attention.weight"]);
    assert!(loaded.sources("head").is_empty());
    assert!(params(&net).concat().iter().all(|&x| x == 0.5));
}
