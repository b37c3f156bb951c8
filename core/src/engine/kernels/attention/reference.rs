//! Slow and obvious: what a head must compute, in f64 from the definition.

/// The sizes of a head, and what is asked of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reference {
    pub queries: usize,
    pub keys: usize,
    pub width: usize,
    pub causal: bool,
    pub length: usize,
    pub rotary: bool,
    pub factor: bool,
}

/// What dropout makes of a weight.
pub(super) fn dropped(number: usize) -> f32 {
    if number.is_multiple_of(3) { 0.0 } else { 1.5 }
}

impl Reference {
    /// The output, and the gradients of q, k and v, of q, k, v and the gradient of the output.
    pub fn run(&self, data: &[Vec<f32>; 4]) -> [Vec<f32>; 4] {
        let wide = data.each_ref().map(|x| x.iter().map(|x| f64::from(*x)).collect());
        self.run_wide(&wide).map(|x| x.iter().map(|x| *x as f32).collect())
    }

    pub fn run_wide(&self, [q, k, v, dy]: &[Vec<f64>; 4]) -> [Vec<f64>; 4] {
        let &Reference { queries, keys, width, .. } = self;
        let scale = 1.0 / (width as f64).sqrt();
        let (q, k) = (self.turned(q, 1.0), self.turned(k, 1.0));
        let [mut y, mut dq] = [(); 2].map(|()| vec![0.0; queries * width]);
        let [mut dk, mut dv] = [(); 2].map(|()| vec![0.0; keys * width]);
        for query in 0..queries {
            let (q, dy) = (row(&q, query, width), row(dy, query, width));
            let weights = self.weights(query, q, &k);
            let factor = |key: usize| match self.factor {
                true => f64::from(dropped(query * keys + key)),
                false => 1.0,
            };
            let seen = weights.len();
            let slopes: Vec<f64> =
                (0..seen).map(|key| dot(dy, row(v, key, width)) * factor(key)).collect();
            let mean = dot(&weights, &slopes);
            let asked = dy.iter().any(|dy| *dy != 0.0);
            for key in 0..seen {
                let slope = weights[key] * (slopes[key] - mean) * scale;
                let weight = weights[key] * factor(key);
                for i in 0..width {
                    let (of_query, of_key) = (query * width + i, key * width + i);
                    y[of_query] += weight * v[of_key];
                    if !asked {
                        continue;
                    }
                    dv[of_key] += weight * dy[i];
                    dq[of_query] += slope * k[of_key];
                    dk[of_key] += slope * q[i];
                }
            }
        }
        [y, self.turned(&dq, -1.0), self.turned(&dk, -1.0), dv]
    }

    /// The weights of the keys that are seen.
    fn weights(&self, query: usize, q: &[f64], k: &[f64]) -> Vec<f64> {
        let seen = if self.causal { self.length.min(query + 1) } else { self.length };
        let score = |key| dot(q, row(k, key, self.width)) / (self.width as f64).sqrt();
        let scores: Vec<f64> = (0..seen.min(self.keys)).map(score).collect();
        let top = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let powers: Vec<f64> = scores.iter().map(|score| (score - top).exp()).collect();
        let sum: f64 = powers.iter().sum();
        powers.iter().map(|power| power / sum).collect()
    }

    /// Pairs of features turned by the angles of their row.
    fn turned(&self, rows: &[f64], sign: f64) -> Vec<f64> {
        if !self.rotary {
            return rows.to_vec();
        }
        let width = self.width;
        let turn = |at: usize| {
            let (row, pair) = (at / width, at % width / 2);
            let angle = row as f64 / 10_000_f64.powf((2 * pair) as f64 / width as f64) * sign;
            let (x, y) = (rows[row * width + 2 * pair], rows[row * width + 2 * pair + 1]);
            match at % width % 2 {
                0 => x * angle.cos() - y * angle.sin(),
                _ => x * angle.sin() + y * angle.cos(),
            }
        };
        (0..rows.len()).map(turn).collect()
    }
}

fn row(of: &[f64], number: usize, width: usize) -> &[f64] {
    &of[number * width..(number + 1) * width]
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
