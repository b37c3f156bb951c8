use netwright::prelude::*;

#[derive(Clone, Layer)]
struct Scale<E: Dtype = f32, D: Device<E> = Cpu> {
    factor: Tensor<(Const<4>,), E, D>,
    threshold: f64,
    #[value(3)]
    other: f64,
}

fn main() {}
