use super::super::testing::{close, numbers};
use super::*;

/// What a head gives, and the gradients of q, k and v for that of the output, all in f64.
struct Reference {
    queries: usize,
    keys: usize,
    width: usize,
    causal: bool,
    length: usize,
}

fn dropped(number: usize) -> f32 {
    if number.is_multiple_of(3) { 0.0 } else { 1.5 }
}

impl Reference {
    fn output(&self, q: &[f64], k: &[f64], v: &[f64], factor: bool) -> Vec<f64> {
        let mut y = vec![0.0; self.queries * self.width];
        for query in 0..self.queries {
            let seen = if self.causal { self.length.min(query + 1) } else { self.length };
            let row = |of: &[f64], i: usize| of[i * self.width..(i + 1) * self.width].to_vec();
            let dot = |key| {
                let products = row(q, query).into_iter().zip(row(k, key)).map(|(a, b)| a * b);
                (products.sum::<f64>() / (self.width as f64).sqrt()).exp()
            };
            let sum: f64 = (0..seen).map(dot).sum();
            for key in 0..seen {
                let number = query * self.keys + key;
                let factor = if factor { f64::from(dropped(number)) } else { 1.0 };
                for (i, v) in row(v, key).into_iter().enumerate() {
                    y[query * self.width + i] += dot(key) / sum * factor * v;
                }
            }
        }
        y
    }
}

fn each(check: impl Fn(&Reference, bool)) {
    for (queries, keys) in [(1_usize, 1_usize), (3, 5), (33, 33), (70, 4)] {
        for width in [1, 3, 8] {
            for (causal, short) in
                [(false, 0), (false, 2), (queries == keys, 0), (queries == keys, 1)]
            {
                let length = keys.saturating_sub(short).max(1);
                let reference = Reference { queries, keys, width, causal, length };
                check(&reference, false);
                check(&reference, true);
            }
        }
    }
}

/// Rows that lie three apart, between others that are not the head's.
fn spread(rows: &[f32], width: usize) -> (Vec<f32>, Rows) {
    let mut all = vec![f32::NAN; 3 * rows.len() + width];
    for (i, row) in rows.chunks_exact(width).enumerate() {
        all[width + 3 * i * width..][..width].copy_from_slice(row);
    }
    (all, Rows { first: width, stride: 3 * width })
}

#[test]
fn a_head_is_its_formula_and_so_are_its_gradients() {
    each(|reference, factor| {
        let &Reference { queries, keys, width, causal, length } = reference;
        let what = format!("{queries} {keys} {width} {causal} {length} {factor}");
        let inputs = [(queries, 1), (keys, 2), (keys, 3)].map(|(n, seed)| numbers(n * width, seed));
        let wide = inputs.clone().map(|x| x.into_iter().map(f64::from).collect::<Vec<f64>>());
        let kernel = Attention::new([queries, keys, width], causal, false);
        let mut scratch = vec![f32::NAN; kernel.scratch_len()];
        let head = Head { length, factor: factor.then_some(dropped) };
        let spread_out = inputs.clone().map(|rows| spread(&rows, width));
        let given = spread_out.each_ref().map(|(all, rows)| (all.as_slice(), *rows));
        let (mut y, to) = spread(&vec![0.0; queries * width], width);
        kernel.forward(head, given, (&mut y, to), &mut scratch);
        let want = reference.output(&wide[0], &wide[1], &wide[2], factor);
        let want: Vec<f32> = want.iter().map(|x| *x as f32).collect();
        let got: Vec<f32> =
            (0..queries).flat_map(|i| y[to.first + i * to.stride..][..width].to_vec()).collect();
        close(&what, &got, &want);

        let dy = numbers(queries * width, 4);
        let (all, from) = spread(&dy, width);
        let mut gradients = [queries, keys, keys].map(|n| vec![f32::NAN; n * width]);
        let give = |part: usize, row: usize, values: &[f32]| {
            gradients[part][row * width..(row + 1) * width].copy_from_slice(values);
        };
        kernel.backward(head, given, (&all, from), give, &mut scratch);
        if queries * keys * width > 300 {
            return;
        }
        for part in 0..3 {
            let slope = |at: usize| {
                let value = |step: f64| {
                    let mut moved = wide.clone();
                    moved[part][at] += step;
                    let y = reference.output(&moved[0], &moved[1], &moved[2], factor);
                    y.iter().zip(&dy).map(|(y, d)| y * f64::from(*d)).sum::<f64>()
                };
                ((value(1e-6) - value(-1e-6)) / 2e-6) as f32
            };
            let want: Vec<f32> = (0..wide[part].len()).map(slope).collect();
            close(&format!("{what} gradient {part}"), &gradients[part], &want);
        }
    });
}
