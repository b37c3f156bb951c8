//! `AvgPool2d`: the mean of each window.

use super::window::{self, Rows, Window};
use super::{Call, Flat, OnDevice};
use crate::backend::{Backend, Float};
use crate::error::Result;
use dfdx::prelude::*;

pub(super) fn forward<E: Float, D: Backend<E>>(call: &mut Call<'_, E, D>) -> Result<Flat<E, D>> {
    let window = Window::of_pool(call);
    let rows = window.rows(call, E::default())?;
    let shares = shares::<E>(&window, call.node.flag("count_include_pad"));
    means(call, rows, table(&window), shares)
}

/// The sum over the taps, equally many for each place, with zeros in the padding, times a constant
/// for each place.
pub(super) fn means<E: Float, D: Backend<E>>(
    call: &Call<'_, E, D>,
    rows: Rows<E, D>,
    table: Vec<usize>,
    shares: Vec<E>,
) -> Result<Flat<E, D>> {
    let (batch, count) = (call.batch, shares.len());
    let taps = (count, table.len() / count.max(1), batch);
    let taps = Window::gather(rows, table)?.try_reshape_like(&taps).on_device()?;
    let sum = taps.try_sum::<(usize, usize), Axis<1>>().on_device()?;
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
