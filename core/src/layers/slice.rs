//! `Slice`: a range of one axis.

use super::{Call, Flat, moves};
use crate::backend::{Backend, Float};
use crate::error::Result;

pub(super) fn forward<E: Float, D: Backend<E>>(call: &mut Call<'_, E, D>) -> Result<Flat<E, D>> {
    moves::forward(call)
}
