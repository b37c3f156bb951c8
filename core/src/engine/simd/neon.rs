//! The vector of AArch64, which every processor of that architecture has.

use super::Lanes;
use std::arch::aarch64::*;

// SAFETY: a few intrinsics each; the caller vouches for the floats.
unsafe impl Lanes for float32x4_t {
    const COUNT: usize = 4;
    const REGISTERS: usize = 32;
    #[inline(always)]
    unsafe fn splat(x: f32) -> Self {
        // SAFETY: see the impl.
        unsafe { vdupq_n_f32(x) }
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: see the impl.
        unsafe { vld1q_f32(from) }
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: see the impl.
        unsafe { vst1q_f32(to, self) }
    }
    #[inline(always)]
    unsafe fn mul_add(self, x: Self, y: Self) -> Self {
        // SAFETY: see the impl.
        unsafe { vfmaq_f32(y, self, x) }
    }
    #[inline(always)]
    unsafe fn add(self, x: Self) -> Self {
        // SAFETY: see the impl.
        unsafe { vaddq_f32(self, x) }
    }
    #[inline(always)]
    unsafe fn mul(self, x: Self) -> Self {
        // SAFETY: see the impl.
        unsafe { vmulq_f32(self, x) }
    }
    #[inline(always)]
    unsafe fn sub(self, x: Self) -> Self {
        // SAFETY: see the impl.
        unsafe { vsubq_f32(self, x) }
    }
    #[inline(always)]
    unsafe fn div(self, x: Self) -> Self {
        // SAFETY: see the impl.
        unsafe { vdivq_f32(self, x) }
    }
    #[inline(always)]
    unsafe fn at_least(self, low: Self) -> Self {
        // SAFETY: see the impl; with a NaN it is NaN.
        unsafe { vmaxq_f32(low, self) }
    }
    #[inline(always)]
    unsafe fn at_most(self, high: Self) -> Self {
        // SAFETY: see the impl; with a NaN it is NaN.
        unsafe { vminq_f32(high, self) }
    }
    #[inline(always)]
    unsafe fn if_less(self, x: Self, a: Self, b: Self) -> Self {
        // SAFETY: see the impl.
        unsafe { vbslq_f32(vcltq_f32(self, x), a, b) }
    }
    #[inline(always)]
    unsafe fn pow2(self) -> Self {
        // SAFETY: see the impl.
        unsafe {
            let biased = vaddq_s32(vcvtnq_s32_f32(self), vdupq_n_s32(127));
            vreinterpretq_f32_s32(vshlq_n_s32::<23>(biased))
        }
    }
    #[inline(always)]
    unsafe fn relu(self) -> Self {
        // SAFETY: see the impl; the maximum with a NaN is NaN.
        unsafe { vmaxq_f32(vdupq_n_f32(0.0), self) }
    }
    #[inline(always)]
    unsafe fn where_active(self, y: Self) -> Self {
        // SAFETY: see the impl.
        unsafe {
            let zero = vdupq_n_f32(0.0);
            vbslq_f32(vcleq_f32(y, zero), zero, self)
        }
    }
    #[inline(always)]
    unsafe fn max_at(self, place: Self, x: Self, at: Self) -> (Self, Self) {
        // SAFETY: see the impl.
        unsafe {
            let nan = vmvnq_u32(vceqq_f32(x, x));
            let wins = vorrq_u32(vcgtq_f32(x, self), nan);
            (vbslq_f32(wins, x, self), vbslq_f32(wins, at, place))
        }
    }
    #[inline(always)]
    unsafe fn store_bytes(self, to: *mut u8) {
        let mut lanes = [0.0_f32; 4];
        // SAFETY: see the impl; the caller vouches for 4 bytes.
        unsafe {
            vst1q_f32(lanes.as_mut_ptr(), self);
            to.cast::<[u8; 4]>().write_unaligned(lanes.map(|x| x as u8));
        }
    }
}
