//! Slow and obvious: what the kernels must compute, in f64 from the definition.

pub(super) struct Reference<'a> {
    pub x: &'a [f32],
    pub weight: Option<&'a [f32]>,
    pub bias: Option<&'a [f32]>,
    pub eps: f64,
}

impl Reference<'_> {
    /// (x - mean) / √(variance + eps), and what it was multiplied by.
    fn units(&self) -> (Vec<f64>, f64) {
        let n = self.x.len() as f64;
        let x: Vec<f64> = self.x.iter().map(|&x| f64::from(x)).collect();
        let mean = x.iter().sum::<f64>() / n;
        let variance = x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
        let scale = 1.0 / (variance + self.eps).sqrt();
        (x.iter().map(|x| (x - mean) * scale).collect(), scale)
    }

    fn weight(&self, i: usize) -> f64 {
        self.weight.map_or(1.0, |weight| f64::from(weight[i]))
    }

    pub fn forward(&self) -> Vec<f32> {
        let bias = |i: usize| self.bias.map_or(0.0, |bias| f64::from(bias[i]));
        let units = self.units().0.into_iter().enumerate();
        units.map(|(i, unit)| (unit * self.weight(i) + bias(i)) as f32).collect()
    }

    /// The gradients of x, of the weight and of the bias.
    pub fn backward(&self, dy: &[f32]) -> [Vec<f32>; 3] {
        let ((units, scale), n) = (self.units(), dy.len() as f64);
        let dy: Vec<f64> = dy.iter().map(|&dy| f64::from(dy)).collect();
        let g: Vec<f64> = dy.iter().enumerate().map(|(i, dy)| dy * self.weight(i)).collect();
        let sum = g.iter().sum::<f64>() / n;
        let product = g.iter().zip(&units).map(|(g, unit)| g * unit).sum::<f64>() / n;
        let dx = g.iter().zip(&units).map(|(g, unit)| scale * (g - sum - unit * product));
        let dw = dy.iter().zip(&units).map(|(dy, unit)| dy * unit);
        [dx.collect(), dw.collect(), dy.clone()]
            .map(|all: Vec<f64>| all.into_iter().map(|x| x as f32).collect())
    }
}
