//! What to do about a file that differs from the network.

use super::differences::Difference;
use super::header::Header;
use super::module::Content;
use super::names::{self, Names};
use super::state_dict::{StateDict, Tensor, part};
use netwright_spec::graph::Graph;

/// A line for each thing that may help.
pub(super) fn of(
    header: &Header,
    graph: &Graph,
    names: &Names,
    float: &str,
    differences: &[Difference],
    file: &StateDict<'_>,
) -> impl Iterator<Item = String> {
    let missing: Vec<_> = differences.iter().filter_map(Difference::missing).collect();
    let helps = [
        wider(header, names, float),
        turning(header, graph, names, differences, file),
        naming(graph, names, &missing, differences, file),
        leaving(header, graph, &missing, differences, file),
    ];
    helps.into_iter().flatten()
}

/// What to do where the network exists in a wider type that the file has.
fn wider(header: &Header, names: &Names, float: &str) -> Option<String> {
    let mut found = names.params.iter().flatten().filter_map(|name| header.info(name));
    let is_wider = found.any(|info| info.dtype == "F64" && float != "F64");
    is_wider.then(|| {
        "numbers are not rounded on the way; load the file into an `f64` network, then convert that \
         one with `to_dtype`"
            .to_string()
    })
}

/// What to do where a matrix only lies the other way round.
fn turning(
    header: &Header,
    graph: &Graph,
    names: &Names,
    differences: &[Difference],
    file: &StateDict<'_>,
) -> Option<String> {
    let mut unlike = differences.iter().filter_map(Difference::unlike);
    let turned = unlike.any(|number| {
        let (names, whole) = (&names.params[number], graph.params[number].shape);
        names.iter().any(|name| {
            let mut shape = file.shape(name, part(whole, names.len()));
            let is = |shape: &[usize]| header.info(name).is_some_and(|found| found.shape == shape);
            let unlike = !is(&shape);
            shape.reverse();
            unlike && shape.len() == 2 && is(&shape)
        })
    });
    turned.then(|| {
        "`StateDict::new(file).transposed(|name| …)` says which matrices lie the other way round in the \
         file"
            .to_string()
    })
}

/// What to do where the file may only have other names.
fn naming(
    graph: &Graph,
    names: &Names,
    missing: &[usize],
    differences: &[Difference],
    file: &StateDict<'_>,
) -> Option<String> {
    let unexpected: Vec<_> = differences.iter().filter_map(Difference::unexpected).collect();
    if missing.is_empty() || unexpected.is_empty() {
        return None;
    }
    let Some(prefix) = names::prefix(graph, names, missing, &unexpected) else {
        return Some(match file.is_renamed() {
            false => {
                "`StateDict::new(file).renamed(|name| …)` says what the file calls the network's \
                      tensors"
                    .to_string()
            }
            true => "what `renamed` gives must be names that the file has".to_string(),
        });
    };
    let literal = prefix.replace('{', "{{").replace('}', "}}");
    let (prefix, literal) = (prefix.escape_debug(), literal.escape_debug());
    let (file, too) =
        (says(file), if file.is_renamed() { ", also where `renamed` gave one" } else { "" });
    Some(format!(
        "the file's names begin with `{prefix}`{too}; {file}(|name| format!(\"{literal}{{name}}\"))` \
         says so"
    ))
}

/// How a file is said to have names of its own, if it was not, or else other ones than it was said.
fn says(file: &StateDict<'_>) -> &'static str {
    if file.is_renamed() { "a second `.renamed" } else { "`StateDict::new(file).renamed" }
}

/// What to do where not all has to fit, or not even what both have.
fn leaving(
    header: &Header,
    graph: &Graph,
    missing: &[usize],
    differences: &[Difference],
    file: &StateDict<'_>,
) -> Option<String> {
    let mut unlike: Vec<usize> = differences.iter().filter_map(Difference::unlike).collect();
    unlike.sort_unstable();
    unlike.dedup();
    let all = !graph.params.is_empty() && missing.len() + unlike.len() >= graph.params.len();
    if all || (unlike.is_empty() && !file.is_strict()) {
        return None;
    }
    if unlike.is_empty() {
        return Some("`StateDict::new(file).strict(false)` loads what both have".to_string());
    }
    let says = says(file);
    Some(match other_name(header, graph, &unlike, file) {
        Some((name, other)) => {
            let (what, name, other) = (
                name.trim_end_matches('.').escape_debug(),
                name.escape_debug(),
                other.escape_debug(),
            );
            format!(
                "{says}(|name| name.replace(\"{name}\", \"{other}\")).strict(false)` leaves `{what}` as \
                 it is, and loads the rest"
            )
        }
        None => format!(
            "{says}(|name| …).strict(false)` leaves a tensor as it is that gets a name which the file \
             does not have"
        ),
    })
}

/// The name of the only tensor that is unlike, or how those of the only layer begin, as `renamed` is given
/// it; and what the file does not have, for that.
fn other_name(
    header: &Header,
    graph: &Graph,
    unlike: &[usize],
    file: &StateDict<'_>,
) -> Option<(String, String)> {
    let is_unlike = |tensor: &Tensor| match tensor.content {
        Content::Param(number) => unlike.contains(&number),
        Content::Counter(_) => false,
    };
    let all = file.tensors(graph).ok()?;
    let mut names = all.iter().filter(|tensor| is_unlike(tensor)).map(|tensor| &tensor.names[..]);
    let [first] = names.next()? else { return None };
    let layer = &first[..=first.rfind('.')?];
    let mut rest = names.peekable();
    let name = if rest.peek().is_some() { layer } else { first };
    let is_of_it = |names: &[String]| names.iter().all(|other| other.starts_with(name));
    let other = format!("new_{name}");
    let lacks = |own: &String| {
        let key = names::key(&own.replace(name, &other));
        header.tensors().iter().all(|(found, _)| names::key(found) != key)
    };
    let touched = |tensor: &&Tensor| tensor.names.iter().any(|found| found.contains(name));
    let only = all.iter().filter(touched).all(|tensor| match tensor.content {
        Content::Param(_) => is_unlike(tensor) && tensor.names.iter().all(lacks),
        Content::Counter(_) => true,
    });
    (rest.all(is_of_it) && only).then(|| (name.to_string(), other.clone()))
}
