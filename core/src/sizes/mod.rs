//! Sizes as types: what `struct Vgg<Side: Size>` computes with.
//!
//! A size is a number of `typenum` (`U32`); a tensor has it as the axis [`Num<U32>`](Num), beside
//! dfdx's `Const<32>`. [`Sum`], [`Diff`], [`Prod`] and [`Quot`] compute with sizes and give numbers
//! of typenum again. typenum's own operators exist for some pairs of numbers, so each use in generic
//! code needs a bound; these exist for all, so that `Side: Size` is the only one.
//!
//! ```
//! use netwright_core::dfdx::prelude::*;
//! use netwright_core::sizes::{Diff, Num, Quot, Size};
//! use netwright_core::typenum::{U15, U2, U32, Unsigned};
//!
//! let device = Cpu::default();
//! let image: Tensor<(Const<3>, Num<U32>, Num<U32>), f32, Cpu> = device.zeros();
//! let same = image.realize::<Rank3<3, 32, 32>>();
//! assert_eq!(same.shape().num_elements(), 3072);
//!
//! fn half<Side: Size>() -> usize {
//!     Quot::<Diff<Side, U2>, U2>::USIZE
//! }
//! assert_eq!(half::<U32>(), U15::USIZE);
//! ```

mod arithmetic;
mod constant;

pub use arithmetic::{
    And, AtMost, Diff, Digit, Divides, Equal, Implies, Prod, Quot, Reach, Size, Sum, Windows,
    WindowsCeil,
};
#[doc(hidden)]
pub use constant::{HexDigit, HexDigits, Zero, hex_digit};

use dfdx::prelude::{ConstDim, Dim};
use std::fmt;
use std::marker::PhantomData;

/// An axis of a size that is a type: `Num<U32>` is to `U32` what `Const<32>` is to `32`.
///
/// `realize` turns one into the other: `tensor.realize::<(Const<3>, Num<U32>, Num<U32>)>()`.
pub struct Num<N>(PhantomData<fn() -> N>);

impl<N> Clone for Num<N> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<N> Copy for Num<N> {}

impl<N> Default for Num<N> {
    fn default() -> Self {
        Num(PhantomData)
    }
}

impl<N> PartialEq for Num<N> {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl<N> Eq for Num<N> {}

impl<N: Size> fmt::Debug for Num<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Num<{}>", N::USIZE)
    }
}

impl<N: Size> Dim for Num<N> {
    fn size(&self) -> usize {
        N::USIZE
    }

    fn from_size(size: usize) -> Option<Self> {
        (size == N::USIZE).then(Num::default)
    }
}

impl<N: Size> ConstDim for Num<N> {
    const SIZE: usize = N::USIZE;
}

/// A network all of whose sizes fit together.
///
/// `network!` implements it for each network; of one that has sizes as type parameters, for the
/// numbers that every layer can work with. The constructors demand it, and so does a generic function that
/// makes such a network: `where Net<Side>: Fits`.
pub trait Fits {}

/// A number, where conditions are decided. In generic code there is none yet, and this one message
/// stands for all that could be said about each layer.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "it is not known whether every `{Self}` fits into this network",
    label = "demanded here",
    note = "generic code demands it in its turn: `where Net<{Self}>: netwright::sizes::Fits`"
)]
pub trait Concrete {
    /// The number itself.
    type Number: Size;
}

impl Concrete for typenum::UTerm {
    type Number = Self;
}

impl<U: Size, B: Digit> Concrete for typenum::UInt<U, B> {
    type Number = Self;
}

#[cfg(test)]
mod tests {
    use super::*;
    use dfdx::prelude::*;
    use typenum::{U2, U3};

    #[test]
    fn an_axis_has_the_number_as_its_size() {
        assert_eq!(Num::<U3>::SIZE, 3);
        assert_eq!(Num::<U3>::from_size(3), Some(Num::default()));
        assert_eq!(Num::<U3>::from_size(4), None);
        assert_eq!(format!("{:?}", Num::<U3>::default()), "Num<3>");
    }

    #[test]
    fn tensors_change_between_both_kinds_of_axes() {
        let device = Cpu::default();
        let typed: Tensor<(Num<U2>, Num<U3>), f32, Cpu> = device.ones();
        let constant: Tensor<Rank2<2, 3>, f32, Cpu> = typed.clone().realize();
        assert_eq!(constant.array(), [[1.0; 3]; 2]);
        assert!(typed.try_realize::<Rank2<3, 2>>().is_err());
    }
}
