//! `Max`: the largest element along one axis.

use super::max_pool2d::larger;
use super::moves::{rows, selected};
use super::window::{Window, samples};
use super::{Call, Flat};
use crate::backend::{Backend, Float};
use crate::error::Result;
use dfdx::prelude::*;

/// Element after element: the first of equals stays, and so takes the whole gradient, as in PyTorch;
/// dfdx's maximum would give it to all of them, and would pass over NaN.
pub(super) fn forward<E: Float, D: Backend<E>>(call: &mut Call<'_, E, D>) -> Result<Flat<E, D>> {
    let (shape, axis) = (call.input_shape().to_vec(), call.node.size("axis"));
    let rows = rows(call)?;
    let again = rows.retaped::<NoneTape>();
    let mut largest = Window::gather(rows, selected(&shape, axis, 0))?;
    for i in 1..shape.get(axis).copied().unwrap_or(1) {
        let rows = again.retaped::<OwnedTape<E, D>>();
        largest = larger(largest, Window::gather(rows, selected(&shape, axis, i))?)?;
    }
    samples(largest)
}
