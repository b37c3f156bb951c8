//! `Tanh`: the hyperbolic tangent.

use super::{Call, Flat, OnDevice};
use crate::backend::{Backend, Float};
use crate::error::Result;

pub(super) fn forward<E: Float, D: Backend<E>>(call: &mut Call<'_, E, D>) -> Result<Flat<E, D>> {
    call.input()?.try_tanh().on_device()
}
