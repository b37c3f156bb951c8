use super::super::testing::{close, numbers};
use super::reference::{Reference, dropped};
use super::*;

/// Sizes around those of a tile, and more than two; short rows where there are many.
const SIZES: [[usize; 3]; 15] = [
    [1, 1, 3],
    [3, 5, 1],
    [33, 33, 8],
    [QUERIES + 3, 4, 3],
    [1, KEYS + 1, 17],
    [5, KEYS - 1, 8],
    [QUERIES - 1, KEYS, 3],
    [QUERIES, KEYS + 1, 8],
    [QUERIES + 1, 2 * KEYS + 3, 5],
    [KEYS, KEYS, 1],
    [KEYS + 1, KEYS + 1, 4],
    [2 * KEYS + 9, 2 * KEYS + 9, 2],
    [2, 3 * KEYS, 32],
    [QUERIES, QUERIES, 33],
    [KEYS - 5, KEYS - 5, 37],
];

fn each(check: impl Fn(&Reference, Level)) {
    for ([queries, keys, width], &level) in
        SIZES.into_iter().flat_map(|sizes| Level::all().iter().map(move |level| (sizes, level)))
    {
        for length in [keys, keys.saturating_sub(2).max(1), keys.div_ceil(3)] {
            for causal in [false, true].into_iter().filter(|causal| !causal || queries == keys) {
                for (rotary, factor) in [(false, false), (width % 2 == 0, true)] {
                    check(
                        &Reference { queries, keys, width, causal, length, rotary, factor },
                        level,
                    );
                }
            }
        }
    }
}

/// Rows that lie three apart, between others that are not the head's.
fn spread(rows: &[f32], width: usize) -> (Vec<f32>, Rows) {
    let mut all = vec![f32::NAN; 3 * rows.len() + width];
    for (i, row) in rows.chunks_exact(width).enumerate() {
        all[width + 3 * i * width..][..width].copy_from_slice(row);
    }
    (all, Rows { first: width, stride: 3 * width })
}

/// The rows of q, k, v and the gradient of the output.
fn data(reference: &Reference) -> [Vec<f32>; 4] {
    let &Reference { queries, keys, width, .. } = reference;
    [(queries, 1), (keys, 2), (keys, 3), (queries, 4)].map(|(n, seed)| numbers(n * width, seed))
}

/// The output, and the gradients of q, k and v.
fn run(reference: &Reference, level: Level, data: &[Vec<f32>; 4]) -> [Vec<f32>; 4] {
    let &Reference { queries, keys, width, causal, length, rotary, factor } = reference;
    let kernel = Attention::at_level([queries, keys, width], causal, rotary, level);
    let mut scratch = vec![f32::NAN; kernel.scratch_len()];
    let head = Head { length, factor: factor.then_some(dropped) };
    let parts = data.each_ref().map(|rows| spread(rows, width));
    let [q, k, v, dy] = parts.each_ref().map(|(all, rows)| (all.as_slice(), *rows));
    let (mut y, to) = spread(&vec![f32::NAN; queries * width], width);
    let mut left = vec![f32::NAN; LEFT * queries];
    kernel.forward(head, [q, k, v], (&mut y, to), &mut left, &mut scratch);
    let got = (0..queries).flat_map(|i| y[to.row(i, width)].to_vec()).collect();
    let [mut dq, mut dk, mut dv] = [queries, keys, keys].map(|n| vec![f32::NAN; n * width]);
    let give = |part: usize, row: usize, values: &[f32]| {
        let to = [&mut dq, &mut dk, &mut dv];
        to[part][row * width..(row + 1) * width].copy_from_slice(values);
    };
    scratch.fill(f32::NAN);
    let given = Given { inputs: [q, k, v], y: (&y, to), left: &left, dy };
    kernel.backward(head, given, give, &mut scratch);
    [got, dq, dk, dv]
}

fn check(reference: &Reference, level: Level, data: &[Vec<f32>; 4]) {
    let got = run(reference, level, data);
    for (i, (got, want)) in got.iter().zip(reference.run(data)).enumerate() {
        close(&format!("{reference:?} {level:?} {i}"), got, &want);
    }
}

#[test]
fn a_head_is_its_formula_and_so_are_its_gradients() {
    each(|reference, level| check(reference, level, &data(reference)));
}

