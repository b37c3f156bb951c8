//! Arithmetic of typenum's numbers that exists for all of them.
//!
//! typenum implements `Sub` only where the result is a number, and generic code has to name each
//! implementation it uses. Here every operation is an associated type of [`Size`] itself, and total:
//! like the functions of `netwright_spec::size` they stop at zero, and what must not happen is a
//! condition ([`AtMost`], [`Equal`], [`Divides`]) that `network!` demands beside it.
//!
//! A number is its binary digits, the lowest outside: `UInt<UInt<UTerm, B1>, B0>` is two. What is
//! computed walks along one number's digits and takes the other one apart by `Half` and `Low`.

use typenum::{B0, B1, Bit, U1, UInt, UTerm, Unsigned};

/// A size as a type: a number of typenum, `U32`.
///
/// It is the bound of a network's sizes: `struct Vgg<Side: Size>([3, Side, Side])`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a size",
    label = "expected a number of typenum",
    note = "a size as a type is a number such as `netwright::typenum::U32`"
)]
pub trait Size: Unsigned {
    #[doc(hidden)]
    type Half: Size;
    #[doc(hidden)]
    type Low: Digit;
    #[doc(hidden)]
    type IsZero: Digit;
    #[doc(hidden)]
    type Next: Size;
    /// `2 · self + D`.
    #[doc(hidden)]
    type Push<D: Digit>: Size;
    /// `self + R + C`.
    #[doc(hidden)]
    type Add<R: Size, C: Digit>: Size;
    /// `self - R - C`, where that is not below zero.
    #[doc(hidden)]
    type Sub<R: Size, C: Digit>: Size;
    /// `self < R`, or `Tie` if they are equal.
    #[doc(hidden)]
    type Below<R: Size, Tie: Digit>: Digit;
    #[doc(hidden)]
    type Mul<R: Size>: Size;
    /// `self / R` for an `R` that is not zero.
    #[doc(hidden)]
    type Div<R: Size>: Size;
    /// `self % R` for an `R` that is not zero.
    #[doc(hidden)]
    type Rem<R: Size>: Size;
}

/// A binary digit of a size, or whether something holds.
pub trait Digit: Bit + 'static {
    #[doc(hidden)]
    type If<A: Size, B: Size>: Size;
    #[doc(hidden)]
    type Choose<A: Digit, B: Digit>: Digit;
    /// `2 · U + self + 1`.
    #[doc(hidden)]
    type Next<U: Size>: Size;
    #[doc(hidden)]
    type Alone: Size;
}

impl Digit for B0 {
    type If<A: Size, B: Size> = B;
    type Choose<A: Digit, B: Digit> = B;
    type Next<U: Size> = UInt<U, B1>;
    type Alone = UTerm;
}

impl Digit for B1 {
    type If<A: Size, B: Size> = A;
    type Choose<A: Digit, B: Digit> = A;
    type Next<U: Size> = UInt<U::Next, B0>;
    type Alone = U1;
}

type If<C, A, B> = <C as Digit>::If<A, B>;
type Choose<C, A, B> = <C as Digit>::Choose<A, B>;
type Not<A> = Choose<A, B0, B1>;
type Xor<A, B> = Choose<A, Not<B>, B>;
/// What at least two of three are: the carry of a sum.
type Most<A, B, C> = Choose<A, Choose<B, B1, C>, Choose<B, C, B0>>;
type Push<N, D> = <N as Size>::Push<D>;

impl Size for UTerm {
    type Half = UTerm;
    type Low = B0;
    type IsZero = B1;
    type Next = U1;
    type Push<D: Digit> = D::Alone;
    type Add<R: Size, C: Digit> = If<C, R::Next, R>;
    type Sub<R: Size, C: Digit> = UTerm;
    type Below<R: Size, Tie: Digit> = Choose<R::IsZero, Tie, B1>;
    type Mul<R: Size> = UTerm;
    type Div<R: Size> = UTerm;
    type Rem<R: Size> = UTerm;
}

impl<U: Size, B: Digit> Size for UInt<U, B> {
    type Half = U;
    type Low = B;
    type IsZero = B0;
    type Next = B::Next<U>;
    type Push<D: Digit> = UInt<Self, D>;
    type Add<R: Size, C: Digit> = UInt<U::Add<R::Half, Most<B, R::Low, C>>, Xor<B, Xor<R::Low, C>>>;
    type Sub<R: Size, C: Digit> =
        Push<U::Sub<R::Half, Most<Not<B>, R::Low, C>>, Xor<B, Xor<R::Low, C>>>;
    type Below<R: Size, Tie: Digit> = U::Below<R::Half, Most<Not<B>, R::Low, Tie>>;
    type Mul<R: Size> = <If<B, R, UTerm> as Size>::Add<Push<U::Mul<R>, B0>, B0>;
    type Div<R: Size> = Push<U::Div<R>, AtMost<R, Push<U::Rem<R>, B>>>;
    type Rem<R: Size> = If<
        AtMost<R, Push<U::Rem<R>, B>>,
        <Push<U::Rem<R>, B> as Size>::Sub<R, B0>,
        Push<U::Rem<R>, B>,
    >;
}

/// Whether `A <= B`.
pub type AtMost<A, B> = <A as Size>::Below<B, B1>;

/// Whether `A == B`.
pub type Equal<A, B> = And<AtMost<A, B>, AtMost<B, A>>;

/// Whether `B` is a multiple of `A`; never of zero.
pub type Divides<A, B> = And<Not<<A as Size>::IsZero>, <<B as Size>::Rem<A> as Size>::IsZero>;

/// Whether both hold.
pub type And<A, B> = Choose<A, B, B0>;

