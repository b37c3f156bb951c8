use netwright::prelude::*;

#[derive(Clone, Layer)]
struct Scale<E: Dtype = f32, D: Device<E> = Cpu> {
    factor: Tensor<(usize,), E, D>,
}

fn main() {}
