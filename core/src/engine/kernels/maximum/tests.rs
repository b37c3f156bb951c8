use super::super::testing::{LENGTHS, numbers};
use super::*;

/// The place of the first NaN, or else of the first of the largest.
fn winner(column: &[f32]) -> usize {
    let nan = column.iter().position(|x| x.is_nan());
    nan.unwrap_or_else(|| {
        (0..column.len()).fold(0, |best, i| if column[i] > column[best] { i } else { best })
    })
}

#[test]
fn the_first_of_the_largest_wins_and_has_the_gradient() {
    let shapes = LENGTHS.iter().flat_map(|behind| [1, 2, 5, 40].map(|along| (along, *behind)));
    for ((along, behind), &level) in
        shapes.flat_map(|shape| Level::all().iter().map(move |level| (shape, level)))
    {
        let kernel = Maximum::at_level(along, behind, level);
        // Few different numbers, so that many are equal.
        let mut x: Vec<f32> =
            numbers(3 * along * behind, 1).iter().map(|x| (3.0 * x).round()).collect();
        let len = x.len();
        (x[len / 2], x[len / 3], x[len - 1]) = (f32::NAN, f32::INFINITY, f32::NEG_INFINITY);
        let dy = numbers(3 * behind, 2);
        let (mut y, mut places) = (vec![9.0; dy.len()], vec![9.0; dy.len()]);
        kernel.forward(&x, &mut y, &mut places);
        let mut dx = vec![0.5; len];
        kernel.backward(&places, &dy, &mut dx);
        let mut expected = vec![0.5; len];
        for (i, dy) in dy.iter().enumerate() {
            let start = i / behind * along * behind + i % behind;
            let column: Vec<f32> = (0..along).map(|k| x[start + k * behind]).collect();
            let place = winner(&column);
            let largest = column[place];
            let what = format!("{along} {behind} {level:?} {i}");
            assert!(y[i] == largest || y[i].is_nan() && largest.is_nan(), "{what}: {}", y[i]);
            assert!(places[i] == place as f32, "{what}: at {}, not {place}", places[i]);
            expected[start + place * behind] += dy;
        }
        assert_eq!(dx, expected);
    }
}

#[test]
#[should_panic(expected = "assertion")]
fn slices_of_other_lengths_are_refused() {
    Maximum::new(2, 2).forward(&[0.0; 8], &mut [0.0; 2], &mut [0.0; 2]);
}
