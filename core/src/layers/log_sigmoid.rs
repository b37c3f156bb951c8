//! `LogSigmoid`: ln(sigmoid(x)) = -ln(1 + exp(-x)).

use super::softplus::{STRAIGHT, bend};
use super::{Call, Flat, OnDevice};
use crate::backend::{Backend, Float};
use crate::error::Result;

pub(super) fn forward<E: Float, D: Backend<E>>(call: &mut Call<'_, E, D>) -> Result<Flat<E, D>> {
    let minus = call.input()?.try_negate().on_device()?;
    bend(minus, E::one(), E::of(STRAIGHT))?.try_negate().on_device()
}
