//! What a file calls a parameter: what the network calls it, or what PyTorch does.
//!
//! A module inside of a module of PyTorch is `encoder.layers.1.linear1` or `features.0`. Here it is a field
//! of the network, `encoder_1_linear1` or `features_0`. So names that differ in nothing but such marks are
//! the same, where the file lacks the network's own, and only one tensor could be meant.

use super::header::Header;
use super::module::{Content, PARTS};
use super::state_dict::Tensor;
use netwright_spec::graph::{Graph, Node, Params};

/// What a file calls the network's parameters.
pub(super) struct Names {
    /// Each one's name, in the graph's order, or those of its equal parts. Where the file has none, the
    /// one that it should have.
    pub(super) params: Vec<Vec<String>>,
    /// Whether that is another name than PyTorch's, which a function gave.
    given: Vec<bool>,
    /// Given names that the file lacks, and those that differ from them in marks only and were taken.
    pub(super) near: Vec<Near>,
    /// Tensors that must be the same as that of a parameter: several layers have it, and PyTorch
    /// gives it a name for each.
    pub(super) copies: Vec<(usize, Vec<String>)>,
    /// Names that were given to the counters of batch normalizations.
    pub(super) counters: Vec<String>,
}

/// A name that is not quite what was given.
pub(super) struct Near {
    /// The number of the parameter.
    pub(super) number: usize,
    pub(super) given: String,
    pub(super) found: String,
}

impl Names {
    /// All names of the file that stand for something.
    pub(super) fn known(&self) -> impl Iterator<Item = &String> {
        let copies = self.copies.iter().map(|(_, names)| names);
        self.params.iter().chain(copies).flatten()
    }
}

/// All names; none is there twice. `tensors` are those of a file for which other names were given.
pub(super) fn in_file(header: &Header, graph: &Graph, tensors: &[Tensor]) -> Names {
    let given = given(graph, tensors);
    let wanted = graph.params.iter().zip(&given).map(|(param, given)| match given.first() {
        Some(names) => names.to_vec(),
        None => vec![param.name.to_string()],
    });
    let params: Vec<_> = wanted.collect();
    let taken = params.iter().map(Vec::as_slice).chain(given.iter().flatten().copied());
    let mut free = free(header, taken.flatten().collect());
    let mut names = Names {
        params,
        given: given.iter().map(|names| !names.is_empty()).collect(),
        near: Vec::new(),
        copies: Vec::new(),
        counters: of_counters(tensors),
    };
    for (number, given) in given.iter().enumerate() {
        match given.is_empty() {
            true => names.find(graph, number, header, &mut free),
            false => names.find_given(given, number, header, &mut free),
        }
    }
    names.find_copies(graph, &given, &mut free);
    names
}

/// The names that were given to a parameter: one for each layer that has it, or those of its parts.
type Given<'t> = Vec<&'t [String]>;

/// Of each parameter. None where PyTorch's name was left, unless another one was given the network's own.
fn given<'t>(graph: &Graph, tensors: &'t [Tensor]) -> Vec<Given<'t>> {
    let of = |tensor: &Tensor| match tensor.content {
        Content::Param(number) => Some(number),
        Content::Counter(_) => None,
    };
    let renamed: Vec<&Tensor> = tensors.iter().filter(|tensor| tensor.renamed).collect();
    let is_given = |number: usize| {
        let own = graph.params[number].name;
        renamed
            .iter()
            .any(|other| of(other) == Some(number) || other.names.iter().any(|n| n == own))
    };
    let mut given = vec![Vec::new(); graph.params.len()];
    for tensor in tensors {
        if let Some(number) = of(tensor).filter(|number| is_given(*number)) {
            given[number].push(tensor.names.as_slice());
        }
    }
    given
}

fn of_counters(tensors: &[Tensor]) -> Vec<String> {
    let counters = tensors.iter().filter(|tensor| matches!(tensor.content, Content::Counter(_)));
    counters.flat_map(|tensor| tensor.names.clone()).collect()
}

/// The file's tensors that may still be anybody's, with their keys.
type Free<'h> = Vec<(String, &'h str)>;

/// All but those that have the very name of a parameter.
fn free<'h>(header: &'h Header, taken: Vec<&String>) -> Free<'h> {
    let others = header.tensors().iter().map(|(name, _)| name);
    let others = others.filter(|name| !taken.contains(name));
    others.map(|name| (key(name), name.as_str())).collect()
}

impl Names {
    /// By the network's own name, or else by PyTorch's.
    fn find(&mut self, graph: &Graph, number: usize, header: &Header, free: &mut Free<'_>) {
        let name = &mut self.params[number];
        if free.is_empty() || name.iter().any(|name| header.info(name).is_some()) {
            return;
        }
        let found = keys(graph, number).into_iter().find_map(|key| take(free, &key));
        if let Some(found) = found {
            *name = vec![found.to_string()];
        }
    }

