//! The slices of a sample inside of their border, each made just before it is read: its numbers are
//! still near then, and those that no window reaches any more make room for the next.

use super::pad::Pad;

/// Floats of slices that are held at a time: half of a core's second cache.
const NEAR: usize = 1 << 16;

pub(super) struct Slices<'a> {
    pad: &'a Pad,
    x: &'a [f32],
    room: &'a mut [f32],
    /// The padded slices that lie there, from `first` on, are those before `end`.
    first: usize,
    end: usize,
}

impl Pad {
    /// Padded slices that are held at a time, of which a window reads `reach`; none where the sample
    /// is read as it lies.
    pub fn held(&self, reach: usize) -> usize {
        let all = self.slices.0 + self.depth + self.slices.1;
        match self.copies() {
            false => 0,
            true => (NEAR / self.slice_len().max(1)).max(reach).min(all),
        }
    }

    /// Room for `held` slices of a sample.
    pub fn slices<'a>(&'a self, held: usize, x: &'a [f32], scratch: &'a mut [f32]) -> Slices<'a> {
        assert_eq!(x.len(), self.len());
        let room = &mut scratch[..held * self.slice_len()];
        Slices { pad: self, x, room, first: 0, end: 0 }
    }
}

impl Slices<'_> {
    /// The padded slice `first` and those behind it, `reach` at least, which are not more than are
    /// held.
    pub fn read(&mut self, first: usize, reach: usize) -> &[f32] {
        let (len, end) = (self.pad.slice_len(), first + reach);
        if self.room.is_empty() {
            return &self.x[first * len..];
        }
        let beyond = (end - self.first.min(end)) * len > self.room.len();
        if first < self.first || first > self.end || beyond {
            self.begin_with(first);
        }
        for slice in self.end..end {
            let to = &mut self.room[(slice - self.first) * len..][..len];
            self.pad.write_slice(self.x, slice, to);
        }
        self.end = self.end.max(end);
        &self.room[(first - self.first) * len..]
    }

    /// Moves the slice `first`, and what there is behind it, to the front.
    fn begin_with(&mut self, first: usize) {
        let len = self.pad.slice_len();
        let kept = match (self.first..self.end).contains(&first) {
            true => (first - self.first) * len..(self.end - self.first) * len,
            false => 0..0,
        };
        self.end = first + kept.len() / len;
        self.first = first;
        self.room.copy_within(kept, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::numbers;
    use super::*;

    const PAD: Pad = Pad {
        channels: 3,
        depth: 7,
        height: 4,
        width: 5,
        slices: (2, 1),
        rows: (1, 0),
        columns: (0, 2),
        planes: false,
    };

    /// The channels of each sample one after the other.
    fn turned(pad: &Pad, x: &[f32]) -> Vec<f32> {
        let pixels = x.len() / pad.channels;
        (0..x.len()).map(|i| x[i % pixels * pad.channels + i / pixels]).collect()
    }

    #[test]
    fn slices_are_those_of_the_whole_sample() {
        let bare = Pad { slices: (0, 0), rows: (0, 0), columns: (0, 0), ..PAD };
        for (pad, planes) in [PAD, bare].into_iter().flat_map(|pad| [(pad, false), (pad, true)]) {
            let x = numbers(pad.len(), 1);
            let mut scratch = vec![f32::NAN; pad.padded_len()];
            let whole = pad.pad(&x, &mut scratch).0.to_vec();
            let pad = Pad { planes, ..pad };
            let x = if planes { turned(&pad, &x) } else { x };
            let (len, all) = (pad.slice_len(), pad.padded_len() / pad.slice_len());
            for (reach, stride) in (1..=4).flat_map(|reach| (1..=5).map(move |s| (reach, s))) {
                for held in if pad.is_empty() && !planes { 0..=0 } else { reach..=all } {
                    let mut scratch = vec![f32::NAN; held * len];
                    let mut slices = pad.slices(held, &x, &mut scratch);
                    // As in a sweep of several walks, twice.
                    for first in (0..=all - reach).step_by(stride).chain(1..=all - reach) {
                        let got = &slices.read(first, reach)[..reach * len];
                        let want = &whole[first * len..(first + reach) * len];
                        assert_eq!(got, want, "{planes} {reach} {stride} {held} {first}");
                    }
                }
            }
        }
    }

    #[test]
    fn few_slices_are_held_of_a_large_volume() {
        let pad = Pad { channels: 16, height: 30, width: 30, depth: 40, ..PAD };
        assert_eq!((pad.held(2), pad.held(9), pad.held(usize::MAX)), (4, 9, 43));
        let bare = Pad { slices: (0, 0), rows: (0, 0), columns: (0, 0), ..pad };
        assert_eq!((bare.held(3), Pad { planes: true, ..bare }.held(3)), (0, 4));
    }
}
