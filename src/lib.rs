#![doc = include_str!("../README.md")]

/// ```
/// use netwright::prelude::*;
///
/// network! {
///     struct Old([16]) -> [5] { stem_1: Linear<8>, Relu, decoder_head: Linear<5> }
/// }
///
/// network! {
///     struct New([16]) -> [2] { stem_1: Linear<8>, Relu, head: Linear<2> }
/// }
///
/// /// A PyTorch module with attributes `stem_1` and `decoder.head`: `save_state_dict` takes the
/// /// number for that of a module in a list, and leaves words joined.
/// fn theirs(name: &str) -> String {
///     name.replace("stem.1.", "stem_1.").replace("decoder_head.", "decoder.head.")
/// }
///
/// # fn main() -> netwright::Result<()> {
/// # let directory = tempfile::tempdir().unwrap();
/// # let path = directory.path().join("old.safetensors");
/// let device = Cpu::default();
/// let trained = Old::seeded(&device, 42);
/// trained.save_state_dict(StateDict::new(&path).renamed(theirs))?;
/// let mut again = Old::seeded(&device, 0);
/// again.load(StateDict::new(&path).renamed(theirs))?;
/// assert_eq!(again.decoder_head.weight.array(), trained.decoder_head.weight.array());
///
/// // The same, with a head of its own, which stays as it is.
/// let mut net = New::seeded(&device, 0);
/// let loaded = net.load(StateDict::new(&path).renamed(theirs).strict(false))?;
/// assert_eq!(loaded.missing, ["head.weight", "head.bias"]);
/// assert_eq!(loaded.unexpected, ["decoder.head.weight", "decoder.head.bias"]);
/// assert_eq!(net.stem_1.weight.array(), trained.stem_1.weight.array());
/// assert_eq!(
///     loaded.to_string(),
///     "2 of 4 tensors loaded
///   missing: head.weight [2, 8]
///   missing: head.bias [2]
///   unexpected: decoder.head.weight [5, 8]
///   unexpected: decoder.head.bias [5]"
/// );
/// # Ok(())
/// # }
/// ```
///
/// Hugging Face's files have attention's `query`, `key` and `value` apart, which are one weight here and
/// in PyTorch:
///
/// ```
/// use netwright::prelude::*;
///
/// network! {
///     struct Encoder([10, 8]) -> [10, 8] { encoder: TransformerEncoder<2, 2, 16> }
/// }
///
/// fn bert(name: &str) -> Vec<String> {
///     let name = name.replace("encoder.layers.", "bert.encoder.layer.");
///     match name.split_once("self_attn.in_proj_") {
///         Some((layer, kind)) => ["query", "key", "value"]
///             .map(|part| format!("{layer}attention.self.{part}.{kind}"))
///             .to_vec(),
///         None => vec![
///             name.replace("self_attn.out_proj", "attention.output.dense")
///                 .replace("norm1", "attention.output.LayerNorm")
///                 .replace("linear1", "intermediate.dense")
///                 .replace("linear2", "output.dense")
///                 .replace("norm2", "output.LayerNorm"),
///         ],
///     }
/// }
///
/// # fn main() -> netwright::Result<()> {
/// # let directory = tempfile::tempdir().unwrap();
/// # let path = directory.path().join("bert.safetensors");
/// # Encoder::seeded(&Cpu::default(), 42)
/// #     .save_state_dict(StateDict::new(&path).renamed(bert))?;
/// let mut net = Encoder::seeded(&Cpu::default(), 0);
/// net.load(StateDict::new(&path).renamed(bert).strict(false))?;
/// # Ok(())
/// # }
/// ```
///
/// The linear maps of GPT-2 there lie the other way round, as `[inputs, outputs]`:
///
/// ```
/// use netwright::prelude::*;
///
/// network! {
///     struct Gpt2([10, 8]) -> [10, 8] {
///         h: TransformerEncoder<2, 2, 16, causal = true, norm_first = true, activation = gelu>,
///         h_norm: LayerNorm,
///     }
/// }
///
/// fn gpt2(name: &str) -> String {
///     name.replace("h.layers.", "h.")
///         .replace("h.norm.", "ln_f.")
///         .replace("self_attn.in_proj_", "attn.c_attn.")
///         .replace("self_attn.out_proj", "attn.c_proj")
///         .replace("linear1", "mlp.c_fc")
///         .replace("linear2", "mlp.c_proj")
///         .replace("norm1", "ln_1")
///         .replace("norm2", "ln_2")
/// }
///
/// # fn main() -> netwright::Result<()> {
/// # let directory = tempfile::tempdir().unwrap();
/// # let path = directory.path().join("gpt2.safetensors");
/// let file = || StateDict::new(&path).renamed(gpt2).transposed(|name| name.contains(".c_"));
/// # Gpt2::seeded(&Cpu::default(), 42).save_state_dict(file())?;
/// let mut net = Gpt2::seeded(&Cpu::default(), 0);
/// let loaded = net.load(file())?;
/// assert_eq!(loaded.sources("h_0_linear1.weight"), ["h.0.mlp.c_fc.weight"]);
/// # Ok(())
/// # }
/// ```
///
/// Whatever else a file has otherwise is a network of its own, whose tensors are computed with and assigned.
/// Here are two parts of different size:
///
/// ```
/// use netwright::prelude::*;
///
/// network! {
///     struct Theirs([4]) -> [6] { Parallel { { q: Linear<4> }, { kv: Linear<2> } } }
/// }
///
/// network! {
///     struct Ours([4]) -> [6] { qkv: Linear<6> }
/// }
///
/// # fn main() -> netwright::Result<()> {
/// # let directory = tempfile::tempdir().unwrap();
/// # let path = directory.path().join("theirs.safetensors");
/// let device = Cpu::default();
/// # Theirs::seeded(&device, 42).save_state_dict(&path)?;
/// let mut theirs = Theirs::seeded(&device, 0);
/// theirs.load(&path)?;
/// let Theirs { q, kv, .. } = &theirs;
/// let mut ours = Ours::seeded(&device, 0);
/// let weight = [q.weight.as_vec(), kv.weight.as_vec()].concat();
/// ours.qkv.weight = device.tensor_from_vec(weight, (Const, Const));
/// let bias = [q.bias.as_vec(), kv.bias.as_vec()].concat();
/// ours.qkv.bias = device.tensor_from_vec(bias, (Const,));
///
/// let x = device.tensor([1.0, 2.0, 3.0, 4.0]);
/// assert_eq!(ours.forward(x.clone()).as_vec(), theirs.forward(x).as_vec());
/// # Ok(())
/// # }
/// ```
pub use netwright_core::StateDict;
pub use netwright_core::engine::with_threads;
/// A function that makes a network of any size demands that the sizes fit; others demand nothing:
///
/// ```
/// use netwright::prelude::*;
/// use netwright::sizes::Fits;
/// use netwright::typenum::U8;
///
/// network! {
///     struct Head<Side: Size>([1, Side, Side]) -> [10] { MaxPool2d<2>, Flatten, Linear<10> }
/// }
///
/// fn new<Side: Size>(device: &Cpu) -> Head<Side>
/// where
///     Head<Side>: Fits,
/// {
///     Head::seeded(device, 42)
/// }
///
/// let net = new::<U8>(&Cpu::default());
/// assert_eq!(net.linear_1.weight.shape().1.size(), 16);
/// ```
pub use netwright_core::sizes;
pub use netwright_core::sizes::{Num, Size};
pub use netwright_core::spec::scalar::Scalar;
pub use netwright_core::{
    Apply, Backend, Error, Files, Float, Forward, GradientReport, Layer, Mode, Model, Result,
    Stream, Taped, check_gradients, data, dfdx, function, layers,
};
pub use netwright_core::{engine, files, summary, train, typenum, value};
pub use netwright_macros::{Layer, network};

/// What a program that declares, trains or runs a network needs.
pub mod prelude {
    pub use crate::{Layer, network};
    pub use netwright_core::dfdx::prelude::*;
    // dfdx's own trait, so that its optimizers can be stepped as well; the name is ours.
    pub use netwright_core::dfdx::optim::Optimizer as _;
    pub use netwright_core::sizes::{Num, Size};
    pub use netwright_core::spec::scalar::Scalar;
    pub use netwright_core::train::{
        Adagrad, Adam, AdamW, Adamax, BinaryCrossEntropy, BinaryFocal, CosineEmbedding,
        CrossEntropy, Ctc, Fit, Focal, Hinge, Huber, KlDivergence, Lamb, Lion, Loss, MeanAbsolute,
        MeanSquared, MultiMargin, NAdam, Nll, Optimizer, RmsProp, Sgd, Train, TripletMargin,
    };
    pub use netwright_core::{
        Apply, Backend, Files, Float, Forward, Mode, Model, StateDict, Taped,
    };
}

#[doc(hidden)]
pub mod __private {
    pub use netwright_core::private::*;
}
