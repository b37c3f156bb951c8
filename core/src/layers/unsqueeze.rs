//! `Unsqueeze`: a new axis of size 1.

use super::{Call, Flat};
use crate::backend::{Backend, Float};
use crate::error::Result;

/// Row-major order does not change, so there is nothing to do.
pub(super) fn forward<E: Float, D: Backend<E>>(call: &mut Call<'_, E, D>) -> Result<Flat<E, D>> {
    call.input()
}
