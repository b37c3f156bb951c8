//! A library that exports networks whose sizes its users choose.

pub use netwright;

/// The height of every table in this library.
pub const ROWS: usize = 3;

/// Networks in a module, as a library has them.
pub mod vision {
    use crate::ROWS;
    use netwright::prelude::*;

    network! {
        /// Halves an image twice.
        pub struct Encoder<Channels: Size, Side: Size>([Channels, Side, Side])
            -> [{ 4 * Channels }, { Side / 2 / 2 }, { Side / 2 / 2 }]
        {
            Conv2d<{ 2 * Channels }, ROWS, padding = 1>, Relu, MaxPool2d<2>,
            deep: Conv2d<{ 4 * Channels }, ROWS, padding = 1>, Relu, MaxPool2d<2>,
        }
    }

    /// x times one trained number, for any shape.
    #[derive(Clone, Debug, Layer)]
    pub struct Gain<E: Dtype = f32, D: Device<E> = Cpu> {
        #[param(init = ones)]
        gain: Tensor<(Const<1>,), E, D>,
    }

    impl<S: Shape, E: Float, D: Backend<E>> Apply<Taped<S, E, D>> for Gain<E, D> {
        type Output = Taped<S, E, D>;
        fn apply(&self, x: Taped<S, E, D>, _: Mode) -> netwright::Result<Self::Output> {
            let gain = self.gain.retaped::<OwnedTape<E, D>>().sum::<(), _>();
            let gain = gain.broadcast_like(x.shape());
            Ok(x * gain)
        }
    }
}
