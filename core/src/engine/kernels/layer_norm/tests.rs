use super::super::testing::{LENGTHS, close, numbers};
use super::reference::Reference;
use super::*;

const EPS: f32 = 1e-5;

/// Forward and backward, with gradients of weight and bias that have something in them.
fn check(what: &str, level: Level, x: &[f32], affine: bool, dy: &[f32]) {
    let n = x.len();
    let (weight, bias) = (numbers(n, 2), numbers(n, 3));
    let [weight, bias] = [&weight, &bias].map(|of| affine.then_some(&of[..]));
    let reference = Reference { x, weight, bias, eps: f64::from(EPS) };
    let (mut y, mut moments) = (vec![f32::NAN; n], [f32::NAN; MOMENTS]);
    forward_at(level, x, weight.zip(bias), EPS, &mut y, &mut moments);
    close(&format!("{what}: y"), &y, &reference.forward());

    let (start, mut dx) = (numbers(n, 4), dy.to_vec());
    let (mut dw, mut db) = (start.clone(), start.clone());
    let parts = weight.map(|weight| (weight, &mut dw[..], &mut db[..]));
    backward_at(level, x, &moments, parts, &mut dx);
    let [want, dweight, dbias] = reference.backward(dy);
    close(&format!("{what}: dx"), &dx, &want);
    if affine {
        let added = |of: &[f32]| of.iter().zip(&start).map(|(a, b)| a + b).collect::<Vec<f32>>();
        close(&format!("{what}: dw"), &dw, &added(&dweight));
        close(&format!("{what}: db"), &db, &added(&dbias));
    }
}

#[test]
fn rows_are_the_references() {
    for (n, &level) in LENGTHS.into_iter().flat_map(|n| Level::all().iter().map(move |l| (n, l))) {
        for (mean, spread) in [(0.0, 1.0), (100.0, 1.0), (-3000.0, 0.5), (0.0, 1e-4), (2.0, 0.0)] {
            let x: Vec<f32> = numbers(n, 1).iter().map(|x| mean + spread * x).collect();
            for affine in [false, true] {
                let what = format!("{n} about {mean} +- {spread}, {level:?}, affine {affine}");
                check(&what, level, &x, affine, &numbers(n, 5));
            }
        }
    }
}

#[test]
fn what_is_not_finite_spoils_its_row() {
    for (n, &level) in LENGTHS.into_iter().flat_map(|n| Level::all().iter().map(move |l| (n, l))) {
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let mut x = numbers(n, 1);
            x[n / 2] = bad;
            check(&format!("{bad} of {n}, {level:?}"), level, &x, true, &numbers(n, 5));
        }
    }
}

#[test]
#[should_panic(expected = "assertion")]
fn rows_of_other_lengths_are_refused() {
    forward(&[0.0; 4], Some((&[0.0; 4], &[0.0; 3])), EPS, &mut [0.0; 4], &mut [0.0; MOMENTS]);
}
