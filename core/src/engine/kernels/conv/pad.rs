//! A border of zeros around a sample.

/// The border, and the sample inside it.
#[derive(Clone, Copy)]
pub(super) struct Pad {
    pub channels: usize,
    /// Slices: those of an image are one.
    pub depth: usize,
    pub height: usize,
    pub width: usize,
    pub slices: (usize, usize),
    pub rows: (usize, usize),
    pub columns: (usize, usize),
}

impl Pad {
    pub fn is_empty(&self) -> bool {
        [self.slices, self.rows, self.columns] == [(0, 0); 3]
    }

    /// Pixels in a padded row.
    pub fn pitch(&self) -> usize {
        self.columns.0 + self.width + self.columns.1
    }

    /// Numbers in a padded slice.
    pub fn slice_len(&self) -> usize {
        (self.rows.0 + self.height + self.rows.1) * self.pitch() * self.channels
    }

    /// Numbers in the padded sample.
    pub fn padded_len(&self) -> usize {
        (self.slices.0 + self.depth + self.slices.1) * self.slice_len()
    }

    /// Numbers in the sample.
    pub fn len(&self) -> usize {
        self.depth * self.height * self.width * self.channels
    }

    /// Scratch that [`pad`](Self::pad) needs.
    pub fn scratch_len(&self) -> usize {
        if self.is_empty() { 0 } else { self.padded_len() }
    }

    /// The padded sample, in the scratch if there is a border; and the rest of the scratch.
    pub fn pad<'a>(&self, x: &'a [f32], scratch: &'a mut [f32]) -> (&'a [f32], &'a mut [f32]) {
        assert_eq!(x.len(), self.len());
        if self.is_empty() {
            return (x, scratch);
        }
        let (padded, rest) = scratch.split_at_mut(self.padded_len());
        let (front, behind) = padded.split_at_mut(self.slices.0 * self.slice_len());
        let (inside, back) = behind.split_at_mut(self.depth * self.slice_len());
        front.fill(0.0);
        back.fill(0.0);
        let slices = x.chunks_exact(self.len() / self.depth);
        for (to, from) in inside.chunks_exact_mut(self.slice_len()).zip(slices) {
            self.pad_slice(from, to);
        }
        (padded, rest)
    }

    fn pad_slice(&self, x: &[f32], padded: &mut [f32]) {
        let (row, left) = (self.width * self.channels, self.columns.0 * self.channels);
        let right = self.columns.1 * self.channels;
        let (top, below) = padded.split_at_mut(self.rows.0 * self.pitch() * self.channels);
        let (middle, bottom) = below.split_at_mut(self.height * self.pitch() * self.channels);
        top.fill(0.0);
        bottom.fill(0.0);
        for (to, from) in middle.chunks_exact_mut(left + row + right).zip(x.chunks_exact(row)) {
            to[..left].fill(0.0);
            to[left..left + row].copy_from_slice(from);
            to[left + row..].fill(0.0);
        }
    }

    /// Takes the sample out of the padded one.
    pub fn crop(&self, padded: &[f32], x: &mut [f32]) {
        let row = self.width * self.channels;
        let first = (self.rows.0 * self.pitch() + self.columns.0) * self.channels;
        let slices = padded.chunks_exact(self.slice_len()).skip(self.slices.0);
        for (to, from) in x.chunks_exact_mut(self.height * row).zip(slices) {
            let rows = from[first..].chunks(self.pitch() * self.channels);
            for (to, from) in to.chunks_exact_mut(row).zip(rows) {
                to.copy_from_slice(&from[..row]);
            }
        }
    }
}
