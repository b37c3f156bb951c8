use super::super::testing::{LENGTHS, numbers};
use super::*;

/// Numbers with NaN, infinities and zeros of both signs at every place of a vector.
fn special(len: usize, seed: u32) -> Vec<f32> {
    let bad = [f32::NAN, f32::INFINITY, -0.0, f32::NEG_INFINITY, 0.0, 1e-40];
    let mut numbers = numbers(len, seed);
    numbers
        .iter_mut()
        .skip(seed as usize)
        .step_by(3)
        .zip(bad.iter().cycle())
        .for_each(|(x, b)| *x = *b);
    numbers
}

/// Sums round once, so they are the same bits, whatever the NaN.
fn same(what: &str, got: &[f32], want: impl Iterator<Item = f32>) {
    let want: Vec<f32> = want.collect();
    assert_eq!(got.len(), want.len(), "{what}");
    for (i, (got, want)) in got.iter().zip(want).enumerate() {
        assert!(*got == want || got.is_nan() && want.is_nan(), "{what}: {got} for {want} at {i}");
    }
}

fn relu(x: f32, relu: bool) -> f32 {
    if relu && x <= 0.0 { 0.0 } else { x }
}

fn cases() -> impl Iterator<Item = (usize, Level, bool)> {
    let lengths = [0].into_iter().chain(LENGTHS);
    let levels = lengths.flat_map(|n| Level::all().iter().map(move |level| (n, *level)));
    levels.flat_map(|(n, level)| [(n, level, false), (n, level, true)])
}

#[test]
fn sums_and_differences_are_those_of_floats() {
    for (len, level, with_relu) in cases() {
        for (a, b) in [(numbers(len, 1), numbers(len, 2)), (special(len, 1), special(len, 2))] {
            for sign in [1.0, -1.0] {
                let what = format!("{len}, {level:?}, relu {with_relu}, sign {sign}");
                let want = |(a, b): (&f32, &f32)| relu(a + sign * b, with_relu);
                let mut y = vec![f32::NAN; len];
                sum_at(level, &a, sign, &b, &mut y, with_relu);
                same(&what, &y, a.iter().zip(&b).map(want));
                let mut y = a.clone();
                accumulate_at(level, sign, &b, &mut y, with_relu);
                same(&what, &y, a.iter().zip(&b).map(want));
            }
        }
    }
}

#[test]
fn gradients_pass_where_the_relu_was_active() {
    let signs = [1.0, -1.0].into_iter();
    for ((len, level, overwrite), sign) in signs.flat_map(|s| cases().map(move |case| (case, s))) {
        for (dy, y) in [(numbers(len, 1), special(len, 2)), (special(len, 1), numbers(len, 2))] {
            for y in [None, Some(&y[..])] {
                let relu = y.is_some();
                let what = format!("{len}, {level:?}, overwrite {overwrite}, relu {relu}, {sign}");
                let start = numbers(len, 3);
                let mut dx = start.clone();
                pass_gradient_at(level, sign, &dy, y, &mut dx, overwrite);
                let want = |i: usize| {
                    let active = y.is_none_or(|y| y[i] > 0.0 || y[i].is_nan());
                    let before = if overwrite { 0.0 } else { start[i] };
                    if active { before + sign * dy[i] } else { before }
                };
                same(&what, &dx, (0..len).map(want));
            }
        }
    }
}

#[test]
#[should_panic(expected = "assertion")]
fn slices_of_other_lengths_are_refused() {
    pass_gradient(&[0.0; 5], Some(&[0.0; 4]), &mut [0.0; 5], true);
}
