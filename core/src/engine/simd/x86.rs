//! The vectors of x86-64: AVX2 with FMA, and AVX-512F.

use super::Lanes;
use std::arch::x86_64::*;

/// Lanes 8 − n … 16 − n are n times −1, then 0: a mask of the first n of 8.
static FIRST: [i32; 16] = [-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0];

/// The mask of the first `count` of eight lanes.
#[inline(always)]
unsafe fn first_of_8(count: usize) -> __m256i {
    // SAFETY: `count` is at most 8, and the caller has detected AVX2.
    unsafe { _mm256_loadu_si256(FIRST.as_ptr().add(8 - count).cast()) }
}

/// The sum of both halves.
#[inline(always)]
unsafe fn quarters(x: __m256) -> [f32; 4] {
    let mut sums = [0.0; 4];
    // SAFETY: there is room for four floats, and the caller has detected AVX2.
    unsafe {
        let sum = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps::<1>(x));
        _mm_storeu_ps(sums.as_mut_ptr(), sum);
    }
    sums
}

// SAFETY: a few intrinsics each; the caller has detected AVX2 and FMA and vouches for the floats.
unsafe impl Lanes for __m256 {
    const COUNT: usize = 8;
    const REGISTERS: usize = 16;
    #[inline(always)]
    unsafe fn splat(x: f32) -> Self {
        // SAFETY: see the impl.
        unsafe { _mm256_set1_ps(x) }
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: see the impl.
        unsafe { _mm256_loadu_ps(from) }
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: see the impl.
        unsafe { _mm256_storeu_ps(to, self) }
    }
    #[inline(always)]
    unsafe fn mul_add(self, x: Self, y: Self) -> Self {
        // SAFETY: see the impl.
        unsafe { _mm256_fmadd_ps(self, x, y) }
    }
    #[inline(always)]
    unsafe fn add(self, x: Self) -> Self {
        // SAFETY: see the impl.
        unsafe { _mm256_add_ps(self, x) }
    }
    #[inline(always)]
    unsafe fn mul(self, x: Self) -> Self {
        // SAFETY: see the impl.
        unsafe { _mm256_mul_ps(self, x) }
    }
    #[inline(always)]
    unsafe fn sub(self, x: Self) -> Self {
        // SAFETY: see the impl.
        unsafe { _mm256_sub_ps(self, x) }
    }
    #[inline(always)]
    unsafe fn div(self, x: Self) -> Self {
        // SAFETY: see the impl.
        unsafe { _mm256_div_ps(self, x) }
    }
    #[inline(always)]
    unsafe fn at_least(self, low: Self) -> Self {
        // SAFETY: see the impl; of an unordered pair the instruction gives the second.
        unsafe { _mm256_max_ps(low, self) }
    }
    #[inline(always)]
    unsafe fn at_most(self, high: Self) -> Self {
        // SAFETY: see the impl; of an unordered pair the instruction gives the second.
        unsafe { _mm256_min_ps(high, self) }
    }
    #[inline(always)]
    unsafe fn if_less(self, x: Self, a: Self, b: Self) -> Self {
        // SAFETY: see the impl.
        unsafe { _mm256_blendv_ps(b, a, _mm256_cmp_ps::<_CMP_LT_OQ>(self, x)) }
    }
    #[inline(always)]
    unsafe fn pow2(self) -> Self {
        // SAFETY: see the impl.
        unsafe {
            let biased = _mm256_add_epi32(_mm256_cvtps_epi32(self), _mm256_set1_epi32(127));
            _mm256_castsi256_ps(_mm256_slli_epi32::<23>(biased))
        }
    }
    #[inline(always)]
    unsafe fn relu(self) -> Self {
        // SAFETY: see the impl; of an unordered pair the instruction gives the second, a NaN.
        unsafe { _mm256_max_ps(_mm256_setzero_ps(), self) }
    }
    #[inline(always)]
    unsafe fn where_active(self, y: Self) -> Self {
        // SAFETY: see the impl.
        unsafe { _mm256_and_ps(_mm256_cmp_ps::<_CMP_NLE_UQ>(y, _mm256_setzero_ps()), self) }
    }
    #[inline(always)]
    unsafe fn max_at(self, place: Self, x: Self, at: Self) -> (Self, Self) {
        // SAFETY: see the impl.
        unsafe {
            let nan = _mm256_cmp_ps::<_CMP_UNORD_Q>(x, x);
            let wins = _mm256_or_ps(_mm256_cmp_ps::<_CMP_GT_OQ>(x, self), nan);
            (_mm256_blendv_ps(self, x, wins), _mm256_blendv_ps(place, at, wins))
        }
    }
    #[inline(always)]
    unsafe fn store_bytes(self, to: *mut u8) {
        // SAFETY: see the impl; the caller vouches for 8 bytes.
        unsafe {
            let whole = _mm256_cvtps_epi32(self);
            let (low, high) = (_mm256_castsi256_si128(whole), _mm256_extracti128_si256::<1>(whole));
            let short = _mm_packus_epi32(low, high);
            _mm_storel_epi64(to.cast(), _mm_packus_epi16(short, short));
        }
    }
    #[inline(always)]
    unsafe fn prefetch(at: *const f32) {
        // SAFETY: a hint, which never faults.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(at.cast()) }
    }
    #[inline(always)]
    unsafe fn load_apart(from: *const f32, step: usize) -> Self {
        // SAFETY: see the impl; what is read lies between the first and the last of the floats.
        unsafe {
            let at = |i: usize| *from.add(i * step);
            match step {
                1 => Self::load(from),
                2 => {
                    // Floats 0 ..= 7, and 7 ..= 14.
                    let (low, high) = (Self::load(from), Self::load(from.add(7)));
                    let halves = _mm256_castps_pd(_mm256_shuffle_ps::<0b11_01_10_00>(low, high));
                    _mm256_castpd_ps(_mm256_permute4x64_pd::<0b11_01_10_00>(halves))
                }
                4 => {
                    // Floats 0 ..= 7, 8 ..= 15, 16 ..= 23, and 21 ..= 28, of which none lies behind
                    // the last.
                    let (a, b) = (Self::load(from), Self::load(from.add(8)));
                    let (c, d) = (Self::load(from.add(16)), Self::load(from.add(21)));
                    let ab = _mm256_castps_pd(_mm256_unpacklo_ps(a, b));
                    let d = _mm256_permute_ps::<0b11>(d);
                    let cd = _mm256_castps_pd(_mm256_unpacklo_ps(c, d));
                    let all = _mm256_castpd_ps(_mm256_unpacklo_pd(ab, cd));
                    _mm256_permutevar8x32_ps(all, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7))
                }
                _ => _mm256_setr_ps(at(0), at(1), at(2), at(3), at(4), at(5), at(6), at(7)),
            }
        }
    }
    #[inline(always)]
    unsafe fn load_first(from: *const f32, count: usize) -> Self {
        // SAFETY: see the impl; the other floats are not read.
        unsafe { _mm256_maskload_ps(from, first_of_8(count)) }
    }
    #[inline(always)]
    unsafe fn store_first(self, to: *mut f32, count: usize) {
        // SAFETY: see the impl; the other floats are not written.
        unsafe { _mm256_maskstore_ps(to, first_of_8(count), self) }
    }
    #[inline(always)]
    unsafe fn transpose(from: *const f32, from_step: usize, to: *mut f32, to_step: usize) {
        // SAFETY: see the impl; the caller vouches for 8 × 8 floats at both.
        unsafe {
            // Lanes 0..4 of rows i and i + 4 side by side, and lanes 4..8.
            let half = |row: usize, first: usize| {
                let low = _mm_loadu_ps(from.add(row * from_step + first));
                let high = _mm_loadu_ps(from.add((row + 4) * from_step + first));
                _mm256_insertf128_ps::<1>(_mm256_castps128_ps256(low), high)
            };
            for first in [0, 4] {
                let [a, b, c, d] = [half(0, first), half(1, first), half(2, first), half(3, first)];
                let (ab, cd) = (_mm256_unpacklo_ps(a, b), _mm256_unpacklo_ps(c, d));
                let to = to.add(first * to_step);
                Self::store(_mm256_shuffle_ps::<0x44>(ab, cd), to);
                Self::store(_mm256_shuffle_ps::<0xee>(ab, cd), to.add(to_step));
                let (ab, cd) = (_mm256_unpackhi_ps(a, b), _mm256_unpackhi_ps(c, d));
                Self::store(_mm256_shuffle_ps::<0x44>(ab, cd), to.add(2 * to_step));
                Self::store(_mm256_shuffle_ps::<0xee>(ab, cd), to.add(3 * to_step));
            }
        }
    }
    #[inline(always)]
    unsafe fn sums(four: [Self; 4]) -> [f32; 4] {
        let [a, b, c, d] = four;
        // SAFETY: see the impl.
        unsafe {
            let ab = _mm256_add_ps(_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b));
            let cd = _mm256_add_ps(_mm256_unpacklo_ps(c, d), _mm256_unpackhi_ps(c, d));
            let (low, high) =
                (_mm256_shuffle_ps::<0x44>(ab, cd), _mm256_shuffle_ps::<0xee>(ab, cd));
            quarters(_mm256_add_ps(low, high))
        }
    }
}

