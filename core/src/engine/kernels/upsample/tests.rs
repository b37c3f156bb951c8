use super::super::testing::{close, numbers};
use super::*;

/// Channels, width and height, and the scale.
fn cases() -> Vec<([usize; 3], [usize; 2], Level)> {
    let mut cases = vec![];
    for channels in [1, 2, 3, 7, 8, 9, 16, 17, 33, 65] {
        for (size, scale) in
            [([1, 1], [1, 1]), ([3, 2], [2, 2]), ([5, 3], [3, 1]), ([2, 4], [1, 5])]
        {
            let levels = Level::all().iter();
            cases.extend(levels.map(|level| ([channels, size[0], size[1]], scale, *level)));
        }
    }
    cases
}

/// For each float of `y` its place in `x`.
fn places([channels, width, height]: [usize; 3], [down, across]: [usize; 2]) -> Vec<usize> {
    let row = width * across * channels;
    let from = |i: usize| {
        let (y, x) = (i / row / down, i % row / channels / across);
        (y * width + x) * channels + i % channels
    };
    (0..height * down * row).map(from).collect()
}

#[test]
fn copies_and_their_sums_are_the_references() {
    for (sizes @ [channels, width, height], scale, level) in cases() {
        let what = format!("{sizes:?} {scale:?} {level:?}");
        let kernel = Upsample::at_level(channels, width, scale, level);
        let places = places(sizes, scale);
        let mut x = numbers(channels * width * height, 1);
        x[channels / 2] = f32::NAN;
        let mut y = vec![0.5; places.len()];
        kernel.forward(&x, &mut y);
        close(&what, &y, &places.iter().map(|at| x[*at]).collect::<Vec<f32>>());

        let mut dy = numbers(y.len(), 2);
        dy[y.len() / 2] = f32::INFINITY;
        for overwrite in [false, true] {
            let start = numbers(x.len(), 3);
            let keep = |x: &f32| if overwrite { 0.0 } else { f64::from(*x) };
            let mut want: Vec<f64> = start.iter().map(keep).collect();
            places.iter().zip(&dy).for_each(|(at, dy)| want[*at] += f64::from(*dy));
            let mut dx = start;
            kernel.backward(&dy, &mut dx, overwrite);
            close(&what, &dx, &want.iter().map(|x| *x as f32).collect::<Vec<f32>>());
        }
    }
}

#[test]
#[should_panic(expected = "assertion")]
fn slices_of_other_lengths_are_refused() {
    Upsample::new(3, 2, [2, 2]).forward(&[0.0; 6], &mut [0.0; 23]);
}
