//! A border of zeros around a sample.

use crate::engine::kernels::transpose::transpose_planes;

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
    /// Whether the sample lies channel after channel, and is turned on the way.
    pub planes: bool,
}

impl Pad {
    pub fn is_empty(&self) -> bool {
        [self.slices, self.rows, self.columns] == [(0, 0); 3]
    }

    /// Whether the sample cannot be read as it lies.
    pub fn copies(&self) -> bool {
        self.planes || !self.is_empty()
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
        if self.copies() { self.padded_len() } else { 0 }
    }

    /// The padded sample, in the scratch unless it is read as it lies; and the rest of the scratch.
    pub fn pad<'a>(&self, x: &'a [f32], scratch: &'a mut [f32]) -> (&'a [f32], &'a mut [f32]) {
        assert_eq!(x.len(), self.len());
        if !self.copies() {
            return (x, scratch);
        }
        let (padded, rest) = scratch.split_at_mut(self.padded_len());
        for (slice, to) in padded.chunks_exact_mut(self.slice_len()).enumerate() {
            self.write_slice(x, slice, to);
        }
        (padded, rest)
    }

    /// Padded slice number `slice` of a sample.
    pub fn write_slice(&self, x: &[f32], slice: usize, to: &mut [f32]) {
        let inside = slice.checked_sub(self.slices.0).filter(|slice| *slice < self.depth);
        let Some(slice) = inside else { return to.fill(0.0) };
        let pixels = self.height * self.width;
        match self.planes {
            true => self.turn_slice(&x[slice * pixels..], to),
            false => self.pad_slice(&x[slice * pixels * self.channels..], to),
        }
    }

    fn pad_slice(&self, x: &[f32], padded: &mut [f32]) {
        let row = self.width * self.channels;
        let rows = self.border(padded).zip(x.chunks_exact(row));
        rows.for_each(|(to, from)| to.copy_from_slice(from));
    }

    /// From the channels' planes, of which each begins where the slice does.
    fn turn_slice(&self, x: &[f32], padded: &mut [f32]) {
        let plane = self.depth * self.height * self.width;
        for (row, to) in self.border(padded).enumerate() {
            transpose_planes(&x[row * self.width..], plane, to, [self.channels, self.width]);
        }
    }

    /// Writes the border of a slice, and gives the rows inside it.
    fn border<'a>(&self, padded: &'a mut [f32]) -> impl Iterator<Item = &'a mut [f32]> + use<'a> {
        let (row, left) = (self.width * self.channels, self.columns.0 * self.channels);
        let pitch = self.pitch() * self.channels;
        let (top, below) = padded.split_at_mut(self.rows.0 * pitch);
        let (middle, bottom) = below.split_at_mut(self.height * pitch);
        top.fill(0.0);
        bottom.fill(0.0);
        middle.chunks_exact_mut(pitch).map(move |line| {
            line[..left].fill(0.0);
            line[left + row..].fill(0.0);
            &mut line[left..left + row]
        })
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
