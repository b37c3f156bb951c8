use super::super::testing::{LENGTHS, close, numbers};
use super::*;

const CELLS: [Cell; 4] =
    [Cell::Rnn { relu: false }, Cell::Rnn { relu: true }, Cell::Lstm, Cell::Gru];

fn gate(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// The state and what is kept, of one feature: `x` and `h` are the products, gate by gate.
fn reference(cell: Cell, x: &[f64], h: &[f64], before: f64, kept: f64) -> [f64; 2] {
    match cell {
        Cell::Rnn { relu: true } => [(x[0] + h[0]).max(0.0), 0.0],
        Cell::Rnn { relu: false } => [(x[0] + h[0]).tanh(), 0.0],
        Cell::Lstm => {
            let c = gate(x[1] + h[1]) * kept + gate(x[0] + h[0]) * (x[2] + h[2]).tanh();
            [gate(x[3] + h[3]) * c.tanh(), c]
        }
        Cell::Gru => {
            let (r, z) = (gate(x[0] + h[0]), gate(x[1] + h[1]));
            let n = (x[2] + r * h[2]).tanh();
            [(1.0 - z) * n + z * before, h[2]]
        }
    }
}

/// Three samples.
struct Data {
    x: Vec<f32>,
    h: Vec<f32>,
    before: Vec<f32>,
    kept: Vec<f32>,
}

impl Data {
    fn new(steps: &Steps) -> Self {
        let whole = 3 * steps.hidden;
        let wide = |seed| numbers(3 * steps.gates(), seed).iter().map(|x| 3.0 * x).collect();
        let kept = numbers(3 * steps.kept(), 4);
        Data { x: wide(1), h: wide(2), before: numbers(whole, 3), kept }
    }

    /// The products of one feature of one sample as f64.
    fn of(&self, steps: &Steps, at: usize) -> [Vec<f64>; 2] {
        let (sample, feature) = (at / steps.hidden, at % steps.hidden);
        let gates = steps.cell.gates();
        let index = |i: usize| (sample * gates + i) * steps.hidden + feature;
        [&self.x, &self.h].map(|of| (0..gates).map(|i| f64::from(of[index(i)])).collect())
    }

    fn kept(&self, at: usize) -> f64 {
        self.kept.get(at).map_or(0.0, |kept| f64::from(*kept))
    }
}

fn run(steps: &Steps, data: &Data) -> [Vec<f32>; 3] {
    let [mut gates, mut after] = [data.x.clone(), vec![f32::NAN; data.before.len()]];
    let mut kept = vec![f32::NAN; data.kept.len()];
    steps.forward(Forward {
        gates: &mut gates,
        hidden: &data.h,
        before: &data.before,
        after: &mut after,
        kept_before: &data.kept,
        kept: &mut kept,
    });
    [gates, after, kept]
}

fn each(check: impl Fn(&str, Steps)) {
    for (hidden, &level) in LENGTHS.iter().flat_map(|n| Level::all().iter().map(move |l| (*n, l))) {
        for cell in CELLS {
            check(&format!("{hidden} {level:?} {cell:?}"), Steps::at_level(cell, hidden, level));
        }
    }
}

#[test]
fn a_step_is_its_formula() {
    each(|what, steps| {
        let data = Data::new(&steps);
        let [_, after, kept] = run(&steps, &data);
        let want: Vec<_> = (0..after.len())
            .map(|at| {
                let [x, h] = data.of(&steps, at);
                reference(steps.cell, &x, &h, data.before[at].into(), data.kept(at))
            })
            .collect();
        close(what, &after, &want.iter().map(|y| y[0] as f32).collect::<Vec<_>>());
        if !kept.is_empty() {
            close(what, &kept, &want.iter().map(|y| y[1] as f32).collect::<Vec<_>>());
        }
    });
}

#[test]
fn products_that_are_summed_already_give_the_same() {
    each(|what, steps| {
        if steps.apart() > 0 {
            return;
        }
        let data = Data::new(&steps);
        let want = run(&steps, &data);
        let sum = data.x.iter().zip(&data.h).map(|(x, h)| x + h).collect();
        let got = run(&steps, &Data { x: sum, h: vec![], ..data });
        assert_eq!(got, want, "{what}");
    });
}

/// Central differences of what a backward of the whole step would give.
#[test]
fn gradients_are_those_of_the_formula() {
    each(|what, steps| {
        let data = Data::new(&steps);
        let whole = data.before.len();
        let [mut gates, _, kept] = run(&steps, &data);
        let (dh, dc) = (numbers(whole, 5), numbers(whole, 6));
        let [mut got_dh, mut got_dc] = [dh.clone(), dc.clone()];
        let mut hidden = vec![f32::NAN; 3 * steps.apart()];
        steps.backward(Backward {
            gates: &mut gates,
            hidden: &mut hidden,
            before: &data.before,
            kept_before: &data.kept,
            kept: &kept,
            dh: &mut got_dh,
            dc: &mut got_dc,
        });
        let lstm = steps.cell == Cell::Lstm;
        let count = steps.cell.gates();
        let mut want = [vec![0.0; gates.len()], vec![0.0; gates.len()], dh.clone(), dc.clone()];
        for at in 0..whole {
            let [x, h] = data.of(&steps, at);
            let mut given = [x, h, vec![data.before[at].into(), data.kept(at)]];
            let (dh, dc) = (f64::from(dh[at]), if lstm { f64::from(dc[at]) } else { 0.0 });
            let mut slope = |which: usize, i: usize| {
                let mut value = |step: f64| {
                    given[which][i] += step;
                    let [x, h, rest] = &given;
                    let [state, kept] = reference(steps.cell, x, h, rest[0], rest[1]);
                    given[which][i] -= step;
                    dh * state + dc * kept
                };
                ((value(1e-6) - value(-1e-6)) / 2e-6) as f32
            };
            let index =
                |i: usize| (at / steps.hidden * count + i) * steps.hidden + at % steps.hidden;
            for i in 0..count {
                (want[0][index(i)], want[1][index(i)]) = (slope(0, i), slope(1, i));
            }
            (want[2][at], want[3][at]) = (slope(2, 0), slope(2, 1));
        }
        close(what, &gates, &want[0]);
        if steps.cell == Cell::Gru {
            close(what, &hidden, &want[1]);
            close(what, &got_dh, &want[2]);
        }
        if lstm {
            close(what, &got_dc, &want[3]);
        }
    });
}

#[test]
#[should_panic(expected = "assertion")]
fn slices_of_other_lengths_are_refused() {
    let steps = Steps::new(Cell::Lstm, 2);
    let (mut gates, mut after, mut kept) = ([0.0; 8], [0.0; 2], [0.0; 2]);
    steps.forward(Forward {
        gates: &mut gates,
        hidden: &[0.0; 4],
        before: &[0.0; 2],
        after: &mut after,
        kept_before: &[0.0; 2],
        kept: &mut kept,
    });
}
