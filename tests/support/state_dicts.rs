//! Files of tests/fixtures/state_dicts, what networks hold, and what they gave to PyTorch.

#![allow(dead_code)] // each test program uses a part of it

use netwright::prelude::*;
use safetensors::SafeTensors;
use safetensors::tensor::TensorView;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A fixture.
pub fn path(name: &str) -> PathBuf {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/state_dicts");
    PathBuf::from(directory).join(format!("{name}.safetensors"))
}

/// Numbers in its metadata.
pub fn numbers(name: &str, key: &str) -> Vec<f32> {
    let bytes = std::fs::read(path(name)).unwrap();
    let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
    let text = header.metadata().as_ref().unwrap()[key].clone();
    text.split(' ').map(|word| word.parse().unwrap()).collect()
}

/// All parameters and buffers.
pub fn params(net: &impl Model<f32, Cpu>) -> Vec<Vec<f32>> {
    net.tensors().into_iter().map(|tensor| tensor.array().unwrap().data.as_vec()).collect()
}

/// Each tensor's type, shape and bytes.
pub type Tensors = BTreeMap<String, (safetensors::Dtype, Vec<usize>, Vec<u8>)>;

/// All of a file.
pub fn tensors(path: &Path) -> Tensors {
    let bytes = std::fs::read(path).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let all = file.iter().map(|(name, tensor)| {
        (name.to_string(), (tensor.dtype(), tensor.shape().to_vec(), tensor.data().to_vec()))
    });
    all.collect()
}

/// Where a file stays for tests/fixtures/load_state_dicts.py.
pub fn for_pytorch(name: &str) -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("state_dicts");
    std::fs::create_dir_all(&directory).unwrap();
    directory.join(format!("{name}.safetensors"))
}

/// A file with these tensors of floats.
pub fn file(tensors: &[(&str, &[usize], Vec<f32>)]) -> (tempfile::TempDir, PathBuf) {
    let bytes: Vec<Vec<u8>> = tensors
        .iter()
        .map(|(_, _, numbers)| numbers.iter().flat_map(|x| x.to_le_bytes()).collect())
        .collect();
    let views = tensors.iter().zip(&bytes).map(|((name, shape, _), bytes)| {
        (*name, TensorView::new(safetensors::Dtype::F32, shape.to_vec(), bytes).unwrap())
    });
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("other.safetensors");
    std::fs::write(&path, safetensors::serialize(views, None).unwrap()).unwrap();
    (directory, path)
}

/// What the network gave in PyTorch.
pub fn close(found: &[f32], name: &str) {
    let expected = numbers(name, "output");
    assert_eq!(found.len(), expected.len());
    for (i, (found, expected)) in found.iter().zip(&expected).enumerate() {
        let error = (found - expected).abs();
        assert!(error <= 4e-6 * expected.abs().max(1.0), "{name} [{i}]: {found}, not {expected}");
    }
}

/// What is said of a file that does not fit; the network must be as before.
pub fn refused<N: Model<f32, Cpu>>(net: &mut N, file: StateDict<'_>) -> String {
    let before = params(net);
    let error = net.load(file).unwrap_err().to_string();
    assert_eq!(params(net), before);
    error.split_once(".safetensors: ").unwrap().1.to_string()
}
