//! Rotary positions: pairs of features of a row, turned by angles that grow with the row's number.

use crate::waves::waves;

/// The sines and cosines of all rows.
#[derive(Clone, Debug)]
pub(super) struct Turns {
    /// Sine and cosine of each pair of features, row after row.
    waves: Vec<f32>,
    features: usize,
}

impl Turns {
    pub(super) fn new(rows: usize, features: usize) -> Self {
        Turns { waves: waves(rows, features).map(|x| x as f32).collect(), features }
    }

    /// Turns rows, of which the first has this number.
    pub(super) fn turn(&self, first: usize, rows: &mut [f32]) {
        self.each(first, rows, |[x, y], [sin, cos]| [x * cos - y * sin, x * sin + y * cos]);
    }

    /// Turns the other way, as their gradients must.
    pub(super) fn turn_back(&self, first: usize, rows: &mut [f32]) {
        self.each(first, rows, |[x, y], [sin, cos]| [x * cos + y * sin, y * cos - x * sin]);
    }

    fn each(&self, first: usize, rows: &mut [f32], f: impl Fn([f32; 2], [f32; 2]) -> [f32; 2]) {
        let waves = self.waves[first * self.features..].chunks_exact(2);
        for (pair, wave) in rows.chunks_exact_mut(2).zip(waves) {
            pair.copy_from_slice(&f([pair[0], pair[1]], [wave[0], wave[1]]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{close, numbers};
    use super::*;

    #[test]
    fn pairs_turn_by_the_angle_of_their_row() {
        let turns = Turns::new(5, 6);
        let start = numbers(18, 1);
        let mut rows = start.clone();
        turns.turn(2, &mut rows);
        let want: Vec<f32> = (0..18)
            .map(|i| {
                let (row, feature) = (i / 6, i % 6);
                let angle = (row + 2) as f64 / 10_000f64.powf((feature / 2 * 2) as f64 / 6.0);
                let at = row * 6 + feature / 2 * 2;
                let (x, y) = (f64::from(start[at]), f64::from(start[at + 1]));
                let [across, along] =
                    [x * angle.cos() - y * angle.sin(), x * angle.sin() + y * angle.cos()];
                (if feature % 2 == 0 { across } else { along }) as f32
            })
            .collect();
        close("turned", &rows, &want);
        turns.turn_back(2, &mut rows);
        close("and back", &rows, &start);
    }
}
