//! Which file is meant, what it calls the network's tensors, and what was loaded from it.

use super::module::{self, Content};
use netwright_spec::graph::Graph;
use std::fmt;
use std::path::{Path, PathBuf};

/// A safetensors file with names of its own, or that has only a part of the network.
///
/// [`Files::load`](super::Files::load) and [`Files::save_state_dict`](super::Files::save_state_dict) take
/// it, so one function of names is for both directions. A path by itself stands for a file with PyTorch's
/// names and all that the network needs.
pub struct StateDict<'a> {
    path: PathBuf,
    rename: Option<Box<Rename<'a>>>,
    transposed: Option<Box<Which<'a>>>,
    strict: bool,
}

type Rename<'a> = dyn Fn(&str) -> Vec<String> + 'a;

type Which<'a> = dyn Fn(&str) -> bool + 'a;

impl<'a> StateDict<'a> {
    /// The file at this path.
    pub fn new(path: impl AsRef<Path>) -> Self {
        let path = path.as_ref().to_path_buf();
        StateDict { path, rename: None, transposed: None, strict: true }
    }

    /// What the file calls a tensor: `names` is given each name that
    /// [`Files::save_state_dict`](super::Files::save_state_dict) would write (`features.0.weight`, see the
    /// table there) and returns the file's. What it returns as it is keeps its name. A second function
    /// is given what the first one returned.
    ///
    /// Several names are those of the tensor's equal parts along its first axis: many files have
    /// `query`, `key` and `value` of an attention apart, which are one `in_proj_weight` in PyTorch's and
    /// here.
    ///
    /// Where a file lacks a name that was returned, the one tensor is loaded whose name differs in nothing
    /// but marks (`_` for `.`, as in [`Files::load`](super::Files::load)). [`Loaded`] says so, and of each
    /// tensor which of the file's it is.
    #[must_use]
    pub fn renamed<N: TensorNames>(mut self, names: impl Fn(&str) -> N + 'a) -> Self {
        let names = move |name: &str| names(name).into_names();
        self.rename = Some(match self.rename.take() {
            Some(first) => {
                Box::new(move |name| first(name).iter().flat_map(|n| names(n)).collect())
            }
            None => Box::new(names),
        });
        self
    }

    /// Which matrices lie the other way round in the file, `[inputs, outputs]`, as those of GPT-2 do and of
    /// what was trained with Keras or Flax: `which` is given the file's name of each matrix. Of a
    /// tensor that it has in parts, each part is a matrix.
    #[must_use]
    pub fn transposed(mut self, which: impl Fn(&str) -> bool + 'a) -> Self {
        self.transposed = Some(Box::new(which));
        self
    }

    /// Whether the file must have each tensor of the network, and no other: true, if nothing is said.
    /// `strict(false)` loads what both have, and [`Loaded`] says what that was; a tensor of another
    /// shape or type is an error all the same, unless [`renamed`](Self::renamed) gives it a name that the
    /// file does not have, and so is a file that has none. A model in several files is loaded from one
    /// after the other. It makes no difference to saving.
    #[must_use]
    pub fn strict(mut self, strict: bool) -> Self {
        self.strict = strict;
        self
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn is_strict(&self) -> bool {
        self.strict
    }

    /// All tensors that a file has in which a whole network is.
    pub(super) fn tensors(&self, graph: &Graph) -> Result<Vec<Tensor>, String> {
        let mut tensors: Vec<Tensor> = Vec::new();
        for (name, content) in module::state_dict(graph) {
            let tensor = Tensor::new(graph, name, content, self.rename.as_deref());
            tensor.check()?;
            if !tensor.is_again(&tensors)? {
                tensors.push(tensor);
            }
        }
        Ok(tensors)
    }

    /// Whether the file has a tensor of this name, and of this shape in the network, transposed.
    pub(super) fn turns(&self, name: &str, shape: &[usize]) -> bool {
        shape.len() == 2 && self.transposed.as_ref().is_some_and(|which| which(name))
    }

    /// The shape in the file.
    pub(super) fn shape(&self, name: &str, mut shape: Vec<usize>) -> Vec<usize> {
        if self.turns(name, &shape) {
            shape.reverse();
        }
        shape
    }

    /// Whether the file has names of its own.
    pub(super) fn is_renamed(&self) -> bool {
        self.rename.is_some()
    }
}

impl<P: AsRef<Path>> From<P> for StateDict<'_> {
    fn from(path: P) -> Self {
        StateDict::new(path)
    }
}

impl fmt::Debug for StateDict<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let StateDict { path, rename, transposed, strict } = self;
        let mut text = f.debug_struct("StateDict");
        text.field("path", path)
            .field("renamed", &rename.is_some())
            .field("transposed", &transposed.is_some())
            .field("strict", strict)
            .finish()
    }
}

/// What a function of names returns: a name, or those of a tensor's equal parts.
#[diagnostic::on_unimplemented(
    message = "the names of a tensor are a `String`, or a `Vec` or an array of them, not `{Self}`",
    label = "returns `{Self}`",
    note = "`.to_string()` makes one of a `&str`"
)]
pub trait TensorNames {
    /// All of them.
    fn into_names(self) -> Vec<String>;
}

