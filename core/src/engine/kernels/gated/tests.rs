use super::super::testing::{LENGTHS, close, numbers};
use super::*;

fn gate(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}

/// The value, and the gradients of both.
fn reference(a: f32, b: f32, swish: bool) -> [f32; 3] {
    match swish {
        true => {
            let slope = gate(a) + a * gate(a) * (1.0 - gate(a));
            [a * gate(a) * b, slope * b, a * gate(a)]
        }
        false => [a * gate(b), gate(b), a * gate(b) * (1.0 - gate(b))],
    }
}

#[test]
fn halves_open_each_other() {
    for (half, &level) in LENGTHS.iter().flat_map(|n| Level::all().iter().map(move |l| (*n, l))) {
        for swish in [false, true] {
            let what = format!("{half} {level:?} {swish}");
            let kernel = Gated::at_level(half, swish, level);
            let x: Vec<f32> = numbers(6 * half, 1).iter().map(|x| 5.0 * x).collect();
            let (dy, start) = (numbers(3 * half, 2), numbers(6 * half, 3));
            let [mut y, mut dx] = [vec![0.0; 3 * half], vec![0.0; 6 * half]];
            for (i, y) in y.iter_mut().enumerate() {
                let first = i / half * 2 * half + i % half;
                let [value, da, db] = reference(x[first], x[first + half], swish);
                *y = value;
                (dx[first], dx[first + half]) = (da * dy[i], db * dy[i]);
            }
            let mut got = vec![f32::NAN; 3 * half];
            kernel.forward(&x, &mut got);
            close(&what, &got, &y);
            let mut got = vec![f32::NAN; 6 * half];
            kernel.backward(&x, &dy, &mut got, true);
            close(&what, &got, &dx);
            let mut got = start.clone();
            kernel.backward(&x, &dy, &mut got, false);
            let sums: Vec<f32> = start.iter().zip(&dx).map(|(a, b)| a + b).collect();
            close(&what, &got, &sums);
        }
    }
}

#[test]
#[should_panic(expected = "assertion")]
fn slices_of_other_lengths_are_refused() {
    Gated::new(2, false).forward(&[0.0; 8], &mut [0.0; 2]);
}
