//! Networks in files: safetensors with the network's topology beside its numbers.
//!
//! A file holds one tensor for each parameter and buffer, under the name that the network's graph
//! gives it (`conv2d_1.weight`), and this metadata: `format` (`netwright`), `version` of the
//! layout, `network` (the type's name) and `topology` (see [`topology()`]). The same network with
//! the same numbers gives the same bytes.

mod differences;
mod header;
mod helps;
mod json;
mod module;
mod names;
mod reader;
mod replace;
mod state_dict;
mod topology;
mod transposed;
mod widen;
mod writer;

pub use state_dict::{Loaded, StateDict, TensorNames};
pub use topology::topology;

use crate::backend::{Backend, Float};
use crate::error::{Error, Result};
use crate::model::{self, Model};
use module::Content;
use names::Names;
use netwright_spec::graph::{Graph, Param};
use reader::Stored;
use std::path::Path;
use transposed::transposed;
use writer::Entry;

/// The version of the layout that [`Files::save`] writes; the value of `version` in a file.
pub const VERSION: &str = "1";

/// Saves and loads any declared network.
///
/// ```ignore
/// use netwright::prelude::*;
///
/// network! {
///     struct Digits([1, 8, 8]) -> [10] { Conv2d<16, 3>, Relu, Flatten, Linear<10> }
/// }
///
/// let device = Cpu::default();
/// let trained = Digits::seeded(&device, 42);
/// trained.save("digits.safetensors")?;
///
/// let mut net = Digits::seeded(&device, 0);
/// net.load("digits.safetensors")?; // computes what `trained` computes, bit for bit
/// ```
pub trait Files<E: Float, D: Backend<E>>: Model<E, D> {
    /// Writes all parameters and buffers to a safetensors file.
    ///
    /// The file appears whole or not at all: it is written beside its place under another name,
    /// then renamed. A file that was there before is kept until then, and keeps its permissions.
    ///
    /// # Errors
    /// [`Error::File`] if the directory does not exist, must not be written to, or the disk is
    /// full; or if something is there that is not a file, or a file that is read-only. The file
    /// that was there is untouched then.
    fn save(&self, path: impl AsRef<Path>) -> Result<()>;

