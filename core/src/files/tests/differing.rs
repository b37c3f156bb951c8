use super::*;
use safetensors::Dtype;
use safetensors::tensor::{TensorView, serialize};
use std::collections::BTreeMap;

type Tensors = BTreeMap<&'static str, (Dtype, Vec<usize>)>;

fn fitting() -> Tensors {
    let entry = |p: &Param| (p.name, (Dtype::F32, p.shape.to_vec()));
    TINY.params.iter().map(entry).collect()
}

/// A file of zeros with these tensors, without metadata.
fn load(tensors: &Tensors, network: Option<&str>) -> Result<Tiny<f32>> {
    let bytes: Vec<_> = tensors
        .values()
        .map(|(dtype, shape)| vec![0; shape.iter().product::<usize>() * dtype.bitsize() / 8])
        .collect();
    let views = tensors.iter().zip(&bytes).map(|((name, (dtype, shape)), bytes)| {
        (*name, TensorView::new(*dtype, shape.clone(), bytes).unwrap())
    });
    let metadata = network.map(|name| {
        [("format", "netwright"), ("version", "1"), ("network", name)]
            .map(|(key, value)| (key.to_string(), value.to_string()))
            .into()
    });
    let directory = directory();
    let path = file(&directory, &serialize(views, metadata).unwrap());
    let mut net = untouched();
    net.load(&path).inspect_err(|_| assert_eq!(bits(&net), bits(&untouched())))?;
    Ok(net)
}

fn differences(tensors: &Tensors, network: Option<&str>) -> String {
    let text = load(tensors, network).err().unwrap().to_string();
    text.split_once(".safetensors: ").unwrap().1.to_string()
}

#[test]
fn a_file_without_metadata_loads() {
    let net = load(&fitting(), None).unwrap();
    assert_eq!(bits(&net), [0; 40]);
}

#[test]
fn all_differences_are_listed() {
    let mut tensors = fitting();
    tensors.insert("linear_1.weight", (Dtype::F32, vec![3, 2]));
    tensors.insert("linear_1.bias", (Dtype::F64, vec![2]));
    tensors.remove("norm.running_mean");
    tensors.insert("linear_3.weight\n", (Dtype::F32, vec![10, 64]));
    assert_eq!(
        differences(&tensors, Some("Cifar10")),
        "does not fit `Tiny` (4 differences; the file says it is `Cifar10`):\n  \
         shape: linear_1.weight expected [2, 3], found [3, 2]\n  \
         type: linear_1.bias expected F32, found F64\n  \
         missing: norm.running_mean [2]\n  \
         unexpected: linear_3.weight\\n [10, 64]\n  \
         help: numbers are not rounded on the way; load the file into an `f64` network, then convert \
         that one with `to_dtype`\n  \
         help: `StateDict::new(file).transposed(|name| …)` says which matrices lie the other way round in \
         the file\n  \
         help: `StateDict::new(file).renamed(|name| …)` says what the file calls the network's tensors"
    );
}

#[test]
fn type_and_shape_share_a_line() {
    let mut tensors = fitting();
    tensors.insert("linear_1.bias", (Dtype::I32, vec![4]));
    assert_eq!(
        differences(&tensors, Some("Tiny")),
        "does not fit `Tiny` (1 difference):\n  \
         type and shape: linear_1.bias expected F32 [2], found I32 [4]\n  \
         help: `StateDict::new(file).renamed(|name| name.replace(\"linear_1.bias\", \
         \"new_linear_1.bias\")).strict(false)` leaves `linear_1.bias` as it is, and loads the rest"
    );
}

#[test]
fn a_narrower_float_is_no_difference() {
    let mut tensors = fitting();
    tensors.insert("linear_1.weight", (Dtype::F16, vec![2, 3]));
    tensors.insert("linear_1.bias", (Dtype::BF16, vec![2]));
    assert!(load(&tensors, None).is_ok());
    tensors.insert("linear_1.bias", (Dtype::BF16, vec![4]));
    tensors.insert("norm.running_mean", (Dtype::F8_E4M3, vec![2]));
    assert_eq!(
        differences(&tensors, None),
        "does not fit `Tiny` (2 differences):\n  \
         shape: linear_1.bias expected [2], found [4]\n  \
         type: norm.running_mean expected F32, found F8_E4M3\n  \
         help: `StateDict::new(file).renamed(|name| …).strict(false)` leaves a tensor as it is that gets a \
         name which the file does not have"
    );
}

/// Loading nothing into something must not pass for a success.
#[test]
fn an_empty_file_is_refused() {
    assert!(differences(&Tensors::new(), None).starts_with("does not fit `Tiny` (3 differences):"));
}

#[test]
fn only_the_counter_of_a_batch_normalization_is_passed_over() {
    let mut tensors = fitting();
    tensors.insert("norm.num_batches_tracked", (Dtype::I64, vec![]));
    assert!(load(&tensors, None).is_ok());
    tensors.insert("linear_1.num_batches_tracked", (Dtype::I64, vec![]));
    assert_eq!(
        differences(&tensors, None),
        "does not fit `Tiny` (1 difference):\n  unexpected: linear_1.num_batches_tracked []\n  \
         help: `StateDict::new(file).strict(false)` loads what both have"
    );
}
