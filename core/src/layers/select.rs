//! `Select`: one element of one axis, which goes away.

use super::{Call, Flat, moves};
use crate::backend::{Backend, Float};
use crate::error::Result;

pub(super) fn forward<E: Float, D: Backend<E>>(call: &mut Call<'_, E, D>) -> Result<Flat<E, D>> {
    moves::forward(call)
}