    /// Writes all parameters and buffers to a safetensors file for PyTorch, whose module takes it as
    /// it is: `module.load_state_dict(load_file("net.safetensors"))`. [`Files::load`] reads it, too.
    ///
    /// Each layer is a module of its own name, and what it is made of has PyTorch's names:
    ///
    /// | layer | its parameter | the file's name |
    /// | --- | --- | --- |
    /// | `Linear<10>`, without a name | `linear_1.weight` | the same |
    /// | `head: Head -> [10]`, a network with `fc: Linear<10>` | `head.fc.weight` | the same |
    /// | `features_0: Conv2d<16, 3>`, a module of a list | `features_0.weight` | `features.0.weight` |
    /// | `_2: Linear<10>` | `_2.weight` | `2.weight` |
    /// | `attention: MultiHeadAttention<8>` | `attention.out_proj_weight` | `attention.out_proj.weight` |
    /// | `encoder: TransformerEncoder<2, 8, 256>` | `encoder_1_norm2.bias` | `encoder.layers.1.norm2.bias` |
    /// | `encoder_norm: LayerNorm` behind it | `encoder_norm.bias` | `encoder.norm.bias` |
    /// | `lstm: Lstm<64, layers = 2>` | `lstm_l1.weight_ih_l0` | `lstm.weight_ih_l1` |
    /// | `conv: SeparableConv2d<16, 3>` | `conv_depthwise.weight` | `conv.depthwise.weight` |
    /// | `out: Linear<50, weight = words>` | `words.weight` | `words.weight` and `out.weight` |
    /// | `norm: BatchNorm2d` | `norm.running_mean`, … | the same, and `norm.num_batches_tracked`, which is 0 |
    ///
    /// A number behind `_` is that of a module in a list, unless the layer has no name of its own. A `_`
    /// between words stays. A transformer of one layer is an `nn.TransformerEncoder` with one, not an
    /// `nn.TransformerEncoderLayer`. Layers that PyTorch lacks have the network's names. Where a file shall
    /// have other names than these (`decoder.head` for `decoder_head`, `conv_1` and not `conv.1`), it is
    /// given as a [`StateDict`] that is [`renamed`](StateDict::renamed).
    ///
    /// ```ignore
    /// use netwright::prelude::*;
    ///
    /// network! {
    ///     struct Digits([1, 8, 8]) -> [10] {
    ///         features_0: Conv2d<16, 3>, features_1: BatchNorm2d, Relu, Flatten, head: Linear<10>
    ///     }
    /// }
    ///
    /// let net = Digits::seeded(&Cpu::default(), 42);
    /// net.save_state_dict("digits.safetensors")?; // with `features.0.weight` and `head.bias`
    /// ```
    ///
    /// # Errors
    /// As [`Files::save`]; and [`Error::File`] if two tensors would have one name, one would have none, or
    /// cannot be cut into as many equal parts as it has names.
    fn save_state_dict<'f>(&self, file: impl Into<StateDict<'f>>) -> Result<()>;

    /// Overwrites all parameters and buffers with those of a safetensors file: one of [`Files::save`], of
    /// [`Files::save_state_dict`], of PyTorch's safetensors, or of another program. Gives what it did,
    /// which matters where a [`StateDict`] is not [`strict`](StateDict::strict).
    ///
    /// Any such file will do whose tensors have the network's names and shapes, and its float type
    /// or a narrower one (`F16`, `BF16`, in an `f64` network `F32`), whose values it has, too. Also
    /// one that PyTorch's safetensors wrote, if layers are named as its modules, with `_` between:
    /// where the file lacks a name of the network's, that of a tensor counts which has `.` for some
    /// `_` of it, and `layers.0` for `0`.
    ///
    /// | layer | its parameter | PyTorch's name |
    /// | --- | --- | --- |
    /// | `features_0: Conv2d<16, 3>` | `features_0.weight` | `features.0.weight` |
    /// | `attention: MultiHeadAttention<8>` | `attention.out_proj_weight` | `attention.out_proj.weight` |
    /// | `encoder: TransformerEncoder<2, 8, 256>` | `encoder_1_norm2.bias` | `encoder.layers.1.norm2.bias` |
    /// | `layer: TransformerEncoder<1, 8, 256>` | `layer_0_norm2.bias` | the same, or `layer.norm2.bias` |
    /// | `lstm: Lstm<64, layers = 2>` | `lstm_l1.weight_ih_l0` | `lstm.weight_ih_l1` |
    /// | `out: Linear<50, weight = words>` | `words.weight` | `words.weight`, `out.weight`, or both |
    ///
    /// Each parameter must be in the file, and each tensor of the file must be one: but for the
    /// `num_batches_tracked` of PyTorch's batch normalization. For a file that has other names, or only a
    /// part of the network, see [`StateDict`]. A network in a network has files of its own, too:
    /// `net.encoder.load("encoder.safetensors")`.
    ///
    /// # Errors
    /// [`Error::File`] if the file cannot be read, is not a safetensors file, is damaged, or does
    /// not fit the network: then the error lists every difference. The network is untouched then,
    /// bit for bit.
    fn load<'f>(&mut self, file: impl Into<StateDict<'f>>) -> Result<Loaded>;
}

impl<E: Float, D: Backend<E>, M: Model<E, D>> Files<E, D> for M {
    fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        D::save(self, path.as_ref())
    }

    fn save_state_dict<'f>(&self, file: impl Into<StateDict<'f>>) -> Result<()> {
        D::save_state_dict(self, &file.into())
    }

    fn load<'f>(&mut self, file: impl Into<StateDict<'f>>) -> Result<Loaded> {
        D::load(self, &file.into())
    }
}

/// The body of [`Files::save`].
pub(crate) fn save<E: Float, D: Backend<E>>(model: &dyn Model<E, D>, file: &Path) -> Result<()> {
    let arrays = model::arrays(model)?;
    let graph = model.graph();
    let entries = graph
        .params
        .iter()
        .map(|param| Entry::new(param.name, E::NAME, size_of::<E>(), param.shape.to_vec()));
    let header = writer::header(&writer::metadata(graph), &entries.collect::<Vec<_>>());
    replace::replace(file, &mut |out| {
        out.write_all(&header)?;
        arrays.iter().try_for_each(|array| out.write_all(&E::to_le(&array.data.as_vec())))
    })
}

