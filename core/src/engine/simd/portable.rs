//! The portable vector: the compiler makes of it what the target has.

use super::Lanes;

/// Four floats.
#[derive(Clone, Copy)]
pub(crate) struct Portable([f32; 4]);

/// An array of something for each lane. Written out, because a closure for each lane would cost
/// more compile time than all of the work.
macro_rules! each {
    (|$i:ident| $value:expr) => {
        [
            {
                const $i: usize = 0;
                $value
            },
            {
                const $i: usize = 1;
                $value
            },
            {
                const $i: usize = 2;
                $value
            },
            {
                const $i: usize = 3;
                $value
            },
        ]
    };
}

// SAFETY: plain Rust; the pointers are read and written as the trait says.
unsafe impl Lanes for Portable {
    const COUNT: usize = 4;
    const REGISTERS: usize = 8;
    #[inline(always)]
    unsafe fn splat(x: f32) -> Self {
        Portable([x; 4])
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller vouches for 4 floats.
        Portable(unsafe { from.cast::<[f32; 4]>().read_unaligned() })
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: the caller vouches for 4 floats.
        unsafe { to.cast::<[f32; 4]>().write_unaligned(self.0) }
    }
    #[inline(always)]
    unsafe fn mul_add(self, x: Self, y: Self) -> Self {
        Portable(each!(|I| self.0[I] * x.0[I] + y.0[I]))
    }
    #[inline(always)]
    unsafe fn add(self, x: Self) -> Self {
        Portable(each!(|I| self.0[I] + x.0[I]))
    }
    #[inline(always)]
    unsafe fn mul(self, x: Self) -> Self {
        Portable(each!(|I| self.0[I] * x.0[I]))
    }
    #[inline(always)]
    unsafe fn sub(self, x: Self) -> Self {
        Portable(each!(|I| self.0[I] - x.0[I]))
    }
    #[inline(always)]
    unsafe fn div(self, x: Self) -> Self {
        Portable(each!(|I| self.0[I] / x.0[I]))
    }
    #[inline(always)]
    unsafe fn at_least(self, low: Self) -> Self {
        Portable(each!(|I| if self.0[I] < low.0[I] { low.0[I] } else { self.0[I] }))
    }
    #[inline(always)]
    unsafe fn at_most(self, high: Self) -> Self {
        Portable(each!(|I| if self.0[I] > high.0[I] { high.0[I] } else { self.0[I] }))
    }
    #[inline(always)]
    unsafe fn if_less(self, x: Self, a: Self, b: Self) -> Self {
        Portable(each!(|I| if self.0[I] < x.0[I] { a.0[I] } else { b.0[I] }))
    }
    #[inline(always)]
    unsafe fn pow2(self) -> Self {
        Portable(each!(|I| f32::from_bits(((self.0[I] as i32 + 127) << 23) as u32)))
    }
    #[inline(always)]
    unsafe fn relu(self) -> Self {
        Portable(each!(|I| if self.0[I] <= 0.0 { 0.0 } else { self.0[I] }))
    }
    #[inline(always)]
    unsafe fn where_active(self, y: Self) -> Self {
        Portable(each!(|I| if y.0[I] <= 0.0 { 0.0 } else { self.0[I] }))
    }
    #[inline(always)]
    unsafe fn max_at(self, place: Self, x: Self, at: Self) -> (Self, Self) {
        let wins: [bool; 4] = each!(|I| x.0[I] > self.0[I] || x.0[I].is_nan());
        let pick = |a: Self, b: Self| Portable(each!(|I| if wins[I] { a.0[I] } else { b.0[I] }));
        (pick(x, self), pick(at, place))
    }
    #[inline(always)]
    unsafe fn store_bytes(self, to: *mut u8) {
        // SAFETY: the caller vouches for 4 bytes.
        unsafe { to.cast::<[u8; 4]>().write_unaligned(each!(|I| self.0[I] as u8)) }
    }
}
