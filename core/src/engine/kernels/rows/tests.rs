use super::*;
use crate::engine::kernels::testing::{LENGTHS, close, numbers};

/// Rows of this width, `each` for each of `samples`.
fn example(width: usize, each: usize, samples: usize) -> (Vec<f32>, Vec<usize>) {
    let numbers_of_rows = (0..each * samples).map(|i| i * i * 7 % 13).collect();
    (numbers(13 * width, width as u32), numbers_of_rows)
}

#[test]
fn sums_are_those_of_the_reference() {
    for (len, count) in LENGTHS.into_iter().flat_map(|len| [(len, 0), (len, 1), (len, 5)]) {
        let vectors: Vec<_> = (0..count).map(|i| numbers(len, i as u32)).collect();
        let factors = numbers(count + 1, 9);
        let of: Vec<_> = vectors.iter().zip(&factors).map(|(x, f)| (&x[..], *f)).collect();
        let start = numbers(len, 10);
        let sum = |start: f32, at: usize| {
            let products = of.iter().map(|(x, factor)| f64::from(x[at]) * f64::from(*factor));
            (f64::from(start) + products.sum::<f64>()) as f32
        };
        for &level in Level::all() {
            let mut y = start.clone();
            add_up_at(level, &of, &mut y, false);
            let want: Vec<f32> = start.iter().enumerate().map(|(i, y)| sum(*y, i)).collect();
            close("added", &y, &want);
            add_up_at(level, &of, &mut y, true);
            close("sum", &y, &(0..len).map(|i| sum(0.0, i)).collect::<Vec<_>>());
        }
    }
}

#[test]
fn terms_are_added_one_after_the_other() {
    for len in LENGTHS {
        let vectors = [numbers(len, 1), numbers(len, 2), numbers(len, 3)];
        let places = [3, len / 2, 3];
        let terms: Vec<_> =
            vectors.iter().zip(places).map(|(x, at)| Term { at, x, factor: 0.5 }).collect();
        let start = numbers(2 * len + 3, 4);
        let mut want = start.clone();
        for Term { at, x, factor } in &terms {
            want[*at..].iter_mut().zip(*x).for_each(|(y, x)| *y += factor * x);
        }
        for &level in Level::all() {
            let mut table = start.clone();
            scatter_at(level, &terms, &mut table);
            close("table", &table, &want);
        }
    }
}

#[test]
#[should_panic(expected = "assertion")]
fn a_term_behind_the_table_is_refused() {
    scatter(&[Term { at: 3, x: &[0.0; 2], factor: 1.0 }], &mut [0.0; 4]);
}

#[test]
fn products_and_combinations_are_those_of_the_reference() {
    for (width, each, samples) in
        LENGTHS.into_iter().flat_map(|width| [(width, 1, 1), (width, 3, 5), (width, 20, 2)])
    {
        let (table, rows) = example(width, each, samples);
        let job = Rows { table: &table, width, numbers: &rows };
        let row = |i: usize| &table[rows[i] * width..][..width];
        let (x, factors) = (numbers(samples * width, 5), numbers(rows.len(), 6));
        let mut copied = vec![f32::NAN; rows.len() * width];
        job.copy(&mut copied);
        assert!(copied.chunks(width).enumerate().all(|(i, got)| got == row(i)));
        let dot = |i: usize| -> f32 {
            let x = &x[i / each * width..][..width];
            row(i).iter().zip(x).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>() as f32
        };
        let dots: Vec<f32> = (0..rows.len()).map(dot).collect();
        let mut sums = vec![0.0; samples * width];
        for i in 0..rows.len() {
            let sum = &mut sums[i / each * width..][..width];
            sum.iter_mut().zip(row(i)).for_each(|(sum, x)| *sum += factors[i] * x);
        }
        for &level in Level::all() {
            let mut y = vec![f32::NAN; rows.len()];
            job.dots_at(level, &x, &mut y);
            close("dots", &y, &dots);
            let mut y = vec![f32::NAN; sums.len()];
            job.combine_at(level, &factors, &mut y, true);
            close("combinations", &y, &sums);
            job.combine_at(level, &factors, &mut y, false);
            close("twice", &y, &sums.iter().map(|x| 2.0 * x).collect::<Vec<_>>());
        }
    }
}

#[test]
#[should_panic(expected = "assertion failed")]
fn a_row_that_is_not_there_is_refused() {
    Rows { table: &[0.0; 6], width: 2, numbers: &[3] }.copy(&mut [0.0; 2]);
}