    /// By the names that were given: the first one that the file has counts, others are copies.
    fn find_given(
        &mut self,
        given: &[&[String]],
        number: usize,
        header: &Header,
        free: &mut Free<'_>,
    ) {
        let mut near = Vec::new();
        let mut one = |given: &String| {
            if header.info(given).is_some() {
                return Some(given.clone());
            }
            let found = given_keys(given).find_map(|key| take(free, &key))?.to_string();
            near.push(Near { number, given: given.clone(), found: found.clone() });
            Some(found)
        };
        let mut found = given.iter().filter_map(|given| {
            let names: Vec<_> = given.iter().map(&mut one).collect();
            let or_given =
                names.iter().zip(*given).map(|(name, given)| name.as_ref().unwrap_or(given));
            names.iter().any(Option::is_some).then(|| or_given.cloned().collect::<Vec<_>>())
        });
        if let Some(names) = found.next() {
            self.params[number] = names;
        }
        self.copies.extend(found.map(|names| (number, names)));
        self.near.extend(near);
    }

    /// Weights of several layers that have a name for each.
    fn find_copies(&mut self, graph: &Graph, given: &[Given<'_>], free: &mut Free<'_>) {
        let tied = graph.nodes.iter().filter_map(|node| Some((node, node.tied?)));
        for (node, number) in tied.filter(|(_, number)| given[*number].is_empty()) {
            let key = tied_key(graph, number, node);
            if let Some(name) = key.and_then(|key| take(free, &key)) {
                self.copies.push((number, vec![name.to_string()]));
            }
        }
    }
}

/// What stands before the file's names, if more than half of the network's are there with it: `model.`.
pub(super) fn prefix<'h>(
    graph: &Graph,
    names: &Names,
    missing: &[usize],
    unexpected: &[&'h str],
) -> Option<&'h str> {
    let mut wanted: Vec<(String, usize)> = Vec::new();
    for &number in missing {
        wanted.extend(names.params[number].iter().flat_map(|n| given_keys(n)).map(|k| (k, number)));
        if !names.given[number] {
            wanted.extend(keys(graph, number).into_iter().map(|key| (key, number)));
        }
    }
    wanted.sort_unstable();
    // Each prefix with what is behind it, in one pass: a file may have very many tensors.
    let mut found: Vec<(&str, usize)> = Vec::new();
    for (prefix, rest) in unexpected.iter().flat_map(|name| at_dots(name)) {
        let key = key(rest);
        let first = wanted.partition_point(|(wanted, _)| *wanted < key);
        let same = wanted[first..].iter().take_while(|(wanted, _)| *wanted == key);
        found.extend(same.map(|(_, number)| (prefix, *number)));
    }
    found.sort_unstable();
    found.dedup();
    let mut prefixes = found.chunk_by(|one, other| one.0 == other.0);
    prefixes.find(|found| 2 * found.len() > graph.params.len()).map(|found| found[0].0)
}

/// A name, parted behind each of its first dots: nothing is so many modules deep.
fn at_dots(name: &str) -> impl Iterator<Item = (&str, &str)> {
    name.match_indices('.').take(16).map(|(at, _)| name.split_at(at + 1))
}

/// Takes the only tensor with this key.
fn take<'h>(free: &mut Free<'h>, key: &str) -> Option<&'h str> {
    let mut found = (0..free.len()).filter(|&at| free[at].0 == key);
    let first = found.next()?;
    found.next().is_none().then(|| free.swap_remove(first).1)
}

/// The keys of all names that a parameter may have, the likeliest first.
fn keys(graph: &Graph, number: usize) -> Vec<String> {
    let param = graph.params.get(number).and_then(|param| param.name.rsplit_once('.'));
    let Some((layer, name)) = param else { return Vec::new() };
    let owns = |Params { first, count }: Params| (first..first + count).contains(&number);
    let owner = graph.nodes.iter().find(|node| owns(node.params));
    let is_recurrent = |node: &&Node| matches!(node.kind, "Rnn" | "Lstm" | "Gru");
    let stacked = owner.filter(is_recurrent).and_then(|_| stacked(layer, name));
    let own = key(&stacked.unwrap_or_else(|| format!("{layer}.{name}")));
    // Of a weight that several layers have, PyTorch's safetensors keep one name.
    let tied = graph.nodes.iter().filter(|node| node.tied == Some(number));
    let tied = tied.filter_map(|node| tied_key(graph, number, node));
    let alone = alone(&own);
    std::iter::once(own).chain(tied).chain(alone).collect()
}

/// The keys of a name that was given, the likeliest first: a file of ours may have what is behind a prefix.
fn given_keys(name: &str) -> impl Iterator<Item = String> + use<> {
    let own = key(name);
    let alone = alone(&own);
    std::iter::once(own).chain(alone).chain(apart(name).map(|name| key(&name)))
}

