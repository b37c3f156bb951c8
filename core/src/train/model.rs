//! Training in one line.

use super::history::{Evaluation, History};
use super::loss::Loss;
use super::optim::Optimizer;
use super::predict::Inputs;
use super::settings::Fit;
use crate::backend::{Backend, Float};
use crate::data::{Batch, Column, Samples};
use crate::engine::PlanReport;
use crate::error::{Error, Result};
use crate::model::Model;
use crate::stream::Stream;
use crate::summary::Summary;

/// What every network can do as a whole.
pub trait Train<E: Float, D: Backend<E>>: Model<E, D> {
    /// Trains the network: `net.fit(&train, Fit::new(CrossEntropy, Adam::default()).epochs(5))?`.
    ///
    /// The same network, data, settings and seed give the same bits.
    ///
    /// # Errors
    /// [`Error::Setting`] for settings that make no sense; [`Error::Data`] if there are no
    /// samples, or their shapes or kinds are not the network's or the loss's; [`Error::Label`]
    /// for a label that is no class; [`Error::NotFinite`] for a loss or gradient that is not
    /// finite; [`Error::Layer`] from a layer, such as batch normalization in a last batch of one
    /// sample: take another batch size then. The network is as it was before the step that failed.
    fn fit<L: Loss<E, D>, O: Optimizer<E, D>>(
        &mut self,
        data: &dyn Samples,
        mut fit: Fit<'_, L, O>,
    ) -> Result<History>
    where
        Self: Sized,
    {
        D::fit(self, data, &fit.loss, &mut fit.optimizer, &fit.settings)
    }

    /// One step of [`Train::fit`], for a loop of your own: learns from one batch, and gives its loss
    /// and accuracy before that. The optimizer is lent, so that it remembers the steps before:
    /// `net.step(&batch, CrossEntropy, &mut adam)?`.
    ///
    /// # Errors
    /// As [`Train::fit`]; the network is then as it was. A wrong label is named by its row in the
    /// batch.
    ///
    /// ```
    /// # use netwright_core::{Backend, Float, Model, Result};
    /// use netwright_core::data::Dataset;
    /// use netwright_core::train::{Adam, CrossEntropy, Train};
    ///
    /// fn epoch<E: Float, D: Backend<E>>(net: &mut impl Model<E, D>, data: &Dataset) -> Result<()> {
    ///     let mut adam = Adam::default();
    ///     for batch in data.batches(32)?.shuffled(42, 1) {
    ///         let trained = net.step(&batch?, CrossEntropy, &mut adam)?;
    ///         println!("loss {:.4}", trained.loss);
    ///     }
    ///     Ok(())
    /// }
    /// ```
    fn step<L: Loss<E, D>, O: Optimizer<E, D> + ?Sized>(
        &mut self,
        batch: &Batch,
        loss: L,
        mut optimizer: &mut O,
    ) -> Result<Evaluation>
    where
        Self: Sized,
    {
        D::step(self, batch, &loss, &mut optimizer)
    }

    /// Loss and accuracy of all samples, in the inference form and in batches of 256.
    ///
    /// # Errors
    /// As [`Train::fit`].
    fn evaluate<L: Loss<E, D>>(&self, data: &dyn Samples, loss: L) -> Result<Evaluation>
    where
        Self: Sized,
    {
        D::evaluate(self, data, &loss)
    }

    /// The output for each sample, in the inference form and in batches of 256.
    ///
    /// # Errors
    /// [`Error::Data`] if there are no samples, their shape is not the network's, or the network
    /// has several outputs: see [`Train::predict_all`].
    fn predict(&self, inputs: &(impl Inputs + ?Sized)) -> Result<Column>
    where
        Self: Sized,
    {
        let mut outputs = self.predict_all(inputs)?;
        match (outputs.pop(), outputs.is_empty()) {
            (Some(output), true) => Ok(output),
            _ => Err(Error::Data(format!(
                "`{}` has {} outputs; `predict_all` gives them all",
                self.graph().name,
                self.graph().outputs.len()
            ))),
        }
    }

    /// Every output for each sample, one column for each.
    ///
    /// # Errors
    /// [`Error::Data`] if there are no samples, or their shape is not the network's.
    fn predict_all(&self, inputs: &(impl Inputs + ?Sized)) -> Result<Vec<Column>>
    where
        Self: Sized,
    {
        let mut outputs = Vec::new();
        self.predict_into(inputs, &mut outputs)?;
        Ok(outputs)
    }

