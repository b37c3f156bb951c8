//! `Sigmoid`: 1 / (1 + exp(-x)).

use super::{Call, Flat, OnDevice};
use crate::backend::{Backend, Float};
use crate::error::Result;

/// Far below zero the exponential is infinite and the quotient 0, so nothing needs care.
pub(super) fn forward<E: Float, D: Backend<E>>(call: &mut Call<'_, E, D>) -> Result<Flat<E, D>> {
    call.input()?.try_sigmoid().on_device()
}
