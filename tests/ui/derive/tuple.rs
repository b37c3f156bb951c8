use netwright::prelude::*;

#[derive(Clone, Layer)]
struct Scale<E: Dtype = f32, D: Device<E> = Cpu>(Tensor<(Const<4>,), E, D>);

fn main() {}