/// The mask of the first `count` of sixteen lanes.
#[inline(always)]
fn first_of_16(count: usize) -> __mmask16 {
    ((1_u32 << count) - 1) as __mmask16
}

// SAFETY: a few intrinsics each; the caller has detected AVX-512F and vouches for the floats.
unsafe impl Lanes for __m512 {
    const COUNT: usize = 16;
    const REGISTERS: usize = 32;
    #[inline(always)]
    unsafe fn splat(x: f32) -> Self {
        // SAFETY: see the impl.
        unsafe { _mm512_set1_ps(x) }
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: see the impl.
        unsafe { _mm512_loadu_ps(from) }
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: see the impl.
        unsafe { _mm512_storeu_ps(to, self) }
    }
    #[inline(always)]
    unsafe fn mul_add(self, x: Self, y: Self) -> Self {
        // SAFETY: see the impl.
        unsafe { _mm512_fmadd_ps(self, x, y) }
    }
    #[inline(always)]
    unsafe fn add(self, x: Self) -> Self {
        // SAFETY: see the impl.
        unsafe { _mm512_add_ps(self, x) }
    }
    #[inline(always)]
    unsafe fn mul(self, x: Self) -> Self {
        // SAFETY: see the impl.
        unsafe { _mm512_mul_ps(self, x) }
    }
    #[inline(always)]
    unsafe fn sub(self, x: Self) -> Self {
        // SAFETY: see the impl.
        unsafe { _mm512_sub_ps(self, x) }
    }
    #[inline(always)]
    unsafe fn div(self, x: Self) -> Self {
        // SAFETY: see the impl.
        unsafe { _mm512_div_ps(self, x) }
    }
    #[inline(always)]
    unsafe fn at_least(self, low: Self) -> Self {
        // SAFETY: see the impl; of an unordered pair the instruction gives the second.
        unsafe { _mm512_max_ps(low, self) }
    }
    #[inline(always)]
    unsafe fn at_most(self, high: Self) -> Self {
        // SAFETY: see the impl; of an unordered pair the instruction gives the second.
        unsafe { _mm512_min_ps(high, self) }
    }
    #[inline(always)]
    unsafe fn if_less(self, x: Self, a: Self, b: Self) -> Self {
        // SAFETY: see the impl.
        unsafe { _mm512_mask_mov_ps(b, _mm512_cmp_ps_mask::<_CMP_LT_OQ>(self, x), a) }
    }
    #[inline(always)]
    unsafe fn pow2(self) -> Self {
        // SAFETY: see the impl.
        unsafe {
            let biased = _mm512_add_epi32(_mm512_cvtps_epi32(self), _mm512_set1_epi32(127));
            _mm512_castsi512_ps(_mm512_slli_epi32::<23>(biased))
        }
    }
    #[inline(always)]
    unsafe fn relu(self) -> Self {
        // SAFETY: see the impl; of an unordered pair the instruction gives the second, a NaN.
        unsafe { _mm512_max_ps(_mm512_setzero_ps(), self) }
    }
    #[inline(always)]
    unsafe fn where_active(self, y: Self) -> Self {
        // SAFETY: see the impl.
        unsafe {
            let active = _mm512_cmp_ps_mask::<_CMP_NLE_UQ>(y, _mm512_setzero_ps());
            _mm512_maskz_mov_ps(active, self)
        }
    }
    #[inline(always)]
    unsafe fn max_at(self, place: Self, x: Self, at: Self) -> (Self, Self) {
        // SAFETY: see the impl.
        unsafe {
            let nan = _mm512_cmp_ps_mask::<_CMP_UNORD_Q>(x, x);
            let wins = _mm512_cmp_ps_mask::<_CMP_GT_OQ>(x, self) | nan;
            (_mm512_mask_mov_ps(self, wins, x), _mm512_mask_mov_ps(place, wins, at))
        }
    }
    #[inline(always)]
    unsafe fn store_bytes(self, to: *mut u8) {
        // SAFETY: see the impl; the caller vouches for 16 bytes.
        unsafe { _mm_storeu_si128(to.cast(), _mm512_cvtepi32_epi8(_mm512_cvtps_epi32(self))) }
    }
    #[inline(always)]
    unsafe fn prefetch(at: *const f32) {
        // SAFETY: a hint, which never faults.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(at.cast()) }
    }
    #[inline(always)]
    unsafe fn load_apart(from: *const f32, step: usize) -> Self {
        // SAFETY: see the impl; a set with AVX-512F has AVX2.
        unsafe {
            let low = <__m256 as Lanes>::load_apart(from, step);
            let high = <__m256 as Lanes>::load_apart(from.add(8 * step), step);
            let low = _mm512_castpd256_pd512(_mm256_castps_pd(low));
            _mm512_castpd_ps(_mm512_insertf64x4::<1>(low, _mm256_castps_pd(high)))
        }
    }
    #[inline(always)]
    unsafe fn load_first(from: *const f32, count: usize) -> Self {
        // SAFETY: see the impl; the other floats are not read.
        unsafe { _mm512_maskz_loadu_ps(first_of_16(count), from) }
    }
    #[inline(always)]
    unsafe fn store_first(self, to: *mut f32, count: usize) {
        // SAFETY: see the impl; the other floats are not written.
        unsafe { _mm512_mask_storeu_ps(to, first_of_16(count), self) }
    }
    #[inline(always)]
    unsafe fn store_first_bytes(self, to: *mut u8, count: usize) {
        // SAFETY: see the impl; the other bytes are not written.
        unsafe {
            let whole = _mm512_cvtps_epi32(self);
            _mm512_mask_cvtepi32_storeu_epi8(to.cast(), first_of_16(count), whole);
        }
    }
    // A mask costs as much as none, so these need no branch.
    #[inline(always)]
    unsafe fn load_up_to(from: *const f32, count: usize) -> Self {
        // SAFETY: the caller vouches for `count` floats.
        unsafe { Self::load_first(from, count) }
    }
    #[inline(always)]
    unsafe fn store_up_to(self, to: *mut f32, count: usize) {
        // SAFETY: the caller vouches for `count` floats.
        unsafe { self.store_first(to, count) }
    }
    #[inline(always)]
    unsafe fn store_bytes_up_to(self, to: *mut u8, count: usize) {
        // SAFETY: the caller vouches for `count` bytes.
        unsafe { self.store_first_bytes(to, count) }
    }
    #[inline(always)]
    unsafe fn transpose(from: *const f32, from_step: usize, to: *mut f32, to_step: usize) {
        for (row, column) in [(0, 0), (0, 8), (8, 0), (8, 8)] {
            // SAFETY: see the impl; a set with AVX-512F has AVX2.
            unsafe {
                let from = from.add(row * from_step + column);
                __m256::transpose(from, from_step, to.add(column * to_step + row), to_step);
            }
        }
    }
    #[inline(always)]
    unsafe fn sums(four: [Self; 4]) -> [f32; 4] {
        let [a, b, c, d] = four;
        // SAFETY: see the impl.
        unsafe {
            let ab = _mm512_add_ps(_mm512_unpacklo_ps(a, b), _mm512_unpackhi_ps(a, b));
            let cd = _mm512_add_ps(_mm512_unpacklo_ps(c, d), _mm512_unpackhi_ps(c, d));
            let (low, high) =
                (_mm512_shuffle_ps::<0x44>(ab, cd), _mm512_shuffle_ps::<0xee>(ab, cd));
            let all = _mm512_add_ps(low, high);
            let upper = _mm512_extractf64x4_pd::<1>(_mm512_castps_pd(all));
            quarters(_mm256_add_ps(_mm512_castps512_ps256(all), _mm256_castpd_ps(upper)))
        }
    }
}