/// Whether `B` holds, if `A` does.
pub type Implies<A, B> = Choose<A, B, B1>;

/// `A + B`.
pub type Sum<A, B> = <A as Size>::Add<B, B0>;

/// `A - B`, not below zero.
pub type Diff<A, B> = If<AtMost<B, A>, <A as Size>::Sub<B, B0>, UTerm>;

/// `A * B`.
pub type Prod<A, B> = <A as Size>::Mul<B>;

/// `A / B`, rounded down; zero for `B == 0`.
pub type Quot<A, B> = If<<B as Size>::IsZero, UTerm, <A as Size>::Div<B>>;

/// How far a window of `Kernel` taps reaches when they are `Dilation` apart.
pub type Reach<Kernel, Dilation> = Sum<Prod<Diff<Kernel, U1>, Dilation>, U1>;

/// How often a window that reaches `Reach` fits into `Input` in steps of `Stride`.
pub type Windows<Input, Reach, Stride> =
    If<Possible<Input, Reach, Stride>, Sum<Quot<Diff<Input, Reach>, Stride>, U1>, UTerm>;

/// As [`Windows`], but a last window that begins before `Limit` may hang over the end: `ceil_mode`.
pub type WindowsCeil<Input, Reach, Stride, Limit> = If<
    Possible<Input, Reach, Stride>,
    Sum<
        RoundedUp<Diff<Input, Reach>, Stride>,
        If<AtMost<Limit, Prod<RoundedUp<Diff<Input, Reach>, Stride>, Stride>>, UTerm, U1>,
    >,
    UTerm,
>;

type Possible<Input, Reach, Stride> = And<AtMost<Reach, Input>, Not<<Stride as Size>::IsZero>>;

type RoundedUp<A, B> = Quot<Sum<A, Diff<B, U1>>, B>;

#[cfg(test)]
mod tests {
    use super::*;
    use netwright_spec::size;
    use typenum::{U0, U2, U3, U4, U5, U6, U7, U8, U9, U10, U11, U12, U1024};

    /// All pairs of numbers, each compared with the functions for numbers.
    macro_rules! pairs {
        ([] $all:tt) => {};
        ([$a:ty $(, $rest:ty)*] [$($b:ty),*]) => {
            $(pair::<$a, $b>();)*
            pairs!([$($rest),*] [$($b),*]);
        };
    }

    fn pair<A: Size, B: Size>() {
        let (a, b) = (A::USIZE, B::USIZE);
        assert_eq!(Sum::<A, B>::USIZE, size::add(a, b), "{a} + {b}");
        assert_eq!(Diff::<A, B>::USIZE, size::sub(a, b), "{a} - {b}");
        assert_eq!(Prod::<A, B>::USIZE, size::mul(a, b), "{a} * {b}");
        assert_eq!(Quot::<A, B>::USIZE, size::div(a, b), "{a} / {b}");
        assert_eq!(Reach::<A, B>::USIZE, size::reach(a, b), "reach {a}, {b}");
        assert_eq!(AtMost::<A, B>::BOOL, a <= b, "{a} <= {b}");
        assert_eq!(Equal::<A, B>::BOOL, a == b, "{a} == {b}");
        assert_eq!(Divides::<A, B>::BOOL, size::divides(a, b), "{a} | {b}");
        windows::<A, B, U0>();
        windows::<A, B, U1>();
        windows::<A, B, U2>();
        windows::<A, B, U3>();
    }

    fn windows<A: Size, B: Size, S: Size>() {
        let (a, b, s) = (A::USIZE, B::USIZE, S::USIZE);
        assert_eq!(Windows::<A, B, S>::USIZE, size::windows(a, b, s), "{a}, {b}, {s}");
        assert_eq!(WindowsCeil::<A, B, S, A>::USIZE, size::windows_ceil(a, b, s, a));
        assert_eq!(WindowsCeil::<A, B, S, U5>::USIZE, size::windows_ceil(a, b, s, 5));
    }

    #[test]
    fn types_compute_as_numbers_do() {
        pairs!(
            [U0, U1, U2, U3, U4, U5, U6, U7, U8, U9, U10, U11, U12]
            [U0, U1, U2, U3, U4, U5, U6, U7, U8, U9, U10, U11, U12]
        );
        pair::<U1024, U7>();
        pair::<U1024, typenum::U1000>();
        pair::<Prod<U1024, U1024>, typenum::U999>();
        pair::<typenum::U65536, typenum::U100000>();
    }

    /// As many digits as a size can have stay within rustc's limit of recursion.
    #[test]
    fn large_sizes_compute_too() {
        type Large = Prod<Prod<U1024, U1024>, Prod<U1024, U1024>>;
        assert_eq!(Large::USIZE, 1 << 40);
        pair::<Large, U7>();
        pair::<U7, Large>();
        assert_eq!(Diff::<Sum<Large, U5>, Sum<Large, U3>>::USIZE, 2);
        assert_eq!(Quot::<crate::constant_size!(usize::MAX), U11>::USIZE, usize::MAX / 11);
    }

    /// The results are typenum's own types, without leading zeros.
    #[test]
    fn results_are_numbers_of_typenum() {
        fn same<A: 'static, B: 'static>() {
            assert_eq!(std::any::TypeId::of::<A>(), std::any::TypeId::of::<B>());
        }
        same::<Sum<U5, U7>, U12>();
        same::<Diff<U12, U11>, U1>();
        same::<Diff<U3, U12>, U0>();
        same::<Prod<U1024, U1000>, typenum::Prod<U1024, U1000>>();
        same::<Quot<U1024, U1000>, U1>();
        same::<Quot<U7, U8>, U0>();
        use typenum::U1000;
    }
}
