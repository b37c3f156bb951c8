//! Declared networks in files.

use netwright::prelude::*;
use netwright::{Error, Result};
use std::path::Path;

network! {
    struct Small([1, 5, 5]) -> [3] {
        Conv2d<2, 3>, Relu, Flatten, Linear<3>,
    }
}

network! {
    struct Wider([1, 5, 5]) -> [3] {
        Conv2d<4, 3>, Relu, Flatten, Linear<8>, Relu, out: Linear<3>,
    }
}

network! {
    struct Named<const N: usize>([4]) -> [N] {
        Linear<N>,
    }
}

network! {
    struct Bare([4]) {
        Relu,
    }
}

fn input(device: &Cpu) -> Tensor<Rank4<1, 1, 5, 5>, f32, Cpu> {
    device.tensor_from_vec((0..25).map(|i| i as f32 / 25.0).collect(), Default::default())
}

#[test]
fn a_loaded_network_computes_the_same() -> Result<()> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("small.safetensors");
    let device = Cpu::default();
    let saved: Small = Small::seeded(&device, 42);
    saved.save(&path)?;
    let mut net: Small = Small::seeded(&device, 0);
    let before = net.forward(input(&device)).as_vec();
    net.load(&path)?;
    let after = net.forward(input(&device)).as_vec();
    assert_ne!(before, after);
    assert_eq!(after, saved.forward(input(&device)).as_vec());
    Ok(())
}

#[test]
fn a_file_of_pytorch_loads_and_computes_the_same() -> Result<()> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/pytorch.safetensors");
    let device = Cpu::default();
    let mut net: Small = Small::seeded(&device, 0);
    net.load(&path)?;
    let output = net.forward(input(&device)).as_vec();
    // What tests/fixtures/pytorch.py prints.
    let expected: [f32; 3] = [0.2051098, 0.2079735, 0.04690818];
    for (found, expected) in output.iter().zip(expected) {
        assert!((found - expected).abs() < 1e-6, "{output:?}");
    }
    Ok(())
}

#[test]
fn another_network_is_refused() -> Result<()> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("wider.safetensors");
    let device = Cpu::default();
    let wider: Wider = Wider::seeded(&device, 42);
    wider.save(&path)?;
    let mut net: Small = Small::seeded(&device, 0);
    let before = net.forward(input(&device)).as_vec();
    let error = net.load(&path).unwrap_err();
    assert!(matches!(error, Error::File { .. }));
    let expected = format!(
        "{}: does not fit `Small` (6 differences; the file says it is `Wider`):\n  \
         shape: conv2d_1.weight expected [2, 1, 3, 3], found [4, 1, 3, 3]\n  \
         shape: conv2d_1.bias expected [2], found [4]\n  \
         shape: linear_1.weight expected [3, 18], found [8, 36]\n  \
         shape: linear_1.bias expected [3], found [8]\n  \
         unexpected: out.weight [3, 8]\n  \
         unexpected: out.bias [3]",
        path.display()
    );
    assert_eq!(error.to_string(), expected);
    assert_eq!(net.forward(input(&device)).as_vec(), before);
    Ok(())
}

#[test]
fn a_generic_size_is_checked() -> Result<()> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("named.safetensors");
    let device = Cpu::default();
    let five: Named<5> = Named::seeded(&device, 1);
    five.save(&path)?;
    let mut six: Named<6> = Named::seeded(&device, 1);
    let error = six.load(&path).unwrap_err().to_string();
    assert!(error.contains("shape: linear_1.weight expected [6, 4], found [5, 4]"), "{error}");
    Ok(())
}

/// The way that the message about a wider float type names.
#[test]
fn a_wider_float_type_is_refused_and_can_be_converted() -> Result<()> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("small.safetensors");
    let device = Cpu::default();
    let saved = Small::<f64>::init(&device, 42)?;
    saved.save(&path)?;
    let mut net: Small = Small::seeded(&device, 0);
    let error = net.load(&path).unwrap_err().to_string();
    assert!(error.contains("\n  type: linear_1.bias expected F32, found F64\n  help: "), "{error}");
    let mut own = Small::<f64>::init(&device, 0)?;
    own.load(&path)?;
    let converted: Small<f32> = own.to_dtype::<f32>();
    let expected: Vec<f32> = saved.linear_1.weight.as_vec().into_iter().map(|x| x as f32).collect();
    assert_eq!(converted.linear_1.weight.as_vec(), expected);
    Ok(())
}

#[test]
fn a_narrower_float_type_loads_exactly() -> Result<()> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("small.safetensors");
    let device = Cpu::default();
    let saved: Small = Small::seeded(&device, 42);
    saved.save(&path)?;
    let mut net = Small::<f64>::init(&device, 0)?;
    net.load(&path)?;
    let expected: Vec<f64> = saved.linear_1.weight.as_vec().into_iter().map(f64::from).collect();
    assert_eq!(net.linear_1.weight.as_vec(), expected);
    Ok(())
}

#[test]
fn a_network_without_parameters_has_a_file_too() -> Result<()> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bare.safetensors");
    let mut net: Bare = Bare::seeded(&Cpu::default(), 0);
    net.save(&path)?;
    net.load(&path)?;
    let mut small: Small = Small::seeded(&Cpu::default(), 0);
    assert!(small.load(&path).is_err());
    Ok(())
}
