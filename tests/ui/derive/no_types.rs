use netwright::prelude::*;

#[derive(Clone, Layer)]
struct Scale {
    factor: Tensor<(Const<4>,), f32, Cpu>,
}

fn main() {}
