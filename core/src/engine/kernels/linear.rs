//! temporary
use super::conv::Act;
#[derive(Debug)]
pub(crate) struct Linear {
    i: usize,
    o: usize,
}
impl Linear {
    pub(crate) fn new(i: usize, o: usize) -> Self {
        Linear { i, o }
    }
    pub(crate) fn packed_len(&self) -> usize {
        self.i * self.o
    }
    pub(crate) fn pack(&self, w: &[f32], p: &mut [f32]) {
        p.copy_from_slice(w)
    }
    pub(crate) fn forward(
        &self,
        n: usize,
        x: &[f32],
        w: &[f32],
        b: Option<&[f32]>,
        act: Act,
        y: &mut [f32],
    ) {
        for r in 0..n {
            for o in 0..self.o {
                let mut s = b.map_or(0.0, |b| b[o]);
                for i in 0..self.i {
                    s += x[r * self.i + i] * w[o * self.i + i];
                }
                y[r * self.o + o] = if act == Act::Relu && s <= 0.0 { 0.0 } else { s };
            }
        }
    }
    pub(crate) fn forward_few(
        &self,
        n: usize,
        x: &[f32],
        w: &[f32],
        b: Option<&[f32]>,
        act: Act,
        y: &mut [f32],
    ) {
        self.forward(n, x, w, b, act, y)
    }
    pub(crate) fn backward_input(&self, n: usize, dy: &[f32], w: &[f32], dx: &mut [f32]) {
        for r in 0..n {
            for o in 0..self.o {
                for i in 0..self.i {
                    dx[r * self.i + i] += dy[r * self.o + o] * w[o * self.i + i];
                }
            }
        }
    }
    pub(crate) fn backward_weights(
        &self,
        n: usize,
        x: &[f32],
        dy: &[f32],
        dw: &mut [f32],
        db: Option<&mut [f32]>,
    ) {
        for r in 0..n {
            for o in 0..self.o {
                for i in 0..self.i {
                    dw[o * self.i + i] += dy[r * self.o + o] * x[r * self.i + i];
                }
            }
        }
        if let Some(db) = db {
            for r in 0..n {
                for o in 0..self.o {
                    db[o] += dy[r * self.o + o];
                }
            }
        }
    }
}
