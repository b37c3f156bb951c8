//! A named constant as a size: its hexadecimal digits are const arguments, each of which has a type.

use super::Size;
use typenum::{B0, B1, UTerm};

/// The digit of this value, `0` to `15`.
pub struct HexDigits<const DIGIT: usize>;

/// What a digit does with the number in front of it.
pub trait HexDigit {
    /// `16 · N + self`.
    type After<N: Size>: Size;
}

macro_rules! hex_digits {
    ($($value:literal $a:ident $b:ident $c:ident $d:ident;)*) => {
        $(impl HexDigit for HexDigits<$value> {
            type After<N: Size> = Push<Push<Push<Push<N, $a>, $b>, $c>, $d>;
        })*
    };
}

type Push<N, D> = <N as Size>::Push<D>;

hex_digits! {
    0 B0 B0 B0 B0; 1 B0 B0 B0 B1; 2 B0 B0 B1 B0; 3 B0 B0 B1 B1;
    4 B0 B1 B0 B0; 5 B0 B1 B0 B1; 6 B0 B1 B1 B0; 7 B0 B1 B1 B1;
    8 B1 B0 B0 B0; 9 B1 B0 B0 B1; 10 B1 B0 B1 B0; 11 B1 B0 B1 B1;
    12 B1 B1 B0 B0; 13 B1 B1 B0 B1; 14 B1 B1 B1 B0; 15 B1 B1 B1 B1;
}

/// The digit of `size` that counts sixteen to the power of `place`.
pub const fn hex_digit(size: usize, place: u32) -> usize {
    match size.checked_shr(4 * place) {
        Some(shifted) => shifted % 16,
        None => 0,
    }
}

/// The size of a constant that is not generic: `constant_size!(WIDTH)`.
#[doc(hidden)]
#[macro_export]
macro_rules! constant_size {
    ($size:expr) => {
        $crate::constant_size!(@ $size; 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15)
    };
    (@ $size:expr;) => { $crate::sizes::Zero };
    (@ $size:expr; $place:literal $($rest:literal)*) => {
        <$crate::sizes::HexDigits<{ $crate::sizes::hex_digit($size, $place) }>
            as $crate::sizes::HexDigit>::After<$crate::constant_size!(@ $size; $($rest)*)>
    };
}

/// The number in front of all digits.
pub type Zero = UTerm;

#[cfg(test)]
mod tests {
    use typenum::{U0, U1000, U100000, Unsigned};

    fn same<A: 'static, B: 'static>() {
        assert_eq!(std::any::TypeId::of::<A>(), std::any::TypeId::of::<B>());
    }

    #[test]
    fn a_constant_becomes_the_number_of_its_value() {
        const WIDTH: usize = 1000;
        same::<constant_size!(WIDTH), U1000>();
        same::<constant_size!(100 * WIDTH), U100000>();
        same::<constant_size!(WIDTH - 1000), U0>();
        assert_eq!(<constant_size!(usize::MAX)>::USIZE, usize::MAX);
    }
}
