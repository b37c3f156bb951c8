use super::super::testing::{LENGTHS, close, numbers};
use super::*;

/// Two blocks of lines that are rows, and columns beside each other, of all lengths.
fn cases() -> impl Iterator<Item = (Block, Level)> {
    let rows = LENGTHS.into_iter().map(|along| (along, 1));
    let columns = LENGTHS.into_iter().flat_map(|behind| [1, 2, 3, 17].map(|along| (along, behind)));
    rows.chain(columns)
        .flat_map(|(along, behind)| [false, true].map(|log| Block { along, behind, log }))
        .flat_map(|block| Level::all().iter().map(move |level| (block, *level)))
}

/// As [`close`], and each probability by itself, however small beside the largest.
fn alike(what: &str, block: Block, got: &[f32], want: &[f32]) {
    close(what, got, want);
    for (i, (got, want)) in got.iter().zip(want).enumerate().filter(|_| !block.log) {
        let far = (got - want).abs() > 1e-5 * want + 1e-37;
        assert!(!far, "{what}: {got} for {want} at {i}");
    }
}

fn check(block: Block, level: Level, x: &[f32]) {
    let Block { along, behind, log } = block;
    let what = format!("{along} by {behind}, log {log}, {level:?}");
    let mut y = vec![f32::NAN; x.len()];
    forward_at(level, block, x, &mut y);
    alike(&what, block, &y, &reference::forward(block, x));
    let dy = numbers(x.len(), 2);
    let mut dx = dy.clone();
    backward_at(level, block, &y, &mut dx);
    close(&what, &dx, &reference::backward(block, &y, &dy));
}

fn data(block: Block) -> Vec<f32> {
    numbers(2 * block.along * block.behind, 1)
}

#[test]
fn lines_are_the_references() {
    for (block, level) in cases() {
        for (scale, shift) in [(1.0, 0.0), (30.0, 0.0), (2.0, 1000.0), (1.0, -3e38), (0.0, 5.0)] {
            let x: Vec<f32> = data(block).iter().map(|x| scale * x + shift).collect();
            check(block, level, &x);
        }
    }
}

/// Minus infinity is a probability of 0; any other that is not finite spoils its line, and so does
/// a line of minus infinities.
#[test]
fn what_is_not_finite_stays_in_its_line() {
    for (block, level) in cases() {
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let mut x = data(block);
            let middle = x.len() / 2;
            x[middle] = bad;
            check(block, level, &x);
            x[..block.along * block.behind].fill(bad);
            check(block, level, &x);
        }
    }
}

#[test]
fn exponentials_are_the_references() {
    for (level, len) in Level::all().iter().flat_map(|level| LENGTHS.map(|len| (*level, len))) {
        let mut x: Vec<f32> = numbers(len, 3).iter().map(|x| 20.0 * x).collect();
        x[len / 2] = f32::NEG_INFINITY;
        let want: Vec<f32> = x.iter().map(|&x| f64::from(x).exp() as f32).collect();
        exponentials_at(level, &mut x);
        for (got, want) in x.iter().zip(want) {
            assert!((got - want).abs() <= 1e-6 * want + 1e-37, "{level:?}: {got} for {want}");
        }
        x[len / 2] = f32::NAN;
        exponentials_at(level, &mut x);
        assert!(x[len / 2].is_nan());
    }
}