/// The body of [`Files::save_state_dict`].
pub(crate) fn save_state_dict<E: Float, D: Backend<E>>(
    model: &dyn Model<E, D>,
    file: &StateDict<'_>,
) -> Result<()> {
    let arrays = model::arrays(model)?;
    let tensors = file.tensors(model.graph()).map_err(|e| Error::file(file.path(), e))?;
    // Equal parts along the first axis lie one behind the other, as the whole does.
    let entries = tensors.iter().flat_map(|tensor| {
        let (dtype, size) = match tensor.content {
            Content::Param(_) => (E::NAME, size_of::<E>()),
            Content::Counter(_) => ("I64", size_of::<i64>()),
        };
        let shape = move |name| file.shape(name, tensor.part());
        tensor.names.iter().map(move |name| Entry::new(name, dtype, size, shape(name)))
    });
    // What `save_file` of PyTorch's safetensors says; some programs ask for it.
    let header = writer::header(r#"{"format":"pt"}"#, &entries.collect::<Vec<_>>());
    replace::replace(file.path(), &mut |out| {
        out.write_all(&header)?;
        tensors.iter().try_for_each(|tensor| match tensor.content {
            Content::Param(number) => {
                let bytes = E::to_le(&arrays[number].data.as_vec());
                let (shape, count) = (tensor.part(), tensor.names.len());
                let parts = bytes.chunks((bytes.len() / count).max(1));
                tensor.names.iter().zip(parts).try_for_each(|(name, part)| {
                    match file.turns(name, &shape) {
                        true => out.write_all(&transposed(part, shape[1], size_of::<E>())),
                        false => out.write_all(part),
                    }
                })
            }
            Content::Counter(_) => out.write_all(&0i64.to_le_bytes()),
        })
    })
}

/// The body of [`Files::load`]. Everything is read and checked before the first value is written.
pub(crate) fn load<E: Float, D: Backend<E>>(
    model: &mut dyn Model<E, D>,
    file: &StateDict<'_>,
) -> Result<Loaded> {
    let graph = model.graph();
    let mut stored = Stored::open(file.path())?;
    stored.check_version()?;
    let (names, loaded) =
        compared(&stored, graph, file, E::NAME).map_err(|e| Error::file(file.path(), e))?;
    let mut values = Vec::with_capacity(names.params.len());
    for (param, names) in graph.params.iter().zip(&names.params) {
        values.push(match loaded.missing.contains(&param.name) {
            true => None,
            false => Some(E::from_le(&read::<E>(&mut stored, file, param, names)?)),
        });
    }
    for (number, copy) in &names.copies {
        let (param, first) = (&graph.params[*number], &names.params[*number]);
        let mut read = |names| read::<E>(&mut stored, file, param, names);
        if read(first)? != read(copy)? {
            let problem = differences::of_copies(graph, first, copy);
            return Err(Error::file(file.path(), problem));
        }
    }
    let mut tensors = model.tensors_mut();
    if tensors.len() != values.len() {
        return Err(Error::Data(format!(
            "`{}` has {} tensors, but {} parameters in its graph",
            graph.name,
            tensors.len(),
            values.len()
        )));
    }
    let values = tensors.iter_mut().zip(values);
    let mut values = values.filter_map(|(tensor, values)| Some((tensor, values?)));
    values.try_for_each(|(tensor, values)| tensor.write(&values))?;
    Ok(loaded)
}

/// The bytes of a tensor's numbers, or of its parts one behind the other, as the network has them.
fn read<E: Float>(
    stored: &mut Stored<'_>,
    file: &StateDict<'_>,
    param: &Param,
    names: &[String],
) -> Result<Vec<u8>> {
    let shape = state_dict::part(param.shape, names.len());
    let parts = names.iter().map(|name| {
        let bytes = stored.read(name, E::NAME)?;
        Ok(match file.turns(name, &shape) {
            true => transposed(&bytes, shape[0], size_of::<E>()),
            false => bytes,
        })
    });
    // A whole tensor is not copied.
    let mut parts = parts.collect::<Result<Vec<_>>>()?;
    Ok(if parts.len() == 1 { parts.remove(0) } else { parts.concat() })
}

/// What the file calls the network's tensors, and what can be loaded of it.
fn compared(
    stored: &Stored<'_>,
    graph: &Graph,
    file: &StateDict<'_>,
    float: &str,
) -> Result<(Names, Loaded), String> {
    // PyTorch's names need not differ from each other here, where the network's count.
    let tensors = match file.is_renamed() {
        true => file.tensors(graph)?,
        false => Vec::new(),
    };
    let header = stored.header();
    let names = names::in_file(header, graph, &tensors);
    let differences = differences::of(header, graph, &names, float, file);
    match differences::problem(header, graph, &names, float, &differences, file) {
        Some(problem) => Err(problem),
        None => {
            let loaded = differences::loaded(graph, &names, differences);
            Ok((names, loaded))
        }
    }
}

#[cfg(test)]
mod tests;
