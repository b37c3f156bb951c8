//! Floats of a narrower type than the network's. Each of their values is one of the wider type, too,
//! so nothing is rounded.

/// Whether each value of a file's type is one of the network's.
pub(super) fn is_exact(found: &str, float: &str) -> bool {
    matches!(
        (found, float),
        ("F16" | "BF16" | "F32", "F32") | ("F16" | "BF16" | "F32" | "F64", "F64")
    )
}

/// The bytes of the same numbers in the network's type, where [`is_exact`].
pub(super) fn widened(bytes: Vec<u8>, found: &str, float: &str) -> Vec<u8> {
    let bytes = match found {
        "F16" => each(&bytes, |x| f32_of_f16(u16::from_le_bytes(x)).to_le_bytes()),
        // The upper half of an `f32`.
        "BF16" => each(&bytes, |[low, high]| [0, 0, low, high]),
        _ => bytes,
    };
    match (found, float) {
        ("F16" | "BF16" | "F32", "F64") => {
            each(&bytes, |x| f64::from(f32::from_le_bytes(x)).to_le_bytes())
        }
        _ => bytes,
    }
}

fn each<const N: usize, const M: usize>(
    bytes: &[u8],
    wide: impl Fn([u8; N]) -> [u8; M],
) -> Vec<u8> {
    bytes.as_chunks().0.iter().flat_map(|&x| wide(x)).collect()
}

/// The bits of an `f32` with the value of an IEEE half: 5 bits of exponent (bias 15) instead of 8 (bias
/// 127), 10 of mantissa instead of 23.
fn f32_of_f16(half: u16) -> u32 {
    let sign = u32::from(half & 0x8000) << 16;
    let rest = u32::from(half & 0x7fff);
    let wide = rest << 13;
    let magnitude = match rest >> 10 {
        // Subnormal: so many times 2⁻²⁴, which `f32` has as a normal number.
        0 => (rest as f32 / (1 << 24) as f32).to_bits(),
        31 => wide | 0x7f80_0000, // infinite or NaN
        _ => wide + ((127 - 15) << 23),
    };
    sign | magnitude
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By the definition, slowly.
    fn slow(half: u16) -> f64 {
        let (exponent, mantissa) = (i32::from(half >> 10 & 31), f64::from(half & 0x3ff));
        let magnitude = match exponent {
            0 => mantissa / 1024.0 * 2f64.powi(-14),
            31 if mantissa == 0.0 => f64::INFINITY,
            31 => f64::NAN,
            _ => (1.0 + mantissa / 1024.0) * 2f64.powi(exponent - 15),
        };
        if half >> 15 == 1 { -magnitude } else { magnitude }
    }

    fn f32s(halves: &[u8], found: &str) -> Vec<f32> {
        let wide = widened(halves.to_vec(), found, "F32");
        wide.as_chunks().0.iter().map(|&x| f32::from_le_bytes(x)).collect()
    }

    fn f64s(halves: &[u8], found: &str) -> Vec<f64> {
        let wide = widened(halves.to_vec(), found, "F64");
        wide.as_chunks().0.iter().map(|&x| f64::from_le_bytes(x)).collect()
    }

    fn all_halves() -> Vec<u8> {
        (0..=u16::MAX).flat_map(u16::to_le_bytes).collect()
    }

    fn assert_same(found: &str, expected: impl Fn(u16) -> f64) {
        let halves = all_halves();
        let (singles, doubles) = (f32s(&halves, found), f64s(&halves, found));
        assert_eq!((singles.len(), doubles.len()), (1 << 16, 1 << 16));
        for half in 0..=u16::MAX {
            let (at, expected) = (usize::from(half), expected(half));
            if expected.is_nan() {
                assert!(singles[at].is_nan() && doubles[at].is_nan(), "{found} {half:04x}");
                assert_eq!(singles[at].is_sign_negative(), half >> 15 == 1, "{found} {half:04x}");
            } else {
                assert_eq!(
                    f64::from(singles[at]).to_bits(),
                    expected.to_bits(),
                    "{found} {half:04x}"
                );
                assert_eq!(doubles[at].to_bits(), expected.to_bits(), "{found} {half:04x}");
            }
        }
    }

    #[test]
    fn each_f16_is_what_the_definition_says() {
        assert_same("F16", slow);
    }

    #[test]
    fn each_bf16_is_what_the_definition_says() {
        assert_same("BF16", |half| {
            let (exponent, mantissa) = (i32::from(half >> 7 & 255), f64::from(half & 127));
            let magnitude = match exponent {
                0 => mantissa / 128.0 * 2f64.powi(-126),
                255 if mantissa == 0.0 => f64::INFINITY,
                255 => f64::NAN,
                _ => (1.0 + mantissa / 128.0) * 2f64.powi(exponent - 127),
            };
            if half >> 15 == 1 { -magnitude } else { magnitude }
        });
    }

    /// What stands behind a NaN's sign is kept, too.
    #[test]
    fn a_nan_keeps_its_bits() {
        assert_eq!(f32_of_f16(0x7e01), 0x7fc0_2000);
        assert_eq!(f32_of_f16(0xfc01), 0xff80_2000);
    }

    #[test]
    fn f32_becomes_f64() {
        let numbers = [0.1f32, -0.0, 1e-45, f32::MAX, f32::NEG_INFINITY];
        let bytes: Vec<u8> = numbers.iter().flat_map(|x| x.to_le_bytes()).collect();
        assert_eq!(f64s(&bytes, "F32"), numbers.map(f64::from));
        assert_eq!(f32s(&bytes, "F32"), numbers);
    }
}
