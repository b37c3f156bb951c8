//! The portable vector: the compiler makes of it what the target has.

use super::Lanes;
use std::array::from_fn;

/// Eight floats.
#[derive(Clone, Copy)]
pub(crate) struct Portable([f32; 4]);

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
        Portable(from_fn(|i| self.0[i] * x.0[i] + y.0[i]))
    }
    #[inline(always)]
    unsafe fn add(self, x: Self) -> Self {
        Portable(from_fn(|i| self.0[i] + x.0[i]))
    }
    #[inline(always)]
    unsafe fn mul(self, x: Self) -> Self {
        Portable(from_fn(|i| self.0[i] * x.0[i]))
    }
    #[inline(always)]
    unsafe fn sub(self, x: Self) -> Self {
        Portable(from_fn(|i| self.0[i] - x.0[i]))
    }
    #[inline(always)]
    unsafe fn div(self, x: Self) -> Self {
        Portable(from_fn(|i| self.0[i] / x.0[i]))
    }
    #[inline(always)]
    unsafe fn at_least(self, low: Self) -> Self {
        Portable(from_fn(|i| if self.0[i] < low.0[i] { low.0[i] } else { self.0[i] }))
    }
    #[inline(always)]
    unsafe fn at_most(self, high: Self) -> Self {
        Portable(from_fn(|i| if self.0[i] > high.0[i] { high.0[i] } else { self.0[i] }))
    }
    #[inline(always)]
    unsafe fn if_less(self, x: Self, a: Self, b: Self) -> Self {
        Portable(from_fn(|i| if self.0[i] < x.0[i] { a.0[i] } else { b.0[i] }))
    }
    #[inline(always)]
    unsafe fn pow2(self) -> Self {
        Portable(self.0.map(|x| f32::from_bits(((x as i32 + 127) << 23) as u32)))
    }
    #[inline(always)]
    unsafe fn relu(self) -> Self {
        Portable(self.0.map(|x| if x <= 0.0 { 0.0 } else { x }))
    }
    #[inline(always)]
    unsafe fn where_active(self, y: Self) -> Self {
        Portable(from_fn(|i| if y.0[i] <= 0.0 { 0.0 } else { self.0[i] }))
    }
    #[inline(always)]
    unsafe fn max_at(self, place: Self, x: Self, at: Self) -> (Self, Self) {
        let wins: [bool; 4] = from_fn(|i| x.0[i] > self.0[i] || x.0[i].is_nan());
        let pick = |a: Self, b: Self| Portable(from_fn(|i| if wins[i] { a.0[i] } else { b.0[i] }));
        (pick(x, self), pick(at, place))
    }
    #[inline(always)]
    unsafe fn store_bytes(self, to: *mut u8) {
        // SAFETY: the caller vouches for 4 bytes.
        unsafe { to.cast::<[u8; 4]>().write_unaligned(self.0.map(|x| x as u8)) }
    }
}
