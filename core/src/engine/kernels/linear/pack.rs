//! Weights [outputs, inputs] packed as the right operand of a product: transposed.

/// Inputs that are packed at a time: a cache line of each row.
const STEPS: usize = 16;

/// Packs a block of outputs: `packed` becomes [inputs][width], 0 after the rows of `weight`.
pub(super) fn block(inputs: usize, weight: &[f32], width: usize, packed: &mut [f32]) {
    let count = weight.len() / inputs;
    if count < width {
        packed.fill(0.0);
    }
    for (at, packed) in packed.chunks_mut(STEPS * width).enumerate() {
        let steps = packed.len() / width;
        let row = |o: usize| &weight[o * inputs + at * STEPS..][..steps];
        let fours = if steps == STEPS { count - count % 4 } else { 0 };
        for o in (0..fours).step_by(4) {
            let rows = [row(o), row(o + 1), row(o + 2), row(o + 3)];
            for k in (0..STEPS).step_by(4) {
                let square = square(rows.map(|row| four(&row[k..])));
                for (i, four) in square.iter().enumerate() {
                    packed[(k + i) * width + o..][..4].copy_from_slice(four);
                }
            }
        }
        for o in fours..count {
            for (to, &from) in packed[o..].iter_mut().step_by(width).zip(row(o)) {
                *to = from;
            }
        }
    }
}

#[inline(always)]
fn four(from: &[f32]) -> [f32; 4] {
    [from[0], from[1], from[2], from[3]]
}

/// Transposes; the compiler makes shuffles of it.
#[inline(always)]
fn square([a, b, c, d]: [[f32; 4]; 4]) -> [[f32; 4]; 4] {
    [
        [a[0], b[0], c[0], d[0]],
        [a[1], b[1], c[1], d[1]],
        [a[2], b[2], c[2], d[2]],
        [a[3], b[3], c[3], d[3]],
    ]
}
