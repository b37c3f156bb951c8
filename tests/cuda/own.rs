//! Layers of the user's, over dfdx's operations and over slices.

use crate::learning::tensors;
use crate::{Gpu, check};
use netwright::data::{Batch, Column};
use netwright::function::{Function, Gradient, function};
use netwright::prelude::*;
use netwright::{Error, Result, check_gradients};

/// y = x², with the tape's gradient.
#[derive(Clone, Debug, Layer)]
struct Square;

impl<S: Shape, E: Float, D: Backend<E>> Apply<Taped<S, E, D>> for Square {
    type Output = Taped<S, E, D>;
    fn apply(&self, x: Taped<S, E, D>, _: Mode) -> Result<Self::Output> {
        x.try_square().map_err(Error::device)
    }
}

/// y = slope · x², with a slope for each feature.
#[derive(Clone, Debug, Layer)]
struct Scaled<const N: usize, E: Dtype = f32, D: Device<E> = Cpu> {
    #[param(init = constant(0.5))]
    slope: Tensor<(Const<N>,), E, D>,
}

struct Squares;

impl<E: Float> Function<E> for Squares {
    fn forward(&self, x: &[E], params: &[&[E]], y: &mut [E]) {
        let slopes = params[0].iter().cycle();
        for ((y, &x), &slope) in y.iter_mut().zip(x).zip(slopes) {
            *y = slope * x * x;
        }
    }

    fn backward(&self, at: Gradient<'_, E>) {
        let n = at.params[0].len();
        for (i, (&x, &dy)) in at.x.iter().zip(at.dy).enumerate() {
            at.dx[i] = E::of(2.0) * dy * at.params[0][i % n] * x;
            at.dparams[0][i % n] += dy * x * x;
        }
    }
}

impl<const N: usize, E: Float, D: Backend<E>> Apply<Taped<(usize, Const<N>), E, D>>
    for Scaled<N, E, D>
{
    type Output = Taped<(usize, Const<N>), E, D>;
    fn apply(&self, x: Taped<(usize, Const<N>), E, D>, _: Mode) -> Result<Self::Output> {
        let shape = *x.shape();
        function(Squares, x, &[&self.slope], shape)
    }
}

network! {
    struct Net([4]) -> [3] {
        Linear<6>, Square -> [6], Residual { scaled: Scaled<6> -> [6] }, Linear<3>,
    }
}

/// Where three steps lead.
fn steps<E: Float, D: Backend<E>>(device: &D) -> Vec<Vec<E>> {
    let mut net = Net::<E, D>::init(device, 1).unwrap();
    let inputs = vec![
        Column::floats((0..44).map(|i| (i * 7 % 11) as f32 / 5.0 - 1.0).collect(), &[4]).unwrap(),
    ];
    let batch = Batch { inputs, targets: vec![Column::labels((0..11).map(|i| i % 3).collect())] };
    let mut sgd = Sgd::default().lr(0.1);
    let losses = (0..3).map(|_| net.step(&batch, CrossEntropy, &mut sgd).unwrap().loss);
    let losses = losses.map(E::of).collect();
    std::iter::once(losses).chain(tensors(&net)).collect()
}

#[test]
fn own_layers() {
    check("own_layers", |device, found| {
        let expected = steps::<f64, Cpu>(&Cpu::default());
        found.lists("list", &steps::<f64, Gpu>(device), &expected);
        found.lists("list", &steps::<f32, Gpu>(device), &expected);
    });
}

#[test]
fn gradients_of_own_layers() {
    check("gradients_of_own_layers", |device, found| {
        let net = Net::<f64, Gpu>::init(device, 1).unwrap();
        let x: Vec<f32> = (0..12).map(|i| i as f32 / 6.0 - 1.1).collect();
        let report = check_gradients(&net, &Column::floats(x, &[4]).unwrap()).unwrap();
        found.holds(&format!("{report}"), report.is_right());
    });
}
