//! `Selu`: an `Elu`, scaled so that mean 0 and variance 1 pass from layer to layer.

use super::{Call, Flat, elu};
use crate::backend::{Backend, Float};
use crate::error::Result;

/// Klambauer and others: Self-Normalizing Neural Networks, 2017, equation 14.
pub(crate) const SCALE: f64 = 1.050_700_987_355_480_5;
/// Minus the limit far below zero, without the scale.
pub(crate) const ALPHA: f64 = 1.673_263_242_354_377_2;

pub(super) fn forward<E: Float, D: Backend<E>>(call: &mut Call<'_, E, D>) -> Result<Flat<E, D>> {
    elu::bend(call.input()?, [SCALE, SCALE * ALPHA, 1.0])
}
