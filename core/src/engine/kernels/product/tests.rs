use super::super::testing::{LENGTHS, numbers};
use super::*;

/// With NaN, infinities and zeros of both signs among them.
fn special(len: usize, seed: u32) -> Vec<f32> {
    let bad = [f32::NAN, f32::INFINITY, -0.0, f32::NEG_INFINITY, 0.0, 1e-40];
    let mut numbers = numbers(len, seed);
    let places = numbers.iter_mut().skip(seed as usize).step_by(3);
    places.zip(bad.iter().cycle()).for_each(|(x, b)| *x = *b);
    numbers
}

/// Products round like those of floats, so they are the same, whatever the NaN.
fn same(what: &str, got: &[f32], want: impl Fn(usize) -> f32) {
    for (i, &got) in got.iter().enumerate() {
        let want = want(i);
        assert!(got == want || got.is_nan() && want.is_nan(), "{what}: {got} for {want} at {i}");
    }
}

fn relu(x: f32, relu: bool) -> f32 {
    if relu && x <= 0.0 { 0.0 } else { x }
}

#[test]
fn products_are_those_of_floats() {
    let lengths = [0].into_iter().chain(LENGTHS);
    for (len, &level) in lengths.flat_map(|n| Level::all().iter().map(move |level| (n, level))) {
        for (a, b) in [(numbers(len, 1), numbers(len, 2)), (special(len, 1), special(len, 2))] {
            for (with_b, with_active) in
                [(false, false), (true, false), (false, true), (true, true)]
            {
                let (active, start) = (special(len, 3), numbers(len, 4));
                let product = Product {
                    by: -1.5,
                    a: &a,
                    b: with_b.then_some(&b),
                    active: with_active.then_some(&active),
                };
                let value = |i: usize| {
                    let zero = with_active && active[i] <= 0.0;
                    let scaled = if zero { 0.0 } else { a[i] } * -1.5;
                    if with_b { scaled * b[i] } else { scaled }
                };
                let what = format!("{len} {level:?} {with_b} {with_active}");
                let mut y = start.clone();
                product.run(level, &mut y, false, true);
                same(&what, &y, |i| value(i) + start[i]);
                product.run(level, &mut y, false, false);
                same(&what, &y, value);
                for with_relu in [false, true] {
                    product.run(level, &mut y, with_relu, false);
                    same(&what, &y, |i| relu(value(i), with_relu));
                    let mut y = a.clone();
                    multiply_by_at(level, &b, &mut y, with_relu);
                    same(&what, &y, |i| relu(a[i] * b[i], with_relu));
                }
            }
        }
    }
}

#[test]
#[should_panic(expected = "assertion")]
fn slices_of_other_lengths_are_refused() {
    Product { by: 1.0, a: &[0.0; 5], b: Some(&[0.0; 4]), active: None }.write(&mut [0.0; 5], true);
}
