//! All ways through the labels of one sample, forward and backward.

/// Labels with blanks between and around them: `2 · labels + 1` places, the even ones blank. A way
/// through them begins at one of the first two, ends at one of the last two, and in each step stays,
/// goes on to the next, or to the one behind it if both are different labels.
pub(super) struct Path<'a> {
    pub(super) labels: &'a [usize],
    pub(super) blank: usize,
    pub(super) classes: usize,
}

impl Path<'_> {
    fn places(&self) -> usize {
        2 * self.labels.len() + 1
    }

    fn class(&self, place: usize) -> usize {
        if place.is_multiple_of(2) { self.blank } else { self.labels[place / 2] }
    }

    /// Whether a way may come to this place from the last but one.
    fn skips(&self, place: usize) -> bool {
        !place.is_multiple_of(2) && place > 1 && self.class(place) != self.class(place - 2)
    }

    /// The negative logarithm of the probability. `ahead` gets, for each step and place, the
    /// logarithm of the probability of all ways that come there.
    pub(super) fn forward(&self, logs: &[f64], ahead: &mut Vec<f64>) -> f64 {
        let (places, steps) = (self.places(), logs.len() / self.classes);
        ahead.clear();
        ahead.resize(places * (steps + 1), f64::NEG_INFINITY);
        for (step, logs) in logs.chunks_exact(self.classes).enumerate() {
            let (done, now) = ahead.split_at_mut(places * step);
            let last = done.chunks_exact(places).next_back();
            for place in 0..places {
                let from = match last {
                    None if place < 2 => 0.0,
                    None => f64::NEG_INFINITY,
                    Some(last) => {
                        let back = |n: usize| place.checked_sub(n).map_or(NEVER, |from| last[from]);
                        let skip = if self.skips(place) { back(2) } else { NEVER };
                        sum([last[place], back(1), skip])
                    }
                };
                now[place] = from + logs[self.class(place)];
            }
        }
        let end = &ahead[places * (steps - 1)..places * steps];
        let before = if places > 1 { end[places - 2] } else { NEVER };
        -sum([end[places - 1], before, NEVER])
    }

    /// Overwrites the logarithms with the loss's gradient by them, times `scale`: the probability
    /// that a way of these labels has the class in that step, with a minus.
    pub(super) fn backward(&self, loss: f64, scale: f64, logs: &mut [f64], ahead: &mut [f64]) {
        let (places, steps) = (self.places(), logs.len() / self.classes);
        // Behind the last step's places: what is to come from each place, that step included.
        let (ahead, rest) = ahead.split_at_mut(places * steps);
        for (step, logs) in logs.chunks_exact_mut(self.classes).enumerate().rev() {
            let last = step + 1 == steps;
            let row = &mut ahead[places * step..places * (step + 1)];
            for place in 0..places {
                let on = |n: usize| rest.get(place + n).copied().unwrap_or(NEVER);
                let skip = if place + 2 < places && self.skips(place + 2) { on(2) } else { NEVER };
                let to_come = match last {
                    true if place + 2 >= places => 0.0,
                    true => NEVER,
                    false => sum([on(0), on(1), skip]),
                };
                rest[place] = to_come + logs[self.class(place)];
                row[place] += to_come;
            }
            logs.fill(0.0);
            for (place, way) in row.iter().enumerate() {
                logs[self.class(place)] -= scale * (way + loss).exp();
            }
        }
    }
}

const NEVER: f64 = f64::NEG_INFINITY;

/// The logarithm of the sum of exponentials. NaN stays NaN.
fn sum(logs: [f64; 3]) -> f64 {
    let top = logs.into_iter().fold(NEVER, f64::max);
    if top == NEVER {
        return logs.into_iter().sum();
    }
    top + logs.into_iter().map(|log| (log - top).exp()).sum::<f64>().ln()
}
