//! How a file differs from the network that is to be loaded from it.

use super::header::{Header, TensorInfo};
use super::helps;
use super::names::{Names, Near};
use super::state_dict::{Loaded, StateDict, part};
use super::widen::is_exact;
use netwright_spec::graph::{Graph, Param};

/// A tensor that only one of both has, or that they do not have alike.
pub(super) struct Difference {
    kind: Kind,
    line: String,
}

enum Kind {
    /// The parameter with this number is not in the file at all.
    Missing(usize),
    /// The network does not have this tensor.
    Unexpected(String),
    /// The parameter with this number cannot be the file's tensor, or one of its parts is missing.
    Unlike(usize),
}

impl Difference {
    pub(super) fn missing(&self) -> Option<usize> {
        match self.kind {
            Kind::Missing(number) => Some(number),
            _ => None,
        }
    }

    pub(super) fn unlike(&self) -> Option<usize> {
        match self.kind {
            Kind::Unlike(number) => Some(number),
            _ => None,
        }
    }

    pub(super) fn unexpected(&self) -> Option<&str> {
        match &self.kind {
            Kind::Unexpected(name) => Some(name),
            _ => None,
        }
    }
}

/// All differences, one for each tensor: the network's in its order, then the file's in its. `names` are
/// what the file calls the network's.
pub(super) fn of(
    header: &Header,
    graph: &Graph,
    names: &Names,
    float: &str,
    file: &StateDict<'_>,
) -> Vec<Difference> {
    let ours = graph.params.iter().zip(&names.params).enumerate();
    let mut all: Vec<_> = ours
        .flat_map(|(number, (param, names))| expected(header, (number, param), names, float, file))
        .collect();
    all.extend(names.copies.iter().flat_map(|(number, names)| {
        expected(header, (*number, &graph.params[*number]), names, float, file)
    }));
    let found = header.tensors().iter();
    all.extend(found.filter_map(|(name, info)| unexpected(name, info, names)));
    all
}

/// What is loaded if both have the rest alike.
pub(super) fn loaded(graph: &Graph, names: &Names, differences: Vec<Difference>) -> Loaded {
    let missing: Vec<usize> = differences.iter().filter_map(Difference::missing).collect();
    let unexpected = differences.iter().filter_map(Difference::unexpected);
    let unexpected = unexpected.map(str::to_string).collect();
    let name = |number: &usize| graph.params[*number].name;
    let there = (0..graph.params.len()).filter(|number| !missing.contains(number));
    let there: Vec<usize> = there.collect();
    let near = names.near.iter().map(|Near { number, given, found }| {
        let (given, found) = (given.escape_debug(), found.escape_debug());
        format!("near: {} ({given}) is `{found}` in the file", name(number))
    });
    let lines = near.chain(differences.into_iter().map(|one| one.line)).collect();
    Loaded {
        loaded: there.iter().map(name).collect(),
        missing: missing.iter().map(name).collect(),
        unexpected,
        sources: there.iter().map(|number| names.params[*number].clone()).collect(),
        lines,
    }
}

/// What is wrong with a file of which all must fit, or all that both have.
pub(super) fn problem(
    header: &Header,
    graph: &Graph,
    names: &Names,
    float: &str,
    differences: &[Difference],
    file: &StateDict<'_>,
) -> Option<String> {
    let strict = file.is_strict();
    let missing: Vec<_> = differences.iter().filter_map(Difference::missing).collect();
    let nothing = !missing.is_empty() && missing.len() == graph.params.len();
    let counts = |one: &&Difference| strict || nothing || one.unlike().is_some();
    let lines: Vec<_> = differences.iter().filter(counts).map(|one| &one.line).collect();
    let count = match lines.len() {
        0 => return None,
        1 => "1 difference".to_string(),
        n => format!("{n} differences"),
    };
    let what = if nothing && !strict { "has no tensor of" } else { "does not fit" };
    let mut text = format!("{what} `{}` ({count}{}):", graph.name, network(header, graph));
    for line in lines {
        text = text + "\n  " + line;
    }
    for help in helps::of(header, graph, names, float, differences, file) {
        text = text + "\n  help: " + &help;
    }
    Some(text)
}

/// What is said of a weight that the file has twice, with other numbers.
pub(super) fn of_copies(graph: &Graph, first: &[String], copy: &[String]) -> String {
    format!(
        "does not fit `{}`: {} and {} are one weight in the network, but differ in the file",
        graph.name,
        first.join(", ").escape_debug(),
        copy.join(", ").escape_debug()
    )
}

/// The differences of a tensor that the network has, with the file's name where that is another: one for
/// each part that has a name.
fn expected(
    header: &Header,
    (number, param): (usize, &Param),
    names: &[String],
    float: &str,
    file: &StateDict<'_>,
) -> Vec<Difference> {
    let label = |name: &str| match name == param.name {
        true => param.name.to_string(),
        false => format!("{} ({})", param.name, name.escape_debug()),
    };
    if names.iter().all(|name| header.info(name).is_none()) {
        let line = format!("missing: {} {:?}", label(&names.join(", ")), param.shape);
        return vec![Difference { kind: Kind::Missing(number), line }];
    }
    let lines = names.iter().filter_map(|name| {
        let shape = file.shape(name, part(param.shape, names.len()));
        let Some(found) = header.info(name) else {
            return Some(format!("missing: {} {shape:?}", label(name)));
        };
        unlike(&label(name), found, &shape, float)
    });
    lines.map(|line| Difference { kind: Kind::Unlike(number), line }).collect()
}

fn unlike(label: &str, found: &TensorInfo, shape: &[usize], float: &str) -> Option<String> {
    match (is_exact(&found.dtype, float), found.shape == shape) {
        (true, true) => None,
        (true, false) => {
            Some(format!("shape: {label} expected {shape:?}, found {:?}", found.shape))
        }
        (false, true) => Some(format!("type: {label} expected {float}, found {}", found.dtype)),
        (false, false) => Some(format!(
            "type and shape: {label} expected {float} {shape:?}, found {} {:?}",
            found.dtype, found.shape
        )),
    }
}

/// The difference of a tensor that the network does not have.
fn unexpected(name: &str, info: &TensorInfo, names: &Names) -> Option<Difference> {
    if names.known().any(|known| known == name) || is_counter(name, info, names) {
        return None;
    }
    let line = format!("unexpected: {} {:?}", name.escape_debug(), info.shape);
    Some(Difference { kind: Kind::Unexpected(name.to_string()), line })
}

/// PyTorch's batch normalization counts its batches in a tensor that nothing computes with.
fn is_counter(name: &str, info: &TensorInfo, names: &Names) -> bool {
    let is_beside =
        |layer: &str| names.known().any(|known| known.strip_suffix(".running_mean") == Some(layer));
    let counts = info.dtype == "I64" && info.shape.is_empty();
    counts
        && (names.counters.iter().any(|counter| counter == name)
            || name.strip_suffix(".num_batches_tracked").is_some_and(is_beside))
}

/// What the file says it is, if that is another network.
fn network(header: &Header, graph: &Graph) -> String {
    let name = header.metadata("network");
    match name {
        Some(name) if name != graph.name => {
            format!("; the file says it is `{}`", name.escape_debug())
        }
        _ => String::new(),
    }
}
