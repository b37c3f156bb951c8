//! Slow and obvious: what the kernels must compute, in f64 from the definition, one channel's
//! column at a time.

/// The numbers of a channel.
pub(super) fn column(of: &[f32], channel: usize, channels: usize) -> Vec<f64> {
    of.iter().skip(channel).step_by(channels).map(|x| f64::from(*x)).collect()
}

/// The sum, and the sum of squares of the differences from the mean.
pub(super) fn moments(x: &[f64]) -> [f64; 2] {
    let (n, sum) = (x.len() as f64, x.iter().sum::<f64>());
    [sum, x.iter().map(|x| (x - sum / n).powi(2)).sum()]
}

/// Whether the gradient passes the ReLU that gave `y`.
fn active(y: f64) -> bool {
    y > 0.0 || y.is_nan()
}

/// The sums of dy and of dy · (x - mean), without those that a ReLU made 0.
pub(super) fn gradient_sums(x: &[f64], dy: &[f64], y: Option<&[f64]>, mean: f64) -> [f64; 2] {
    let mut sums = [0.0; 2];
    for i in (0..x.len()).filter(|&i| y.is_none_or(|y| active(y[i]))) {
        sums = [sums[0] + dy[i], sums[1] + dy[i] * (x[i] - mean)];
    }
    sums
}

/// (x + negative mean) · scale + shift, with what skips it, behind the ReLU.
pub(super) fn normalized(
    x: f64,
    skip: Option<f64>,
    [negative_mean, scale, shift]: [f64; 3],
    relu: bool,
) -> f64 {
    let sum = (x + negative_mean) * scale + shift + skip.unwrap_or(0.0);
    if relu && sum <= 0.0 { 0.0 } else { sum }
}

/// dy · a + (x + negative mean) · b + c.
pub(super) fn gradient(
    x: Option<f64>,
    dy: f64,
    y: Option<f64>,
    [negative_mean, a, b, c]: [f64; 4],
) -> f64 {
    let dy = if y.is_none_or(active) { dy } else { 0.0 };
    dy * a + x.map_or(0.0, |x| (x + negative_mean) * b) + c
}
