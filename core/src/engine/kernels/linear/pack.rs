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
        let weight = &weight[at * STEPS..];
        let steps = packed.len() / width;
        let fours = if steps == STEPS { count - count % 4 } else { 0 };
        for o in (0..fours).step_by(4) {
            let from = &weight[o * inputs..][..3 * inputs + STEPS];
            let to = &mut packed[o..][..(STEPS - 1) * width + 4];
            for k in (0..STEPS).step_by(4) {
                // SAFETY: rows 0 … 3 hold `STEPS` floats from `from`, and as many rows of `width`
                // hold four each from `to`, as the slices' lengths say.
                unsafe {
                    square(from.as_ptr().add(k), inputs, to.as_mut_ptr().add(k * width), width);
                }
            }
        }
        for o in fours..count {
            let row = &weight[o * inputs..][..steps];
            for (to, &from) in packed[o..].iter_mut().step_by(width).zip(row) {
                *to = from;
            }
        }
    }
}

/// Transposes four rows of four floats.
///
/// # Safety
/// Four rows of four floats are at `from`, `stride` apart, and at `to`, `width` apart.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
unsafe fn square(from: *const f32, stride: usize, to: *mut f32, width: usize) {
    use std::arch::x86_64::*;
    // SAFETY: the caller vouches for the floats; every x86-64 has SSE.
    unsafe {
        let mut a = _mm_loadu_ps(from);
        let mut b = _mm_loadu_ps(from.add(stride));
        let mut c = _mm_loadu_ps(from.add(2 * stride));
        let mut d = _mm_loadu_ps(from.add(3 * stride));
        _MM_TRANSPOSE4_PS(&mut a, &mut b, &mut c, &mut d);
        _mm_storeu_ps(to, a);
        _mm_storeu_ps(to.add(width), b);
        _mm_storeu_ps(to.add(2 * width), c);
        _mm_storeu_ps(to.add(3 * width), d);
    }
}

/// Transposes four rows of four floats.
///
/// # Safety
/// Four rows of four floats are at `from`, `stride` apart, and at `to`, `width` apart.
#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
unsafe fn square(from: *const f32, stride: usize, to: *mut f32, width: usize) {
    for i in 0..4 {
        // SAFETY: the caller vouches for the floats.
        unsafe {
            let column = [0, 1, 2, 3].map(|row| *from.add(row * stride + i));
            to.add(i * width).cast::<[f32; 4]>().write_unaligned(column);
        }
    }
}
