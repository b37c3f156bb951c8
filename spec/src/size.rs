//! The arithmetic of sizes, as `const fn`s that neither overflow nor panic.
//!
//! The macro computes with them while it runs; where a size is a named constant whose value only
//! the compiler knows, the generated code calls the same functions in const evaluation. They
//! saturate, because there an overflow would be a second, less readable error beside ours.

/// `a + b`.
pub const fn add(a: usize, b: usize) -> usize {
    a.saturating_add(b)
}

/// `a - b`, not below zero.
pub const fn sub(a: usize, b: usize) -> usize {
    a.saturating_sub(b)
}

/// `a * b`.
pub const fn mul(a: usize, b: usize) -> usize {
    a.saturating_mul(b)
}

/// `a / b`, zero for `b == 0`.
pub const fn div(a: usize, b: usize) -> usize {
    match a.checked_div(b) {
        Some(quotient) => quotient,
        None => 0,
    }
}

/// Whether `a` is a multiple of `b` (never of zero).
pub const fn divides(b: usize, a: usize) -> bool {
    b != 0 && a.is_multiple_of(b)
}

/// How far a window of `kernel` taps reaches when its taps are `dilation` apart:
/// `dilation * (kernel - 1) + 1`.
pub const fn reach(kernel: usize, dilation: usize) -> usize {
    add(mul(dilation, sub(kernel, 1)), 1)
}

/// How often a window that reaches `reach` fits into `input` (padding included) in steps of
/// `stride`: `(input - reach) / stride + 1`, zero where it does not fit at all.
pub const fn windows(input: usize, reach: usize, stride: usize) -> usize {
    if input < reach || stride == 0 { 0 } else { add((input - reach) / stride, 1) }
}

/// As [`windows`], but a last window that begins before `start_limit` (the end of the input, in
/// front of the padding after it) counts even if it hangs over the end: PyTorch's `ceil_mode`.
/// PyTorch also takes an input that is smaller than the only window; here that is a mistake.
pub const fn windows_ceil(input: usize, reach: usize, stride: usize, start_limit: usize) -> usize {
    if input < reach || stride == 0 {
        return 0;
    }
    let count = add((input - reach).div_ceil(stride), 1);
    if mul(count - 1, stride) >= start_limit { count - 1 } else { count }
}

/// The product of all sizes; one for none.
pub const fn product(sizes: &[usize]) -> usize {
    let mut total = 1;
    let mut i = 0;
    while i < sizes.len() {
        total = mul(total, sizes[i]);
        i += 1;
    }
    total
}

/// The sum of all sizes.
pub const fn sum(sizes: &[usize]) -> usize {
    let mut total = 0;
    let mut i = 0;
    while i < sizes.len() {
        total = add(total, sizes[i]);
        i += 1;
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_follow_the_formula() {
        assert_eq!(windows(32, 3, 1), 30);
        assert_eq!(windows(15, 2, 2), 7);
        assert_eq!(windows(2, 3, 1), 0);
        assert_eq!(windows(3, 3, 0), 0);
        assert_eq!(reach(3, 2), 5);
        assert_eq!(windows_ceil(15, 2, 2, 15), 8);
        assert_eq!(windows_ceil(4, 2, 3, 4), 2);
        assert_eq!(windows_ceil(4, 1, 4, 4), 1);
    }

    #[test]
    fn nothing_overflows() {
        assert_eq!(mul(usize::MAX, 2), usize::MAX);
        assert_eq!(reach(0, 5), 1);
        assert_eq!(product(&[usize::MAX, usize::MAX]), usize::MAX);
        assert_eq!(windows(usize::MAX, 0, 1), usize::MAX);
        assert_eq!(windows_ceil(usize::MAX, 0, 1, usize::MAX), usize::MAX);
        assert_eq!(div(3, 0), 0);
        assert!(!divides(0, 3));
    }
}
