//! `AvgPool2d`: the mean of each window.

use super::window::{self, Window};
use super::{Call, Flat, OnDevice};
use crate::backend::{Backend, Float};
use crate::error::Result;
use dfdx::prelude::*;

/// The sum over the taps, with zeros in the padding, times a constant for each place.
pub(super) fn forward<E: Float, D: Backend<E>>(call: &mut Call<'_, E, D>) -> Result<Flat<E, D>> {
    let window = Window::of_pool(call);
    let (batch, count) = (call.batch, window.input[0] * window.places());
    let taps = Window::gather(window.rows(call, E::default())?, table(&window))?;
    let taps = taps.try_reshape_like(&(count, window.taps(), batch)).on_device()?;
    let sum = taps.try_sum::<(usize, usize), Axis<1>>().on_device()?;
    let shares = shares::<E>(&window, call.node.flag("count_include_pad"));
    let shares = call.device.try_tensor_from_vec(shares, (count,)).on_device()?;
    let shares = shares.put_tape(OwnedTape::default());
    let shares = shares.try_broadcast_like::<_, Axis<1>>(&(count, batch)).on_device()?;
    window::samples(sum.try_mul(shares).on_device()?)
}

/// Rows in the order channel, place, tap.
fn table(window: &Window) -> Vec<usize> {
    let mut table = Vec::with_capacity(window.input[0] * window.places() * window.taps());
    for channel in 0..window.input[0] {
        for place in 0..window.places() {
            table.extend((0..window.taps()).map(|tap| window.row(channel, tap, place)));
        }
    }
    table
}

/// One divided by how many taps count, for each place of each channel: those in the image, or those
/// in the image and its padding. What hangs over the padding's end (`ceil_mode`) never counts.
fn shares<E: Float>(window: &Window, padding: bool) -> Vec<E> {
    let share = |place| E::of(1.0 / window.counted(place, padding).max(1) as f64);
    (0..window.input[0]).flat_map(|_| (0..window.places()).map(share)).collect()
}
