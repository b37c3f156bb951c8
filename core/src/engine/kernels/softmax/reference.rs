//! Slow and obvious: what the kernels must compute, in f64 from the definition.

use super::Block;

/// Calls `f` with the places of each line of some blocks.
fn lines(block: Block, len: usize, mut f: impl FnMut(&[usize])) {
    let Block { along, behind, .. } = block;
    for start in (0..len).step_by(along * behind) {
        for line in 0..behind {
            f(&(0..along).map(|i| start + i * behind + line).collect::<Vec<_>>());
        }
    }
}

pub(super) fn forward(block: Block, x: &[f32]) -> Vec<f32> {
    let mut y = vec![f32::NAN; x.len()];
    lines(block, x.len(), |line| {
        let x: Vec<f64> = line.iter().map(|&i| f64::from(x[i])).collect();
        let top = x.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = x.iter().map(|x| (x - top).exp()).sum();
        for (&i, x) in line.iter().zip(&x) {
            let value = if block.log { x - top - sum.ln() } else { (x - top).exp() / sum };
            y[i] = value as f32;
        }
    });
    y
}

pub(super) fn backward(block: Block, y: &[f32], dy: &[f32]) -> Vec<f32> {
    let mut dx = vec![f32::NAN; y.len()];
    lines(block, y.len(), |line| {
        let pairs = line.iter().map(|&i| (f64::from(y[i]), f64::from(dy[i])));
        let sum: f64 = pairs.clone().map(|(y, dy)| if block.log { dy } else { y * dy }).sum();
        for (&i, (y, dy)) in line.iter().zip(pairs) {
            let value = if block.log { dy - y.exp() * sum } else { y * (dy - sum) };
            dx[i] = value as f32;
        }
    });
    dx
}