    /// As [`Train::predict_all`], but overwrites columns of before, whose memory it uses again: in
    /// `f32` on the CPU, the second prediction of so many samples allocates nothing.
    ///
    /// # Errors
    /// As [`Train::predict_all`]; what the columns hold is then not to be relied on.
    ///
    /// ```
    /// # use netwright_core::{Backend, Float, Model, Result};
    /// use netwright_core::data::Column;
    /// use netwright_core::train::Train;
    ///
    /// fn watch<E: Float, D: Backend<E>>(net: &impl Model<E, D>, frames: &[Column]) -> Result<()> {
    ///     let mut outputs = Vec::new();
    ///     for frame in frames {
    ///         net.predict_into(frame, &mut outputs)?;
    ///         println!("{:?}", outputs[0].as_floats());
    ///     }
    ///     Ok(())
    /// }
    /// ```
    fn predict_into(&self, inputs: &(impl Inputs + ?Sized), outputs: &mut Vec<Column>) -> Result<()>
    where
        Self: Sized,
    {
        D::predict(self, inputs.columns(), outputs)
    }

    /// The network one step at a time: each step gives what the whole sequence would give for it, at the
    /// cost of one step. A network is along time where the first axis of each of its inputs is
    /// time, and each layer gives a step from that step and those before it: recurrent layers in
    /// one direction, causal attention, positional encodings, and all layers that treat each step for
    /// itself. [`Train::stream_with`] takes inputs without time.
    ///
    /// # Errors
    /// [`Error::Layer`] names the first layer that mixes steps in another way, such as `Flatten`, a
    /// mean over time or a second direction; [`Error::Data`] an input without time.
    ///
    /// ```
    /// # use netwright_core::{Backend, Float, Model, Result};
    /// use netwright_core::data::Column;
    /// use netwright_core::train::Train;
    ///
    /// fn watch<E: Float, D: Backend<E>>(net: &impl Model<E, D>, steps: &[Column]) -> Result<()> {
    ///     let mut stream = net.stream()?;
    ///     for step in steps {
    ///         println!("{:?}", stream.push(step)?.as_floats());
    ///     }
    ///     stream.reset(); // another sequence begins
    ///     Ok(())
    /// }
    /// ```
    fn stream(&self) -> Result<Stream<E, D>> {
        Stream::of(self, &[])
    }

    /// [`Train::stream`] for a network of several inputs, some of which are the same for all steps: a
    /// memory to look at, an image to describe, lengths. They are given whole and by name, one sample
    /// for each sequence, and each step takes the inputs that remain. All that depends on nothing else
    /// is made at once and kept: an encoder, the keys and values of its memory, first states of
    /// recurrent layers.
    ///
    /// # Errors
    /// As [`Train::stream`], and [`Error::Data`] if there is no input of a name, its column is not of
    /// the input's kind and shape, or not all have the same number of sequences; [`Error::Layer`] for
    /// a length of 0 or beyond the steps.
    ///
    /// ```
    /// # use netwright_core::{Backend, Float, Model, Result};
    /// use netwright_core::data::Column;
    /// use netwright_core::train::Train;
    ///
    /// /// What a network with the inputs `text` and `said` says about a text, word by word.
    /// fn say<E: Float, D: Backend<E>>(net: &impl Model<E, D>, text: &Column) -> Result<Vec<usize>> {
    ///     let (mut stream, mut words) = (net.stream_with(&[("text", text)])?, vec![0]);
    ///     while words.len() < 20 {
    ///         let scores = stream.push(&Column::labels(vec![words[words.len() - 1]]))?;
    ///         let scores = scores.as_floats().unwrap_or(&[]);
    ///         let best = (0..scores.len()).max_by(|&a, &b| scores[a].total_cmp(&scores[b]));
    ///         words.push(best.unwrap_or(0));
    ///     }
    ///     Ok(words)
    /// }
    /// ```
    fn stream_with(&self, given: &[(&str, &Column)]) -> Result<Stream<E, D>> {
        Stream::of(self, given)
    }

    /// How the network runs on its device: fused steps of the engine on the CPU in `f32`, node by
    /// node elsewhere.
    fn plan(&self) -> PlanReport {
        D::plan(self.graph())
    }

    /// The network as a table: its layers, their output shapes and parameters.
    fn summary(&self) -> Summary {
        Summary::of(self.graph())
    }
}

impl<E: Float, D: Backend<E>, M: Model<E, D>> Train<E, D> for M {}
