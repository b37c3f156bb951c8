//! What another crate made is seen through, trained and named as if it stood here.

use netwright::prelude::*;
use netwright_test_outer::Classifier;

const _: () = assert!(Classifier::PARAMS == 9 * 2 + 2 + 9 * 8 + 4 + 1 + 160 + 10);

#[test]
fn another_crates_network_and_layer_stand_in_this_one() {
    let net = Classifier::seeded(&Cpu::default(), 1);
    let names: Vec<_> = net.graph().params.iter().map(|param| param.name).collect();
    assert_eq!(names[2], "encoder.deep.weight");
    assert_eq!(names[4], "gain.gain");
    let image: Tensor<Rank3<1, 8, 8>, f32, Cpu> = Cpu::default().sample_normal();
    let logits: Tensor<Rank1<10>, f32, Cpu> = net.forward(image);
    assert!(logits.array().iter().all(|x| x.is_finite()));
    assert!(net.plan().steps().any(|step| step.starts_with("own layer")));
}