impl TensorNames for String {
    fn into_names(self) -> Vec<String> {
        vec![self]
    }
}

impl TensorNames for Vec<String> {
    fn into_names(self) -> Vec<String> {
        self
    }
}

impl<const N: usize> TensorNames for [String; N] {
    fn into_names(self) -> Vec<String> {
        self.into()
    }
}

/// A tensor of the module's `state_dict()`, and its names in the file.
pub(super) struct Tensor {
    pub(super) content: Content,
    /// One, or those of its equal parts.
    pub(super) names: Vec<String>,
    /// Whether they are others than PyTorch's.
    pub(super) renamed: bool,
    /// What the network calls it.
    own: String,
    shape: &'static [usize],
}

impl Tensor {
    fn new(graph: &Graph, name: String, content: Content, rename: Option<&Rename<'_>>) -> Self {
        let names = rename.map_or_else(|| vec![name.clone()], |rename| rename(&name));
        let renamed = names != [name.as_str()];
        let (own, shape) = match content {
            Content::Param(number) => {
                (graph.params[number].name.to_string(), graph.params[number].shape)
            }
            Content::Counter(mean) => {
                (module::counter(graph.params[mean].name).unwrap_or(name), &[][..])
            }
        };
        Tensor { content, names, renamed, own, shape }
    }

    /// The shape of each part that has a name.
    pub(super) fn part(&self) -> Vec<usize> {
        part(self.shape, self.names.len())
    }

    fn check(&self) -> Result<(), String> {
        let Tensor { names, own, shape, .. } = self;
        if names.is_empty() {
            return Err(format!("`{own}` would have no name"));
        }
        if names.iter().any(String::is_empty) {
            return Err(format!("`{own}` would have an empty name"));
        }
        if names.iter().any(|name| name == "__metadata__") {
            return Err(format!("`{own}` would be `__metadata__`, which is no name of a tensor"));
        }
        let count = names.len();
        if count > 1 && shape.first().is_none_or(|rows| rows % count != 0) {
            return Err(format!(
                "`{own}` {shape:?} has no {count} equal parts along its first axis: {}",
                listed(names)
            ));
        }
        Ok(())
    }

    /// Whether it is one of those before, under another layer's name that was made the same. An error if
    /// it only has a name of theirs.
    fn is_again(&self, before: &[Tensor]) -> Result<bool, String> {
        for (at, name) in self.names.iter().enumerate() {
            if self.names[..at].contains(name) {
                return Err(format!(
                    "two parts of `{}` would both be `{}`",
                    self.own,
                    name.escape_debug()
                ));
            }
            let Some(other) = before.iter().find(|other| other.names.contains(name)) else {
                continue;
            };
            let same = matches!(self.content, Content::Param(_)) && self.content == other.content;
            return match same && self.names == other.names {
                true => Ok(true),
                false => Err(format!(
                    "`{}` and `{}` would both be `{}`",
                    other.own,
                    self.own,
                    name.escape_debug()
                )),
            };
        }
        Ok(false)
    }
}

/// One of so many equal parts along the first axis.
pub(super) fn part(shape: &[usize], count: usize) -> Vec<usize> {
    let mut shape = shape.to_vec();
    if let Some(rows) = shape.first_mut() {
        *rows /= count.max(1);
    }
    shape
}

/// `a`, `b`
fn listed(names: &[String]) -> String {
    let names: Vec<_> = names.iter().map(|name| format!("`{}`", name.escape_debug())).collect();
    names.join(", ")
}

/// What [`Files::load`](super::Files::load) did, tensor by tensor.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Loaded {
    /// The network's parameters and buffers that have the file's numbers now, in its order.
    pub loaded: Vec<&'static str>,
    /// Those that the file lacks: they are as they were. None of a strict file.
    pub missing: Vec<&'static str>,
    /// The file's tensors that the network lacks, in the file's order. None of a strict file.
    pub unexpected: Vec<String>,
    /// What the file calls each of those that are loaded.
    pub(super) sources: Vec<Vec<String>>,
    /// A line for each difference.
    pub(super) lines: Vec<String>,
}

impl Loaded {
    /// The file's names of a tensor that has this name in the network: one, or those of its parts. None
    /// where it is missing.
    pub fn sources(&self, name: &str) -> &[String] {
        let at = self.loaded.iter().position(|loaded| *loaded == name);
        at.and_then(|at| self.sources.get(at)).map_or(&[], Vec::as_slice)
    }
}

/// `4 of 6 tensors loaded`, and a line for each that is missing or unexpected, or that the file has under
/// another name than [`StateDict::renamed`] gave.
impl fmt::Display for Loaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (loaded, all) = (self.loaded.len(), self.loaded.len() + self.missing.len());
        write!(f, "{loaded} of {all} tensors loaded")?;
        self.lines.iter().try_for_each(|line| write!(f, "\n  {line}"))
    }
}
