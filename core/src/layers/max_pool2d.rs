//! `MaxPool2d`: the largest value of each window.

use super::window::{self, Rows, Window};
use super::{Call, Flat, OnDevice};
use crate::backend::{Backend, Float};
use crate::error::Result;
use dfdx::prelude::*;

/// Tap after tap: the first of equal values stays, and so takes the whole gradient, as in PyTorch;
/// dfdx's maximum would give it to all of them, and would pass over NaN.
pub(super) fn forward<E: Float, D: Backend<E>>(call: &mut Call<'_, E, D>) -> Result<Flat<E, D>> {
    let window = Window::of_pool(call);
    let rows = window.rows(call, E::neg_infinity())?;
    let again = rows.retaped::<NoneTape>();
    let mut largest = Window::gather(rows, table(&window, 0))?;
    for tap in 1..window.taps() {
        let rows = again.retaped::<OwnedTape<E, D>>();
        largest = larger(largest, Window::gather(rows, table(&window, tap))?)?;
    }
    window::samples(largest)
}

/// `next` where it is larger or NaN.
pub(super) fn larger<E: Float, D: Backend<E>>(
    held: Rows<E, D>,
    next: Rows<E, D>,
) -> Result<Rows<E, D>> {
    let above = next.try_gt(&held).on_device()?;
    let nan = next.try_ne(&next).on_device()?;
    (above | nan).try_choose(next, held).on_device()
}

/// The rows of one tap, in the order channel, place.
fn table(window: &Window, tap: usize) -> Vec<usize> {
    let rows = |channel| (0..window.places()).map(move |place| window.row(channel, tap, place));
    (0..window.input[0]).flat_map(rows).collect()
}
