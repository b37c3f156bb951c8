//! Vectors of floats, and the choice of the instruction set when the program runs.
//!
//! A kernel is written once, generic over [`Lanes`], and compiled once for each instruction set by
//! [`kernel!`]. All kernels give the same results to rounding on all of them; on one machine the
//! choice never changes, so results are the same bits from run to run.

/// A vector of floats.
///
/// # Safety
/// Every method needs the instruction set of its implementation: they are only called inside
/// functions that [`kernel!`] makes, behind the detection of that set.
pub(crate) unsafe trait Lanes: Copy {
    /// How many floats.
    const COUNT: usize;
    /// The same float in every lane.
    unsafe fn splat(x: f32) -> Self;
    /// Reads `COUNT` floats; `from` needs no alignment.
    unsafe fn load(from: *const f32) -> Self;
    /// Writes `COUNT` floats; `to` needs no alignment.
    unsafe fn store(self, to: *mut f32);
    /// `self · x + y`, rounded once where the set has it.
    unsafe fn mul_add(self, x: Self, y: Self) -> Self;
    /// `self + x`
    unsafe fn add(self, x: Self) -> Self;
    /// `self · x`
    unsafe fn mul(self, x: Self) -> Self;
    /// The sum of all lanes, in a fixed order.
    unsafe fn sum(self) -> f32 {
        let mut lanes = [0.0; 16];
        // SAFETY: `COUNT` is at most 16.
        unsafe { self.store(lanes.as_mut_ptr()) };
        lanes[..Self::COUNT].iter().sum()
    }
}

/// The portable vector: the compiler makes of it what the target has.
#[derive(Clone, Copy)]
pub(crate) struct Portable([f32; 8]);

// SAFETY: plain Rust; the pointers are read and written as the trait says.
unsafe impl Lanes for Portable {
    const COUNT: usize = 8;
    #[inline(always)]
    unsafe fn splat(x: f32) -> Self {
        Portable([x; 8])
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller vouches for 8 floats.
        Portable(unsafe { from.cast::<[f32; 8]>().read_unaligned() })
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: the caller vouches for 8 floats.
        unsafe { to.cast::<[f32; 8]>().write_unaligned(self.0) }
    }
    #[inline(always)]
    unsafe fn mul_add(self, x: Self, y: Self) -> Self {
        Portable(std::array::from_fn(|i| self.0[i] * x.0[i] + y.0[i]))
    }
    #[inline(always)]
    unsafe fn add(self, x: Self) -> Self {
        Portable(std::array::from_fn(|i| self.0[i] + x.0[i]))
    }
    #[inline(always)]
    unsafe fn mul(self, x: Self) -> Self {
        Portable(std::array::from_fn(|i| self.0[i] * x.0[i]))
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::Lanes;
    use std::arch::x86_64::*;

    macro_rules! lanes {
        ($type:ty, $count:literal, $splat:ident, $load:ident, $store:ident, $fma:ident, $add:ident, $mul:ident) => {
            // SAFETY: one intrinsic each; the caller has detected the instruction set.
            unsafe impl Lanes for $type {
                const COUNT: usize = $count;
                #[inline(always)]
                unsafe fn splat(x: f32) -> Self {
                    // SAFETY: see the impl.
                    unsafe { $splat(x) }
                }
                #[inline(always)]
                unsafe fn load(from: *const f32) -> Self {
                    // SAFETY: see the impl; the caller vouches for the floats.
                    unsafe { $load(from) }
                }
                #[inline(always)]
                unsafe fn store(self, to: *mut f32) {
                    // SAFETY: see the impl; the caller vouches for the floats.
                    unsafe { $store(to, self) }
                }
                #[inline(always)]
                unsafe fn mul_add(self, x: Self, y: Self) -> Self {
                    // SAFETY: see the impl.
                    unsafe { $fma(self, x, y) }
                }
                #[inline(always)]
                unsafe fn add(self, x: Self) -> Self {
                    // SAFETY: see the impl.
                    unsafe { $add(self, x) }
                }
                #[inline(always)]
                unsafe fn mul(self, x: Self) -> Self {
                    // SAFETY: see the impl.
                    unsafe { $mul(self, x) }
                }
            }
        };
    }

    lanes!(
        __m256, 8, _mm256_set1_ps, _mm256_loadu_ps, _mm256_storeu_ps, _mm256_fmadd_ps,
        _mm256_add_ps, _mm256_mul_ps
    );
    lanes!(
        __m512, 16, _mm512_set1_ps, _mm512_loadu_ps, _mm512_storeu_ps, _mm512_fmadd_ps,
        _mm512_add_ps, _mm512_mul_ps
    );
}
