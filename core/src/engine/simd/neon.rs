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
        let mut lanes = [0_u8; 8];
        // SAFETY: see the impl; the caller vouches for 4 bytes.
        unsafe {
            let short = vmovn_u32(vcvtq_u32_f32(self));
            vst1_u8(lanes.as_mut_ptr(), vmovn_u16(vcombine_u16(short, short)));
            to.copy_from_nonoverlapping(lanes.as_ptr(), 4);
        }
    }
    // The trait's way calls `memcpy`, around which vectors do not stay in registers.
    #[inline(always)]
    unsafe fn load_first(from: *const f32, count: usize) -> Self {
        // SAFETY: see the impl; the other floats are not read.
        unsafe {
            let zero = vdup_n_f32(0.0);
            match count {
                0 => vcombine_f32(zero, zero),
                1 => vcombine_f32(vld1_lane_f32::<0>(from, zero), zero),
                2 => vcombine_f32(vld1_f32(from), zero),
                _ => vcombine_f32(vld1_f32(from), vld1_lane_f32::<0>(from.add(2), zero)),
            }
        }
    }
    #[inline(always)]
    unsafe fn store_first(self, to: *mut f32, count: usize) {
        // SAFETY: see the impl; the other floats are not written.
        unsafe {
            match count {
                0 => {}
                1 => vst1q_lane_f32::<0>(to, self),
                2 => vst1_f32(to, vget_low_f32(self)),
                _ => {
                    vst1_f32(to, vget_low_f32(self));
                    vst1q_lane_f32::<2>(to.add(2), self);
                }
            }
        }
    }
    #[inline(always)]
    unsafe fn transpose(from: *const f32, from_step: usize, to: *mut f32, to_step: usize) {
        // SAFETY: see the impl; the caller vouches for 4 × 4 floats at both.
        unsafe {
            let [a, b, c, d] = [0, 1, 2, 3].map(|row| vld1q_f32(from.add(row * from_step)));
            // Of two rows each: columns 0 and 2, and columns 1 and 3.
            let even = [vtrn1q_f32(a, b), vtrn1q_f32(c, d)].map(|x| vreinterpretq_f64_f32(x));
            let odd = [vtrn2q_f32(a, b), vtrn2q_f32(c, d)].map(|x| vreinterpretq_f64_f32(x));
            let write = |column, x| vst1q_f32(to.add(column * to_step), vreinterpretq_f32_f64(x));
            write(0, vtrn1q_f64(even[0], even[1]));
            write(1, vtrn1q_f64(odd[0], odd[1]));
            write(2, vtrn2q_f64(even[0], even[1]));
            write(3, vtrn2q_f64(odd[0], odd[1]));
        }
    }
    #[inline(always)]
    unsafe fn sum(self) -> f32 {
        // SAFETY: see the impl.
        unsafe { vpadds_f32(vget_low_f32(vpaddq_f32(self, self))) }
    }
    #[inline(always)]
    unsafe fn sums(four: [Self; 4]) -> [f32; 4] {
        let mut sums = [0.0; 4];
        // SAFETY: see the impl; there is room for four floats.
        unsafe {
            let all = vpaddq_f32(vpaddq_f32(four[0], four[1]), vpaddq_f32(four[2], four[3]));
            vst1q_f32(sums.as_mut_ptr(), all);
        }
        sums
    }
}
