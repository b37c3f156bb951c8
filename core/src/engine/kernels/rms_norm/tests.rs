use super::super::testing::{LENGTHS, close, numbers};
use super::*;

/// x / √(mean(x²) + eps) · weight in f64.
fn reference(x: &[f64], weight: &[f64], eps: f64) -> Vec<f64> {
    let mean = x.iter().map(|x| x * x).sum::<f64>() / x.len() as f64;
    x.iter().zip(weight).map(|(x, w)| x / (mean + eps).sqrt() * w).collect()
}

#[test]
fn a_row_is_its_formula_and_so_are_its_gradients() {
    let eps = 1e-2;
    for (n, &level) in LENGTHS.iter().flat_map(|n| Level::all().iter().map(move |l| (*n, l))) {
        let [x, weight, dy] = [1, 2, 3].map(|seed| numbers(n, seed));
        let wide = |of: &[f32]| of.iter().map(|x| f64::from(*x)).collect::<Vec<_>>();
        let narrow = |of: Vec<f64>| of.into_iter().map(|x| x as f32).collect::<Vec<_>>();
        let what = format!("{n} {level:?}");
        let mut y = vec![f32::NAN; n];
        let scale = forward_at(level, &x, Some(&weight), eps, &mut y);
        let value = |x: &[f64], w: &[f64]| reference(x, w, f64::from(eps));
        close(&what, &y, &narrow(value(&wide(&x), &wide(&weight))));
        let (mut d, mut dw) = (dy.clone(), vec![0.0; n]);
        backward_at(level, &x, scale, Some((&weight, &mut dw)), &mut d);
        let slope = |which: usize, at: usize| {
            let along = |step: f64| {
                let mut given = [wide(&x), wide(&weight)];
                given[which][at] += step;
                let y = value(&given[0], &given[1]);
                y.iter().zip(&dy).map(|(y, d)| y * f64::from(*d)).sum::<f64>()
            };
            (along(1e-6) - along(-1e-6)) / 2e-6
        };
        close(&what, &d, &narrow((0..n).map(|at| slope(0, at)).collect()));
        close(&what, &dw, &narrow((0..n).map(|at| slope(1, at)).collect()));
        let ones = vec![1.0; n];
        forward_at(level, &x, None, eps, &mut y);
        close(&what, &y, &narrow(value(&wide(&x), &ones)));
        let mut plain = dy.clone();
        backward_at(level, &x, scale, None, &mut plain);
        let mut with_ones = dy.clone();
        backward_at(level, &x, scale, Some((&vec![1.0; n], &mut dw)), &mut with_ones);
        close(&what, &plain, &with_ones);
    }
}
