//! Layers that are not in the catalogue: one over dfdx's tensors, one with a gradient of its own, and
//! a closure.
//!
//! `cargo run --release --example custom_layer`

use netwright::data::digits;
use netwright::function::{Function, Gradient, function};
use netwright::prelude::*;
use netwright::{Result, check_gradients};

/// y = x · gain, with a gain for each channel, shared by all its pixels.
#[derive(Clone, Debug, Layer)]
struct Gain<const C: usize, E: Dtype = f32, D: Device<E> = Cpu> {
    #[param(init = ones)]
    gain: Tensor<(Const<C>,), E, D>,
}

type Image<const C: usize, const H: usize, const W: usize, E, D> =
    Taped<(usize, Const<C>, Const<H>, Const<W>), E, D>;

impl<const C: usize, const H: usize, const W: usize, E: Float, D: Backend<E>>
    Apply<Image<C, H, W, E, D>> for Gain<C, E, D>
{
    type Output = Image<C, H, W, E, D>;

    fn apply(&self, x: Image<C, H, W, E, D>, _: Mode) -> Result<Self::Output> {
        let gain = self.gain.retaped::<OwnedTape<E, D>>();
        let gain = gain.broadcast_like::<_, Axes3<0, 2, 3>>(x.shape());
        Ok(x * gain)
    }
}

/// A neuron fires where its input is above zero. That step has no useful gradient, so a training
/// takes that of a fast sigmoid (Zenke and Ganguli: SuperSpike, 2018).
#[derive(Clone, Debug, Layer)]
struct Spike;

impl<const N: usize, E: Float, D: Backend<E>> Apply<Taped<(usize, Const<N>), E, D>> for Spike {
    type Output = Taped<(usize, Const<N>), E, D>;

    fn apply(&self, x: Taped<(usize, Const<N>), E, D>, _: Mode) -> Result<Self::Output> {
        let shape = *x.shape();
        function(Surrogate, x, &[], shape)
    }
}

struct Surrogate;

impl<E: Float> Function<E> for Surrogate {
    fn forward(&self, x: &[E], _: &[&[E]], y: &mut [E]) {
        for (y, &x) in y.iter_mut().zip(x) {
            *y = if x > E::zero() { E::one() } else { E::zero() };
        }
    }

    fn backward(&self, at: Gradient<'_, E>) {
        for ((dx, &dy), &x) in at.dx.iter_mut().zip(at.dy).zip(at.x) {
            let slope = E::one() + x.abs();
            *dx = dy / (slope * slope);
        }
    }
}

network! {
    struct Digits([1, 8, 8]) -> [10] {
        Conv2d<32, 3, padding = same>, Map(|x| x * x.sigmoid()), gain: Gain<32> -> [32, 8, 8],
        MaxPool2d<2>, Flatten,
        Linear<128>, Spike -> [128],
        Linear<10>,
    }
}

fn main() -> Result<()> {
    let (train, test) = digits()?.shuffled(42).split(0.8)?;
    let device = AutoDevice::default();
    let mut net = Digits::seeded(&device, 42);
    println!("{}\n", net.plan());

    // Every layer against central differences: only the surrogate differs, as it should.
    let report = check_gradients(&net, &test.clone().take(2))?;
    println!("{report}\n");
    let wrong: Vec<_> = report.wrong().map(|gradient| gradient.layer).collect();
    assert_eq!(wrong, ["spike_1"]);

    let fit = Fit::new(CrossEntropy, Adam::default().lr(2e-3)).epochs(20).batch(32).seed(42);
    println!("{}", net.fit(&train, fit.validate(&test))?);
    let report = net.evaluate(&test, CrossEntropy)?;
    println!("test accuracy: {:.4}", report.accuracy.unwrap_or(0.0));
    Ok(())
}
