use super::super::testing;
use super::reference::column;
use super::*;

/// Repeatable numbers about `mean`.
fn numbers(len: usize, mean: f32, seed: u32) -> Vec<f32> {
    testing::numbers(len, seed).into_iter().map(|x| mean + x).collect()
}

/// One row and one channel, channels around the vectors', rows around those of a run, and means
/// that are large beside the spread.
fn cases() -> impl Iterator<Item = (usize, usize, f32, Level)> {
    let channels = [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 40];
    let rows = [(1, 0.0), (3, 2.0), (32, 0.0), (33, 1000.0), (65, 0.0), (131, -50.0)];
    let all = channels.into_iter().flat_map(move |c| rows.map(|(rows, mean)| (rows, c, mean)));
    all.flat_map(|(rows, channels, mean)| {
        Level::all().iter().map(move |level| (rows, channels, mean, *level))
    })
}

fn close(what: &str, got: f64, want: f64, rows: usize) {
    assert!((got - want).abs() <= 1e-6 * rows as f64, "{what}: {got} for {want}");
}

#[test]
fn moments_are_those_of_f64() {
    for (rows, channels, mean, level) in cases() {
        let what = format!("{rows} rows of {channels} about {mean}, {level:?}");
        let x = numbers(rows * channels, mean, 3);
        let mut moments = vec![1.0; 2 * channels];
        add_moments_at(level, &x, channels, &mut moments);
        for channel in 0..channels {
            let [sum, squares] = reference::moments(&column(&x, channel, channels));
            let (got, square) = (moments[channel] - 1.0, moments[channels + channel] - 1.0);
            close(&what, got, sum, rows);
            close(&what, square - got * got / rows as f64, squares, rows);
        }
    }
}

#[test]
fn sums_for_gradients_are_those_of_f64() {
    for (rows, channels, mean, level) in cases() {
        let x = numbers(rows * channels, mean, 3);
        let (dy, y) = (numbers(x.len(), 0.1, 11), numbers(x.len(), 0.0, 17));
        for y in [None, Some(&y[..])] {
            let what = format!("{rows} rows of {channels} about {mean}, {level:?}");
            let job = GradientSums { x: &x, dy: &dy, y, channels };
            for channel in 0..channels {
                let mean = f64::from(mean) + 0.123_456_789;
                let (first, at) = (channel / BLOCK * BLOCK, channel % BLOCK);
                let got = job.block_at(level, first, &[mean; BLOCK]);
                let [x, dy] = [&x, &dy].map(|from| column(from, channel, channels));
                let y = y.map(|y| column(y, channel, channels));
                let want = reference::gradient_sums(&x, &dy, y.as_deref(), mean);
                close(&what, got[0][at], want[0], rows);
                close(&what, got[1][at], want[1], rows);
            }
        }
    }
}

/// The numbers that row `i` has of each coefficient.
fn of<const N: usize>(coefficients: &[f32], channels: usize, i: usize) -> [f64; N] {
    std::array::from_fn(|which| f64::from(coefficients[which * channels + i % channels]))
}

/// Some numbers with NaN and both infinities among them.
fn spoilt(mut x: Vec<f32>) -> Vec<f32> {
    let bad = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY];
    x.iter_mut().skip(2).step_by(7).zip(bad.iter().cycle()).for_each(|(x, bad)| *x = *bad);
    x
}

#[test]
fn normalized_rows_are_the_references() {
    for (rows, channels, mean, level) in cases() {
        let plain = numbers(rows * channels, mean, 3);
        let (skip, mut coefficients) =
            (numbers(plain.len(), 0.0, 5), numbers(3 * channels, 0.0, 6));
        coefficients[..channels].iter_mut().for_each(|negative| *negative -= mean);
        for (x, skip, relu) in [
            (plain.clone(), None, false),
            (plain.clone(), None, true),
            (plain.clone(), Some(&skip[..]), false),
            (spoilt(plain), Some(&skip[..]), true),
        ] {
            let what = format!("{rows} rows of {channels} about {mean}, {level:?}, relu {relu}");
            let job = Normalize { x: &x, skip, coefficients: &coefficients, channels, relu };
            let mut y = vec![f32::NAN; x.len()];
            job.run_at(level, &mut y);
            let want = (0..x.len()).map(|i| {
                let skip = skip.map(|skip| f64::from(skip[i]));
                let parts = of(&coefficients, channels, i);
                reference::normalized(f64::from(x[i]), skip, parts, relu) as f32
            });
            testing::close(&what, &y, &want.collect::<Vec<_>>());
        }
    }
}

#[test]
fn gradients_are_the_references() {
    for (rows, channels, mean, level) in cases() {
        let plain = numbers(rows * channels, mean, 3);
        let dy = numbers(plain.len(), 0.0, 4);
        let (active, mut coefficients) =
            (spoilt(numbers(dy.len(), 0.0, 5)), numbers(4 * channels, 0.0, 6));
        coefficients[..channels].iter_mut().for_each(|negative| *negative -= mean);
        for (x, dy, y, overwrite) in [
            (Some(&plain[..]), dy.clone(), None, true),
            (Some(&plain[..]), dy.clone(), Some(&active[..]), false),
            (None, dy.clone(), Some(&active[..]), true),
            (None, spoilt(dy.clone()), None, false),
            (Some(&spoilt(plain.clone())[..]), dy, Some(&active[..]), true),
        ] {
            let what = format!("{rows} rows of {channels} about {mean}, {level:?}, {overwrite}");
            let job = Gradient { x, dy: &dy, y, coefficients: &coefficients, channels, overwrite };
            let start = numbers(dy.len(), 0.0, 7);
            let mut dx = start.clone();
            job.run_at(level, &mut dx);
            let want = (0..dy.len()).map(|i| {
                let [x, y] = [x, y].map(|from| from.map(|from| f64::from(from[i])));
                let parts = of(&coefficients, channels, i);
                let before = if overwrite { 0.0 } else { f64::from(start[i]) };
                (reference::gradient(x, f64::from(dy[i]), y, parts) + before) as f32
            });
            testing::close(&what, &dx, &want.collect::<Vec<_>>());
        }
    }
}
