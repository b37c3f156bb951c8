use super::super::testing::{LENGTHS, close, numbers};
use super::*;

/// Blocks, along, behind.
fn cases() -> Vec<([usize; 3], Level)> {
    let blocks = [1, 3, 4, 5, 65];
    let mut sizes: Vec<[usize; 3]> = vec![[0, 3, 2], [2, 1, 1], [0, 2, 1], [7, 1, 17]];
    for len in LENGTHS {
        sizes.extend(blocks.map(|blocks| [blocks, len, 1]));
        sizes.extend([1, 2, 5].map(|along| [3, along, len]));
    }
    sizes.into_iter().flat_map(|s| Level::all().iter().map(move |level| (s, *level))).collect()
}

/// For each float of `x` its place in `y`.
fn places([blocks, along, behind]: [usize; 3]) -> impl Iterator<Item = usize> {
    (0..blocks * along * behind).map(move |i| i / (along * behind) * behind + i % behind)
}

fn check(sizes: [usize; 3], level: Level, x: &[f32], dy: &[f32]) {
    let [_, along, behind] = sizes;
    let what = format!("{sizes:?} {level:?}");
    let kernel = Reduce::at_level(along, behind, 0.5, level);
    let mut want = vec![0.0; dy.len()];
    places(sizes).zip(x).for_each(|(to, x)| want[to] += f64::from(*x) * 0.5);
    let want: Vec<f32> = want.iter().map(|y| *y as f32).collect();
    let mut y = vec![f32::NAN; dy.len()];
    kernel.forward(x, &mut y);
    close(&what, &y, &want);

    let start = numbers(x.len(), 3);
    let mut dx = start.clone();
    kernel.backward(dy, &mut dx, false);
    let want: Vec<f32> = places(sizes).zip(&start).map(|(at, x)| x + 0.5 * dy[at]).collect();
    close(&what, &dx, &want);
    kernel.backward(dy, &mut dx, true);
    close(&what, &dx, &places(sizes).map(|at| 0.5 * dy[at]).collect::<Vec<f32>>());
}

#[test]
fn sums_and_gradients_are_the_references() {
    for (sizes @ [blocks, along, behind], level) in cases() {
        let (x, dy) = (numbers(blocks * along * behind, 1), numbers(blocks * behind, 2));
        check(sizes, level, &x, &dy);
        for bad in [f32::NAN, f32::INFINITY] {
            let (mut x, mut dy) = (x.clone(), dy.clone());
            x.iter_mut().skip(1).step_by(19).for_each(|x| *x = bad);
            dy.iter_mut().skip(2).step_by(7).for_each(|dy| *dy = -bad);
            check(sizes, level, &x, &dy);
        }
    }
}

/// A row's sum is the same bits whatever rows it comes with.
#[test]
fn rows_do_not_touch_each_other() {
    for &level in Level::all() {
        let kernel = Reduce::at_level(37, 1, 0.1, level);
        let x = numbers(37 * 9, 1);
        let (mut together, mut alone) = ([0.0; 9], [0.0; 9]);
        kernel.forward(&x, &mut together);
        for (x, y) in x.chunks(37).zip(alone.chunks_mut(1)) {
            kernel.forward(x, y);
        }
        assert_eq!(together, alone, "{level:?}");
    }
}

#[test]
#[should_panic(expected = "assertion")]
fn slices_of_other_lengths_are_refused() {
    Reduce::new(3, 2, 1.0).forward(&[0.0; 13], &mut [0.0; 4]);
}
