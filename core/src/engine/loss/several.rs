//! Losses of several outputs: row by row along their last axes.

use super::super::chunk::Found;
use super::{Rows, positive};
use crate::train::{COSINE_EPS, TRIPLET_EPS};
use std::ops::Range;

/// Of rows, which are in one direction where the sign is 1.
pub(super) fn cosine(
    job: Rows,
    margin: f32,
    [a, b]: [Range<usize>; 2],
    sign: impl Fn(usize) -> f32,
    values: &[f32],
    gradients: &mut [f32],
) -> Found {
    let Rows { size, share } = job;
    let mut found = Found::default();
    let rows = values[a.clone()].chunks_exact(size).zip(values[b.clone()].chunks_exact(size));
    for (row, (x, y)) in rows.enumerate() {
        let dot = |x: &[f32], y: &[f32]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f32>();
        let [xx, yy] = [x, y].map(|x| dot(x, x) + COSINE_EPS as f32);
        let lengths = (xx * yy).sqrt();
        let cosine = dot(x, y) / lengths;
        let (loss, slope) = match sign(row) > 0.0 {
            true => (1.0 - cosine, -1.0),
            false => positive(cosine - margin, false),
        };
        found.loss += f64::from(loss);
        let by = |x: f32, y: f32, xx: f32| share * slope * (y / lengths - cosine * x / xx);
        let places = [&a, &b].map(|place| place.start + row * size);
        for (i, (&x, &y)) in x.iter().zip(y).enumerate() {
            gradients[places[0] + i] = by(x, y, xx);
            gradients[places[1] + i] = by(y, x, yy);
        }
    }
    found
}

/// Of rows of an anchor, one of its kind and another one.
pub(super) fn triplet(
    job: Rows,
    margin: f32,
    places: [Range<usize>; 3],
    values: &[f32],
    gradients: &mut [f32],
) -> Found {
    let Rows { size, share } = job;
    let mut found = Found::default();
    for row in 0..places[0].len() / size {
        let at = [0, 1, 2].map(|i| places[i].start + row * size);
        let [a, near, far] = at.map(|at| &values[at..at + size]);
        let (near_by, far_by) = (distance(a, near), distance(a, far));
        let (loss, slope) = positive(near_by - far_by + margin, false);
        found.loss += f64::from(loss);
        let by = |a: f32, b: f32, distance: f32| match distance > 0.0 {
            true => share * slope * ((a - b + TRIPLET_EPS as f32) / distance),
            false => 0.0,
        };
        for i in 0..size {
            let (to, from) = (by(a[i], near[i], near_by), by(a[i], far[i], far_by));
            gradients[at[0] + i] = to - from;
            gradients[at[1] + i] = -to;
            gradients[at[2] + i] = from;
        }
    }
    found
}

fn distance(a: &[f32], b: &[f32]) -> f32 {
    let square = |(a, b): (&f32, &f32)| (a - b + TRIPLET_EPS as f32).powi(2);
    a.iter().zip(b).map(square).sum::<f32>().sqrt()
}
