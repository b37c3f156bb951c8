use netwright::prelude::*;

#[derive(Clone, Layer)]
struct Scale<E: Float = f32, D: Backend<E> = Cpu> {
    factor: Tensor<(Const<4>,), E, D>,
}

fn main() {}