/// The key of a weight by the name of another layer that has it, too.
fn tied_key(graph: &Graph, number: usize, node: &Node) -> Option<String> {
    let (_, name) = graph.params.get(number)?.name.rsplit_once('.')?;
    Some(key(&format!("{}.{name}", node.name)))
}

/// What is left of a name where `_` is as good as `.`, and `layers.0` as `0`.
pub(super) fn key(name: &str) -> String {
    let parts: Vec<&str> = name.split(['.', '_']).filter(|part| !part.is_empty()).collect();
    let before_number = |at: usize| parts.get(at + 1).is_some_and(|next| is_number(next));
    let kept = (0..parts.len()).filter(|&at| parts[at] != "layers" || !before_number(at));
    kept.map(|at| parts[at]).collect::<Vec<_>>().join("_")
}

/// `weight_hh_l0` of `lstm_l1` is `weight_hh_l1` of `lstm`.
fn stacked(layer: &str, name: &str) -> Option<String> {
    let (whole, number) = layer.rsplit_once("_l").filter(|(_, number)| is_number(number))?;
    let (kind, direction) = name.split_once("_l0")?;
    Some(format!("{whole}.{kind}_l{number}{direction}"))
}

/// `weight_hh_l1` of `lstm` is `weight_hh_l0` of `lstm_l1`.
fn apart(name: &str) -> Option<String> {
    let (layer, own) = name.rsplit_once('.')?;
    let (kind, rest) = own.rsplit_once("_l")?;
    let (number, direction) = rest.split_at(rest.find('_').unwrap_or(rest.len()));
    is_number(number).then(|| format!("{layer}_l{number}.{kind}_l0{direction}"))
}

/// An encoder of one layer, `first_0_norm1`, may be an `nn.TransformerEncoderLayer`: `first.norm1`.
fn alone(key: &str) -> Option<String> {
    let (whole, part) = key.rsplit_once("_0_")?;
    let begins = |with: &&str| part.strip_prefix(with).is_some_and(|rest| rest.starts_with('_'));
    PARTS.iter().any(begins).then(|| format!("{whole}_{part}"))
}

pub(super) fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_make_no_difference() {
        for (ours, pytorchs) in [
            ("attention.out_proj_weight", "attention.out_proj.weight"),
            ("encoder_11_linear2.bias", "encoder.layers.11.linear2.bias"),
            ("net.decoder_1_norm3.bias", "net.decoder.layers.1.norm3.bias"),
            ("features_0.weight", "features.0.weight"),
            ("_2.weight", "2.weight"),
            ("layers_0_conv.weight", "layers.0.conv.weight"),
        ] {
            assert_eq!(key(ours), key(pytorchs));
        }
        for (one, other) in [
            ("a.layers.weight", "a.weight"),
            ("a_10.weight", "a_1.0.weight"),
            ("a.layers.1.weight", "a.layers.2.weight"),
            ("conv1.weight", "conv_1.weight"),
        ] {
            assert_ne!(key(one), key(other));
        }
    }

    #[test]
    fn numbers_of_recurrent_layers() {
        let name = |layer, name| stacked(layer, name).unwrap_or_default();
        assert_eq!(name("lstm_l1", "weight_ih_l0"), "lstm.weight_ih_l1");
        assert_eq!(name("a.x_l10", "bias_hh_l0_reverse"), "a.x.bias_hh_l10_reverse");
        for layer in ["lstm", "lstm_l", "lstm_last"] {
            assert_eq!(name(layer, "weight_ih_l0"), "");
        }
    }

    #[test]
    fn numbers_of_recurrent_layers_are_the_same_both_ways() {
        for (layer, own) in [("lstm_l0", "weight_ih_l0"), ("a.x_l10", "bias_hh_l0_reverse")] {
            let pytorchs = stacked(layer, own).unwrap();
            assert_eq!(apart(&pytorchs).unwrap(), format!("{layer}.{own}"));
        }
        for name in ["lstm.weight_ih_last", "lstm.weight", "weight_l1"] {
            assert_eq!(apart(name), None);
        }
    }

    #[test]
    fn a_layer_without_others() {
        assert_eq!(
            alone("first_0_self_attn_in_proj_weight").unwrap(),
            "first_self_attn_in_proj_weight"
        );
        assert_eq!(alone("first_1_norm1_weight"), None);
        assert_eq!(alone("features_0_weight"), None);
    }

    #[test]
    fn what_could_be_two_is_none() {
        let names = ["a.b.weight", "a_b.weight", "c.weight"];
        let mut free: Vec<_> = names.iter().map(|&name| (key(name), name)).collect();
        assert_eq!(take(&mut free, "a_b_weight"), None);
        assert_eq!(take(&mut free, "c_weight"), Some("c.weight"));
        assert_eq!(take(&mut free, "c_weight"), None);
    }
}
