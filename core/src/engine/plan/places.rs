//! Places for values in the memory of a chunk.

use crate::engine::chunk::{ALIGNMENT, Slot};

/// Hands out places behind each other; where no backward will read what lies there, those of values
/// that no step takes any more are handed out again.
#[derive(Debug, Default)]
pub(super) struct Places {
    reuse: bool,
    /// Whether the next places are behind all values that live.
    at_end: bool,
    /// Floats of a sample that all places take.
    end: usize,
    /// Places that may be taken, by offset, none of which touches the next.
    free: Vec<Slot>,
    /// Places that the steps of this node read for the last time.
    leaving: Vec<Slot>,
}

impl Places {
    pub fn new(reuse: bool) -> Self {
        Places { reuse, ..Places::default() }
    }

    /// Whether places are handed out again.
    pub fn reuse(&self) -> bool {
        self.reuse
    }

    /// From now on, whether places are behind all values that live.
    pub fn at_end(&mut self, at_end: bool) {
        self.at_end = at_end;
    }

    /// Floats of a sample.
    pub fn len(&self) -> usize {
        self.end
    }

    /// A place for `len` floats: in the smallest gap that has room, else at the end.
    pub fn take(&mut self, len: usize) -> Slot {
        let size = len.next_multiple_of(ALIGNMENT);
        let fits = |&i: &usize| {
            let gap = self.free[i];
            gap.len >= size && (!self.at_end || gap.offset + gap.len == self.end)
        };
        let fitting = (0..self.free.len()).filter(|i| size > 0 && fits(i));
        let Some(best) = fitting.min_by_key(|&i| self.free[i].len) else {
            return self.append(len);
        };
        let gap = &mut self.free[best];
        let slot = Slot { offset: gap.offset, len };
        (gap.offset, gap.len) = (gap.offset + size, gap.len - size);
        if gap.len == 0 {
            self.free.remove(best);
        }
        slot
    }

    /// At the end, where there may be a gap that is too small.
    fn append(&mut self, len: usize) -> Slot {
        if len > 0 && self.free.last().is_some_and(|gap| gap.offset + gap.len == self.end) {
            self.end = self.free.pop().map_or(self.end, |gap| gap.offset);
        }
        Slot::next(&mut self.end, len)
    }

    /// Nobody reads the place after the steps of this node.
    pub fn leave(&mut self, slot: Slot) {
        if self.reuse && slot.len > 0 {
            self.leaving.push(slot);
        }
    }

    /// The place of an input of the network, which has left and was not used: nothing was there before.
    pub fn give_back(&mut self, slot: Slot) {
        let Some(at) = self.leaving.iter().position(|left| *left == slot) else { return };
        self.leaving.swap_remove(at);
        let size = slot.len.next_multiple_of(ALIGNMENT);
        if slot.offset + size == self.end {
            self.end = slot.offset;
        } else {
            self.free_at(slot);
        }
    }

    /// The steps of a node are complete: what they read for the last time is free.
    pub fn settle(&mut self) {
        while let Some(slot) = self.leaving.pop() {
            self.free_at(slot);
        }
    }

    fn free_at(&mut self, slot: Slot) {
        let size = slot.len.next_multiple_of(ALIGNMENT);
        let at = self.free.partition_point(|gap| gap.offset < slot.offset);
        self.free.insert(at, Slot { offset: slot.offset, len: size });
        self.join(at);
        if at > 0 {
            self.join(at - 1);
        }
    }

    /// Joins a gap with the next, if it touches that.
    fn join(&mut self, at: usize) {
        if let [gap, next, ..] = self.free[at..]
            && gap.offset + gap.len == next.offset
        {
            self.free[at].len += next.len;
            self.free.remove(at + 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_filled_split_and_joined() {
        let mut places = Places::new(true);
        let [a, b, c, d] = [30, 16, 40, 5].map(|len| places.take(len));
        assert_eq!([a, b, c, d].map(|slot| slot.offset), [0, 32, 48, 96]);
        places.leave(b);
        places.leave(a);
        assert_eq!(places.take(8).offset, 112, "still read");
        places.settle();
        assert_eq!(places.take(48).offset, 0, "of both");
        places.leave(c);
        places.settle();
        assert_eq!(places.take(20).offset, 48);
        assert_eq!(places.take(16).offset, 80, "what is left");
        assert_eq!((places.take(0).len, places.len()), (0, 128));
    }

    #[test]
    fn a_gap_at_the_end_grows() {
        let mut places = Places::new(true);
        let [_, b] = [16, 16].map(|len| places.take(len));
        places.leave(b);
        places.settle();
        assert_eq!((places.take(64).offset, places.len()), (16, 80));
    }

    #[test]
    fn places_may_be_wanted_behind_all_others() {
        let mut places = Places::new(true);
        let [a, _, c] = [32, 16, 48].map(|len| places.take(len));
        places.leave(a);
        places.leave(c);
        places.settle();
        places.at_end(true);
        assert_eq!([32, 32].map(|len| places.take(len).offset), [48, 80]);
        places.at_end(false);
        assert_eq!((places.take(32).offset, places.len()), (0, 112));
    }

    #[test]
    fn what_was_not_used_is_given_back() {
        let mut places = Places::new(true);
        let [a, b] = [30, 20].map(|len| places.take(len));
        places.leave(b);
        places.give_back(b);
        assert_eq!((places.take(10).offset, places.len()), (32, 48), "no place behind the first");
        places.leave(a);
        places.give_back(a);
        assert_eq!((places.take(20).offset, places.len()), (0, 48), "a gap");
        places.settle();
        assert_eq!(places.take(30).offset, 48, "given back once");
    }

    #[test]
    fn what_a_backward_reads_stays() {
        let mut places = Places::new(false);
        let a = places.take(16);
        places.leave(a);
        places.settle();
        assert_eq!(places.take(16).offset, 16);
    }

    /// Whatever comes and goes, no two values that live at once share a float.
    #[test]
    fn living_values_never_overlap() {
        let (mut places, mut living, mut seed) = (Places::new(true), Vec::<Slot>::new(), 7_u64);
        for _ in 0..2000 {
            seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            let random = (seed >> 33) as usize;
            if living.len() > 12 || random.is_multiple_of(3) && !living.is_empty() {
                places.leave(living.swap_remove(random % living.len()));
                places.settle();
            } else {
                let new = places.take(1 + random % 200);
                assert!(new.offset % ALIGNMENT == 0 && new.offset + new.len <= places.len());
                let apart = |old: &Slot| {
                    old.offset + old.len <= new.offset || new.offset + new.len <= old.offset
                };
                assert!(living.iter().all(apart), "{new:?} in {living:?}");
                living.push(new);
            }
        }
        assert!(places.len() < 13 * 208 * 2, "{} floats", places.len());
    }
}
