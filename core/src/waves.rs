//! What tells the steps of a sequence apart: in `PositionalEncoding`, rotary attention and streams.

/// The sines and cosines, row by row.
pub(crate) fn waves(time: usize, width: usize) -> impl Iterator<Item = f64> {
    (0..time * width).map(move |i| {
        let (step, column) = (i / width, i % width);
        let exponent = (column - column % 2) as f64 / width as f64;
        let angle = step as f64 / 10_000f64.powf(exponent);
        if column % 2 == 0 { angle.sin() } else { angle.cos() }
    })
}
