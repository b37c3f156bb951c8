//! Slow and obvious: what the kernels must compute, in f64 from the definition.

/// The sizes of a product.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reference {
    pub n: usize,
    pub inputs: usize,
    pub outputs: usize,
}

impl Reference {
    /// Calls `f(sample, input, output)` for every product.
    fn each(&self, mut f: impl FnMut(usize, usize, usize)) {
        for s in 0..self.n {
            for o in 0..self.outputs {
                (0..self.inputs).for_each(|i| f(s, i, o));
            }
        }
    }

    pub fn forward(&self, x: &[f32], weight: &[f32], bias: Option<&[f32]>, relu: bool) -> Vec<f32> {
        let mut y: Vec<f64> = (0..self.n * self.outputs)
            .map(|at| bias.map_or(0.0, |bias| f64::from(bias[at % self.outputs])))
            .collect();
        self.each(|s, i, o| {
            let weight = weight[o * self.inputs + i];
            y[s * self.outputs + o] += f64::from(x[s * self.inputs + i]) * f64::from(weight);
        });
        y.iter().map(|&y| if relu && y <= 0.0 { 0.0 } else { y as f32 }).collect()
    }

    pub fn input(&self, dy: &[f32], weight: &[f32], dx: &[f32]) -> Vec<f32> {
        let mut dx: Vec<f64> = dx.iter().map(|&x| f64::from(x)).collect();
        self.each(|s, i, o| {
            let weight = weight[o * self.inputs + i];
            dx[s * self.inputs + i] += f64::from(dy[s * self.outputs + o]) * f64::from(weight);
        });
        dx.iter().map(|&x| x as f32).collect()
    }

    pub fn weights(&self, x: &[f32], dy: &[f32], dw: &[f32]) -> Vec<f32> {
        let mut dw: Vec<f64> = dw.iter().map(|&x| f64::from(x)).collect();
        self.each(|s, i, o| {
            let x = x[s * self.inputs + i];
            dw[o * self.inputs + i] += f64::from(dy[s * self.outputs + o]) * f64::from(x);
        });
        dw.iter().map(|&x| x as f32).collect()
    }

    pub fn bias(&self, dy: &[f32], db: &[f32]) -> Vec<f32> {
        let sum = |o| dy.iter().skip(o).step_by(self.outputs).map(|&x| f64::from(x)).sum::<f64>();
        db.iter().enumerate().map(|(o, &b)| (f64::from(b) + sum(o)) as f32).collect()
    }
}