/// The gradients that the formula has are its slopes.
#[test]
fn the_references_gradients_are_central_differences() {
    for (causal, rotary, factor) in
        [(false, false, false), (true, false, true), (false, true, true), (true, true, false)]
    {
        let reference =
            Reference { queries: 5, keys: 5, width: 4, causal, length: 4, rotary, factor };
        let data = data(&reference);
        let wide = data.each_ref().map(|x| x.iter().map(|x| f64::from(*x)).collect::<Vec<_>>());
        let [_, gradients @ ..] = reference.run(&data);
        for (part, gradients) in gradients.iter().enumerate() {
            let value = |at: usize, step: f64| {
                let mut moved = wide.clone();
                moved[part][at] += step;
                let [y, ..] = reference.run_wide(&moved);
                y.iter().zip(&wide[3]).map(|(y, d)| y * d).sum::<f64>()
            };
            let slope = |at| ((value(at, 1e-6) - value(at, -1e-6)) / 2e-6) as f32;
            let want: Vec<f32> = (0..gradients.len()).map(slope).collect();
            close(&format!("{reference:?} {part}"), gradients, &want);
        }
    }
}

/// Scores so far apart that most weights are 0, of which the greatest comes in any block.
#[test]
fn weights_that_underflow_are_zeros() {
    each(|reference, level| {
        // Of large scores, angles in f32 are too coarse.
        if reference.rotary {
            return;
        }
        let mut data = data(reference);
        data[0].iter_mut().for_each(|x| *x = x.signum() * 12.0);
        data[1].iter_mut().for_each(|x| *x = x.signum() * 4.0);
        check(reference, level, &data);
    });
}

/// Whatever is not finite goes through the weights of those that see it, also where they are 0, and nowhere
/// else.
#[test]
fn infinities_and_nans_go_where_they_must() {
    let sizes = [
        (1, KEYS + 3, 17, false),
        (3, 21, 4, false),
        (QUERIES + 1, KEYS + 3, 2, false),
        (7, 7, 4, true),
        (KEYS + 3, KEYS + 3, 3, true),
    ];
    for ((queries, keys, width, causal), &level) in
        sizes.into_iter().flat_map(|sizes| Level::all().iter().map(move |level| (sizes, level)))
    {
        let bad = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY];
        for (part, bad) in (0..4).flat_map(|part| bad.map(|bad| (part, bad))) {
            for length in [keys, 5] {
                let rotary = width == 2 && part == 3;
                let factor = bad.is_nan();
                let reference = Reference { queries, keys, width, causal, length, rotary, factor };
                let data = data(&reference);
                for at in [data[part].len() - 1, data[part].len() / 2] {
                    let mut data = data.clone();
                    data[part][at] = bad;
                    check(&reference, level, &data);
                }
            }
        }
    }
}

/// Steps behind the ninth, of which nobody asks for the gradient, where they are not seen: whatever their
/// queries, keys and values are.
#[test]
fn what_is_not_seen_changes_nothing() {
    const SEEN: usize = 9 * 4;
    let each = [(false, false, 9), (true, false, 9), (true, true, 40)];
    for (&level, (causal, rotary, length)) in
        Level::all().iter().flat_map(|level| each.map(|each| (level, each)))
    {
        let (queries, keys, width) = (40, 40, 4);
        let reference = Reference { queries, keys, width, causal, length, rotary, factor: causal };
        let mut data = data(&reference);
        data[3][SEEN..].fill(0.0);
        let want = run(&reference, level, &data);
        for bad in [f32::NAN, f32::INFINITY, 1e30, -3e38] {
            data[..3].iter_mut().for_each(|all| all[SEEN..].fill(bad));
            let got = run(&reference, level, &data);
            for (i, (got, want)) in got.iter().zip(&want).enumerate() {
                let what = format!("{level:?} {causal} {rotary} {bad} {i}");
                close(&what, &got[..SEEN], &want[..SEEN]);
            }
        }
    }
}

#[test]
fn working_memory_grows_with_keys_alone() {
    let len = |queries, keys| Attention::new([queries, keys, 32], true, false).scratch_len();
    assert_eq!(len(64, 4096), len(1 << 20, 4096));
    assert_eq!(len(64, 8192) - len(64, 4096), 5 * 32 * 4096);
}
