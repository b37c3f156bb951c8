//! `Relu6`: min(max(x, 0), 6).

use super::pointwise::filled;
use super::{Call, Flat, OnDevice};
use crate::backend::{Backend, Float};
use crate::error::Result;
use dfdx::prelude::*;

/// No gradient at either bend, but one at NaN, as in PyTorch.
pub(super) fn forward<E: Float, D: Backend<E>>(call: &mut Call<'_, E, D>) -> Result<Flat<E, D>> {
    let six = E::of(6.0);
    let x = call.input()?;
    let (low, high) = (x.try_le(E::default()).on_device()?, x.try_ge(six).on_device()?);
    let [zeros, sixes] = [filled(&x, E::default())?, filled(&x, six)?];
    let capped = high.try_choose(sixes.put_tape(OwnedTape::default()), x).on_device()?;
    low.try_choose(zeros.put_tape(OwnedTape::default()), capped).on_device()
}
