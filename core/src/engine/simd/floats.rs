//! Floats that start at a cache line.

use std::ops::{Deref, DerefMut};

/// The floats of a cache line.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([f32; 16]);

/// A buffer of floats that starts at a cache line: vectors of packed weights that do not are read
/// at little more than half the speed.
#[derive(Clone, Default)]
pub(crate) struct Floats {
    lines: Vec<Line>,
    len: usize,
}

impl Floats {
    /// `len` zeros.
    pub(crate) fn new(len: usize) -> Self {
        Floats { lines: vec![Line([0.0; 16]); len.div_ceil(16)], len }
    }

    /// Another length; what is in it does not matter. Memory is taken only beyond the longest
    /// length so far.
    pub(crate) fn resize(&mut self, len: usize) {
        self.lines.resize(len.div_ceil(16), Line([0.0; 16]));
        self.len = len;
    }
}

impl Deref for Floats {
    type Target = [f32];
    fn deref(&self) -> &[f32] {
        let floats = self.lines.as_ptr().cast::<f32>();
        // SAFETY: the lines are nothing but floats, at least `len` of them.
        unsafe { std::slice::from_raw_parts(floats, self.len) }
    }
}

impl DerefMut for Floats {
    fn deref_mut(&mut self) -> &mut [f32] {
        let floats = self.lines.as_mut_ptr().cast::<f32>();
        // SAFETY: the lines are nothing but floats, at least `len` of them.
        unsafe { std::slice::from_raw_parts_mut(floats, self.len) }
    }
}

impl FromIterator<f32> for Floats {
    fn from_iter<I: IntoIterator<Item = f32>>(floats: I) -> Self {
        let floats: Vec<f32> = floats.into_iter().collect();
        let mut aligned = Floats::new(floats.len());
        aligned.copy_from_slice(&floats);
        aligned
    }
}

impl std::fmt::Debug for Floats {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} floats", self.len)
    }
}
