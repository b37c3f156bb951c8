//! Vectors of floats, and the choice of the instruction set when the program runs.
//!
//! A kernel is written once, generic over [`Lanes`], and compiled once for each instruction set by
//! [`kernel!`]. All kernels give the same results to rounding on all of them; on one machine the
//! choice never changes, so results are the same bits from run to run.

mod floats;
mod level;
#[cfg(target_arch = "aarch64")]
mod neon;
mod portable;
#[cfg(test)]
mod tests;
#[cfg(target_arch = "x86_64")]
mod x86;

pub(crate) use floats::Floats;
pub(crate) use level::{Level, Set, kernel};
pub(crate) use portable::Portable;

/// A vector of floats.
///
/// # Safety
/// `COUNT` is at most 16. Every method needs the instruction set of its implementation: they are
/// only called inside functions that [`kernel!`] makes, behind the detection of that set.
/// Pointers need no alignment.
pub(crate) unsafe trait Lanes: Copy {
    /// How many floats.
    const COUNT: usize;
    /// How many such vectors the processor's registers hold.
    const REGISTERS: usize;
    /// The same float in every lane.
    unsafe fn splat(x: f32) -> Self;
    /// Reads `COUNT` floats.
    unsafe fn load(from: *const f32) -> Self;
    /// Writes `COUNT` floats.
    unsafe fn store(self, to: *mut f32);
    /// `self · x + y`, rounded once where the set has it.
    unsafe fn mul_add(self, x: Self, y: Self) -> Self;
    /// `self + x`
    unsafe fn add(self, x: Self) -> Self;
    /// `self · x`
    unsafe fn mul(self, x: Self) -> Self;
    /// `self - x`
    unsafe fn sub(self, x: Self) -> Self;
    /// `self / x`
    unsafe fn div(self, x: Self) -> Self;
    /// The larger of `self` and `low`: NaN in `self` stays NaN.
    unsafe fn at_least(self, low: Self) -> Self;
    /// The smaller of `self` and `high`: NaN in `self` stays NaN.
    unsafe fn at_most(self, high: Self) -> Self;
    /// `a` where `self` is less than `x`, else `b`, also where one of them is NaN.
    unsafe fn if_less(self, x: Self, a: Self, b: Self) -> Self;
    /// 2 to the power of the lanes, whole numbers in -126 ..= 128, of which the last gives infinity; of
    /// NaN anything.
    unsafe fn pow2(self) -> Self;
    /// 0 where a lane is at most 0, else the lane: NaN stays NaN. Of -0 either zero.
    unsafe fn relu(self) -> Self;
    /// `self` where `y` is not at most 0, else 0: the gradient of [`relu`](Self::relu) at its
    /// value `y`.
    unsafe fn where_active(self, y: Self) -> Self;
    /// The running maximum (`self`) and where it was (`place`), after seeing `x` at `at`: the
    /// first of equals wins, and a NaN wins over all.
    unsafe fn max_at(self, place: Self, x: Self, at: Self) -> (Self, Self);
    /// Writes the lanes, whole numbers up to 255, as `COUNT` bytes.
    unsafe fn store_bytes(self, to: *mut u8);

    /// Asks for the cache line of this address, which need not exist.
    #[inline(always)]
    unsafe fn prefetch(_at: *const f32) {}
    /// Reads `COUNT` floats, each `step` behind the one before it, and maybe what lies between them.
    #[inline(always)]
    unsafe fn load_apart(from: *const f32, step: usize) -> Self {
        let mut lanes = [0.0_f32; 16];
        for (i, lane) in lanes[..Self::COUNT].iter_mut().enumerate() {
            // SAFETY: the caller vouches for the floats.
            *lane = unsafe { *from.add(i * step) };
        }
        // SAFETY: 16 lanes are enough for `Self`.
        unsafe { Self::load(lanes.as_ptr()) }
    }
    /// Reads the first `count` floats, fewer than `COUNT`; the other lanes are 0.
    #[inline(always)]
    unsafe fn load_first(from: *const f32, count: usize) -> Self {
        let mut lanes = [0.0_f32; 16];
        // SAFETY: the caller vouches for `count` floats, and 16 lanes are enough for `Self`.
        unsafe {
            std::ptr::copy_nonoverlapping(from, lanes.as_mut_ptr(), count);
            Self::load(lanes.as_ptr())
        }
    }
    /// Writes the first `count` floats, fewer than `COUNT`.
    #[inline(always)]
    unsafe fn store_first(self, to: *mut f32, count: usize) {
        let mut lanes = [0.0_f32; 16];
        // SAFETY: the caller vouches for `count` floats, and 16 lanes are enough for `Self`.
        unsafe {
            self.store(lanes.as_mut_ptr());
            std::ptr::copy_nonoverlapping(lanes.as_ptr(), to, count);
        }
    }
    /// Writes the first `count` lanes as bytes, fewer than `COUNT`.
    #[inline(always)]
    unsafe fn store_first_bytes(self, to: *mut u8, count: usize) {
        let mut lanes = [0_u8; 16];
        // SAFETY: the caller vouches for `count` bytes, and 16 are enough for `Self`.
        unsafe {
            self.store_bytes(lanes.as_mut_ptr());
            for (i, &lane) in lanes.iter().enumerate().take(count) {
                *to.add(i) = lane;
            }
        }
    }
    /// Reads `count` floats, at most `COUNT`.
    #[inline(always)]
    unsafe fn load_up_to(from: *const f32, count: usize) -> Self {
        // SAFETY: the caller vouches for `count` floats.
        unsafe {
            if count == Self::COUNT { Self::load(from) } else { Self::load_first(from, count) }
        }
    }
    /// Writes `count` floats, at most `COUNT`.
    #[inline(always)]
    unsafe fn store_up_to(self, to: *mut f32, count: usize) {
        // SAFETY: the caller vouches for `count` floats.
        unsafe { if count == Self::COUNT { self.store(to) } else { self.store_first(to, count) } }
    }
    /// Writes `count` lanes as bytes, at most `COUNT`.
    #[inline(always)]
    unsafe fn store_bytes_up_to(self, to: *mut u8, count: usize) {
        // SAFETY: the caller vouches for `count` bytes.
        unsafe {
            if count == Self::COUNT {
                self.store_bytes(to)
            } else {
                self.store_first_bytes(to, count)
            }
        }
    }
    /// Columns of `COUNT` rows become rows: `COUNT` × `COUNT` floats, of which rows lie `from_step`
    /// apart, and `to_step` where they are written.
    #[inline(always)]
    unsafe fn transpose(from: *const f32, from_step: usize, to: *mut f32, to_step: usize) {
        for row in 0..Self::COUNT {
            for column in 0..Self::COUNT {
                // SAFETY: the caller vouches for the floats.
                unsafe { *to.add(column * to_step + row) = *from.add(row * from_step + column) };
            }
        }
    }
    /// The sum of all lanes, in a fixed order.
    #[inline(always)]
    unsafe fn sum(self) -> f32 {
        let mut lanes = [0.0; 16];
        // SAFETY: `COUNT` is at most 16.
        unsafe { self.store(lanes.as_mut_ptr()) };
        lanes[..Self::COUNT].iter().sum()
    }
    /// The sums of all lanes of four vectors, in a fixed order.
    #[inline(always)]
    unsafe fn sums(four: [Self; 4]) -> [f32; 4] {
        // SAFETY: that of this method.
        four.map(|vector| unsafe { vector.sum() })
    }
}
