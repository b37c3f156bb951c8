use netwright::prelude::*;

#[derive(Clone, Layer)]
struct Scale<E: Dtype = f32, D: Device<E> = Cpu> {
    #[param(inti = ones)]
    factor: Tensor<(Const<4>,), E, D>,
    #[param(trainable = 3)]
    other: Tensor<(Const<4>,), E, D>,
}

fn main() {}
