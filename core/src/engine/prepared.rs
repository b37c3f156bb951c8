//! What the steps make of the parameters, and how a prediction knows that it is still right.

use super::bridge::slice;
use super::plan::{Plan, Planned};
use super::simd::Floats;
use super::steps::Purpose;
use super::threads::share;
use crate::value::Array;
use dfdx::prelude::*;

/// Handles on parameters. Whoever changes a parameter while there is another handle on its memory
/// changes a copy of it: dfdx sees to that.
pub(crate) type Handles = Vec<Array<f32, Cpu>>;

/// Parameters in the layouts that the kernels read.
#[derive(Debug, Default)]
pub(super) struct Prepared {
    pub(super) floats: Floats,
    /// The parameters that were prepared for inference: while they are held, what lies at the same
    /// place has not changed.
    of: Handles,
    /// For chunks of so many samples, or fewer.
    samples: usize,
}

impl Prepared {
    /// Brings the parameters into the layouts the kernels read, unless they are. For inference they
    /// are held, by `handles`, until [`release`](Self::release) or until others come.
    pub(super) fn prepare(
        &mut self,
        plan: &Plan,
        params: &[&[f32]],
        purpose: Purpose,
        threads: usize,
        handles: &dyn Fn() -> Handles,
    ) {
        let held = purpose.inference && self.holds(params);
        if plan.prepared == 0 || (held && self.samples >= purpose.samples) {
            return;
        }
        self.floats.resize(plan.prepared);
        let mut rest = &mut self.floats[..];
        let mut at = 0;
        let wanted = |planned: &&Planned| !held || planned.step.prepares_by_samples();
        let steps = plan.steps.iter().filter(wanted).map(|planned| {
            let (offset, len) = (planned.prepared.offset, planned.prepared.len);
            let (part, behind) = std::mem::take(&mut rest)[offset - at..].split_at_mut(len);
            (rest, at) = (behind, offset + len);
            (planned, part)
        });
        // A thread more is worth some thousand floats.
        let threads = if plan.prepared < 1 << 14 { 1 } else { threads };
        share(steps, threads, &|(planned, part)| planned.step.prepare(params, part, purpose));
        if purpose.inference {
            if !held {
                self.of = handles();
            }
            self.samples = purpose.samples;
        }
    }

    /// Whether these very parameters were prepared.
    fn holds(&self, params: &[&[f32]]) -> bool {
        let same =
            |(param, held): (&&[f32], &Array<f32, Cpu>)| std::ptr::eq(*param, slice(&held.data));
        self.of.len() == params.len() && params.iter().zip(&self.of).all(same)
    }

    /// Lets go of the parameters, which are about to change: else that would make copies of them.
    pub(super) fn release(&mut self) {
        self.of.clear();
        self.samples = 0;
    }
}
