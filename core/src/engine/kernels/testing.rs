//! What the kernels' tests share.

/// Lengths around those of all vectors, and more than a few of them.
pub(super) const LENGTHS: [usize; 17] =
    [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 48, 65, 257];

/// Repeatable numbers in −1 … 1.
pub(crate) fn numbers(len: usize, seed: u32) -> Vec<f32> {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(12_345);
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state as f32 / u32::MAX as f32 * 2.0 - 1.0
    };
    (0..len).map(|_| next()).collect()
}

/// Equal to rounding, relative to the largest; what is not finite must be the same.
pub(super) fn close(what: &str, got: &[f32], want: &[f32]) {
    assert_eq!(got.len(), want.len(), "{what}");
    let finite = want.iter().filter(|x| x.is_finite());
    let scale = finite.fold(1.0_f32, |most, x| most.max(x.abs()));
    for (i, (&got, &want)) in got.iter().zip(want).enumerate() {
        let same = match want.is_finite() {
            true => (got - want).abs() <= 1e-5 * scale,
            false => got == want || got.is_nan() && want.is_nan(),
        };
        assert!(same, "{what}: {got} for {want} at {i}");
    }
}
