use super::super::testing::{LENGTHS, close, numbers};
use super::*;

#[test]
fn slopes_count_where_numbers_are_not_above_zero() {
    for (n, &level) in LENGTHS.iter().flat_map(|n| Level::all().iter().map(move |l| (*n, l))) {
        let what = format!("{n} {level:?}");
        let [mut x, slopes, dy, start] = [1, 2, 3, 4].map(|seed| numbers(n, seed));
        (x[n / 2], x[n - 1]) = (0.0, f32::NAN);
        let above = |i: usize| x[i] > 0.0;
        let each = |f: &dyn Fn(usize) -> f32| (0..n).map(f).collect::<Vec<f32>>();
        let mut y = vec![f32::INFINITY; n];
        forward_at(level, &x, &slopes, &mut y);
        close(&what, &y, &each(&|i| if above(i) { x[i] } else { slopes[i] * x[i] }));
        let (mut d, mut sums) = (dy.clone(), start.clone());
        backward_at(level, &x, &slopes, &mut d, &mut sums);
        close(&what, &d, &each(&|i| if above(i) { dy[i] } else { slopes[i] * dy[i] }));
        close(&what, &sums, &each(&|i| start[i] + if above(i) { 0.0 } else { dy[i] * x[i] }));
    }
}

#[test]
#[should_panic(expected = "assertion")]
fn slices_of_other_lengths_are_refused() {
    forward(&[0.0; 5], &[0.0; 4], &mut [0.0; 5]);
}
