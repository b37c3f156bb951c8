use super::super::testing::{LENGTHS, close, numbers};
use super::reference::Reference;
use super::*;

const EPS: f32 = 1e-5;

/// The sums of both, element by element.
fn plus(a: &[f32], b: &[f32]) -> Vec<f32> {
    a.iter().zip(b).map(|(a, b)| a + b).collect()
}

/// Forward and backward of rows of `n` floats, with gradients that have something in them.
fn check(what: &str, level: Level, n: usize, x: &[f32], affine: bool, dy: &[f32]) {
    let (weight, bias) = (numbers(n, 2), numbers(n, 3));
    let [weight, bias] = [&weight, &bias].map(|of| affine.then_some(&of[..]));
    let rows: Vec<Reference<'_>> =
        x.chunks_exact(n).map(|x| Reference { x, weight, bias, eps: f64::from(EPS) }).collect();
    let (mut y, mut moments) = (vec![f32::NAN; x.len()], vec![f32::NAN; rows.len() * MOMENTS]);
    forward_at(level, n, x, weight.zip(bias), EPS, &mut y, &mut moments);
    let want: Vec<f32> = rows.iter().flat_map(Reference::forward).collect();
    close(&format!("{what}: y"), &y, &want);

    let start = numbers(n, 4);
    let (mut want, mut dweight, mut dbias) = (vec![], start.clone(), start.clone());
    for (row, dy) in rows.iter().zip(dy.chunks_exact(n)) {
        let [dx, dw, db] = row.backward(dy);
        want.extend(dx);
        (dweight, dbias) = (plus(&dweight, &dw), plus(&dbias, &db));
    }
    let before = numbers(x.len(), 6);
    for to in [None, Some(true), Some(false)] {
        let (mut d, mut dx) = (dy.to_vec(), before.clone());
        let (mut dw, mut db) = (start.clone(), start.clone());
        let parts = weight.map(|weight| (weight, &mut dw[..], &mut db[..]));
        let onto = to.map(|overwrite| Onto { dx: &mut dx, overwrite });
        backward_at(level, n, x, &moments, parts, &mut d, onto);
        let want = match to {
            None => before.clone(),
            Some(true) => want.clone(),
            Some(false) => plus(&want, &before),
        };
        close(&format!("{what} {to:?}: dx"), &dx, &want);
        if affine {
            close(&format!("{what} {to:?}: dw"), &dw, &dweight);
            close(&format!("{what} {to:?}: db"), &db, &dbias);
        }
    }
}

#[test]
fn rows_are_the_references() {
    for (n, &level) in LENGTHS.into_iter().flat_map(|n| Level::all().iter().map(move |l| (n, l))) {
        for (mean, spread) in [(0.0, 1.0), (100.0, 1.0), (-3000.0, 0.5), (0.0, 1e-4), (2.0, 0.0)] {
            for (rows, affine) in [(1, false), (1, true), (7, true), (8, false)] {
                let len = rows * n;
                let x: Vec<f32> = numbers(len, 1).iter().map(|x| mean + spread * x).collect();
                let what =
                    format!("{rows} of {n} about {mean} +- {spread}, {level:?}, affine {affine}");
                check(&what, level, n, &x, affine, &numbers(len, 5));
            }
        }
    }
}

#[test]
fn what_is_not_finite_spoils_its_row() {
    for (n, &level) in LENGTHS.into_iter().flat_map(|n| Level::all().iter().map(move |l| (n, l))) {
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let mut x = numbers(5 * n, 1);
            x[2 * n + n / 2] = bad;
            check(&format!("{bad} of {n}, {level:?}"), level, n, &x, true, &numbers(5 * n, 5));
        }
    }
}

#[test]
#[should_panic(expected = "assertion")]
fn rows_of_other_lengths_are_refused() {
    forward(4, &[0.0; 4], Some((&[0.0; 4], &[0.0; 3])), EPS, &mut [0.0; 4], &mut [0.0; MOMENTS]);
}
