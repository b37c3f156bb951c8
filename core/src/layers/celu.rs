//! `Celu`: max(x, 0) + alpha · (exp(min(x, 0) / alpha) - 1).

use super::{Call, Flat, elu};
use crate::backend::{Backend, Float};
use crate::error::Result;

pub(super) fn forward<E: Float, D: Backend<E>>(call: &mut Call<'_, E, D>) -> Result<Flat<E, D>> {
    let alpha = call.node.number("alpha");
    elu::bend(call.input()?, [1.0, alpha, 1.0 / alpha])
}
