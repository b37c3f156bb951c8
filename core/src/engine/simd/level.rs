//! Which instruction set the machine has, and the functions compiled for each.

use std::sync::OnceLock;

/// An instruction set that this machine has: only detection makes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Level(Set);

/// The instruction sets that kernels are compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Set {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "aarch64")]
    Neon,
}

impl Level {
    /// Those of this machine, the widest last.
    pub(crate) fn all() -> &'static [Level] {
        static ALL: OnceLock<Vec<Level>> = OnceLock::new();
        ALL.get_or_init(detect)
    }

    /// The widest of this machine.
    pub(crate) fn best() -> Level {
        Self::all().last().copied().unwrap_or(Level(Set::Portable))
    }

    /// This one, or a narrower one if `width` floats fill no more than its vector.
    pub(crate) fn fitting(self, width: usize) -> Level {
        #[cfg(target_arch = "x86_64")]
        if self.0 == Set::Avx512 && width <= 8 && Self::all().contains(&Level(Set::Avx2)) {
            return Level(Set::Avx2);
        }
        let _ = width;
        self
    }

    pub(crate) fn set(self) -> Set {
        self.0
    }

    /// Floats in a vector.
    pub(crate) fn lanes(self) -> usize {
        match self.0 {
            Set::Portable => 4,
            #[cfg(target_arch = "x86_64")]
            Set::Avx2 => 8,
            #[cfg(target_arch = "x86_64")]
            Set::Avx512 => 16,
            #[cfg(target_arch = "aarch64")]
            Set::Neon => 4,
        }
    }
}

fn detect() -> Vec<Level> {
    #[allow(unused_mut)]
    let mut found = vec![Level(Set::Portable)];
    #[cfg(target_arch = "x86_64")]
    {
        let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
        if avx2 {
            found.push(Level(Set::Avx2));
        }
        if avx2 && is_x86_feature_detected!("avx512f") {
            found.push(Level(Set::Avx512));
        }
    }
    #[cfg(target_arch = "aarch64")]
    found.push(Level(Set::Neon));
    found
}

/// `kernel!(unsafe fn name(argument: Type) = body);` makes a function that takes a [`Level`] and
/// the arguments and calls `body::<V>`, compiled for that level. The body, and all that it calls
/// with vectors, is `#[inline(always)]`.
macro_rules! kernel {
    ($(#[$meta:meta])* $vis:vis unsafe fn $name:ident($($arg:ident: $type:ty),* $(,)?) = $body:ident) => {
        $(#[$meta])*
        #[doc = "\n# Safety\nThat of the generic function of which this is made."]
        $vis unsafe fn $name(level: $crate::engine::simd::Level, $($arg: $type),*) {
            use $crate::engine::simd::Set;
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx2,fma")]
            unsafe fn avx512($($arg: $type),*) {
                // SAFETY: the caller keeps the body's promises.
                unsafe { $body::<std::arch::x86_64::__m512>($($arg),*) }
            }
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma")]
            unsafe fn avx2($($arg: $type),*) {
                // SAFETY: the caller keeps the body's promises.
                unsafe { $body::<std::arch::x86_64::__m256>($($arg),*) }
            }
            // SAFETY: a level proves that the machine has its set; the caller keeps the body's
            // promises.
            unsafe {
                match level.set() {
                    Set::Portable => $body::<$crate::engine::simd::Portable>($($arg),*),
                    #[cfg(target_arch = "x86_64")]
                    Set::Avx2 => avx2($($arg),*),
                    #[cfg(target_arch = "x86_64")]
                    Set::Avx512 => avx512($($arg),*),
                    #[cfg(target_arch = "aarch64")]
                    Set::Neon => $body::<std::arch::aarch64::float32x4_t>($($arg),*),
                }
            }
        }
    };
}
pub(crate) use kernel;
