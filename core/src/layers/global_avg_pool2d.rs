//! `GlobalAvgPool2d`: the mean of each channel.

use super::{Call, Flat, OnDevice};
use crate::backend::{Backend, Float};
use crate::error::Result;
use dfdx::prelude::*;

pub(super) fn forward<E: Float, D: Backend<E>>(call: &mut Call<'_, E, D>) -> Result<Flat<E, D>> {
    let places = call.input_shape().iter().skip(1).product::<usize>().max(1);
    let x = call.input()?;
    let shape = (x.shape().0 / places, places);
    x.try_reshape_like(&shape).on_device()?.try_mean::<(usize,), Axis<1>>().on_device()
}
