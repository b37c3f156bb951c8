use super::super::testing::{close, numbers};
use super::reference::Reference;
use super::*;

const LONE: WindowAxis =
    WindowAxis { input: 1, output: 1, kernel: 1, stride: 1, dilation: 1, padding: [0; 2] };
const TALL: WindowAxis = WindowAxis { input: 7, output: 3, kernel: 2, stride: 2, ..LONE };
const WIDE: WindowAxis = WindowAxis { input: 5, output: 2, ..TALL };
const NINE: WindowAxis = WindowAxis { input: 9, output: 3, kernel: 2, stride: 3, ..LONE };
/// Each reaches into the padding, one from far.
const PADDED: WindowAxis = WindowAxis { output: 4, kernel: 3, padding: [1; 2], ..TALL };
const SPREAD: WindowAxis = WindowAxis { output: 3, dilation: 2, ..PADDED };
/// Larger than what there is.
const LARGE: WindowAxis = WindowAxis { input: 2, kernel: 5, padding: [2; 2], ..LONE };

/// Single pixels, gaps, overlaps, padding, dilation, windows that reach beyond the padding, that
/// are larger than the sample or see nothing of it, rows of several vectors of windows, and more taps
/// than a byte counts.
const SIZES: [WindowSizes; 27] = [
    [LONE, TALL, WIDE],
    [LONE; 3],
    [LONE, NINE, WindowAxis { kernel: 1, stride: 4, ..NINE }],
    [LONE, WindowAxis { output: 5, kernel: 3, stride: 1, ..TALL }, WIDE],
    [LONE, PADDED, WindowAxis { output: 3, kernel: 3, padding: [1; 2], ..WIDE }],
    [
        LONE,
        WindowAxis { kernel: 2, padding: [1, 0], ..PADDED },
        WindowAxis { output: 3, kernel: 3, padding: [0, 2], ..WIDE },
    ],
    [LONE, WindowAxis { output: 4, ..TALL }, WindowAxis { output: 3, ..WIDE }],
    [LONE, SPREAD, WindowAxis { output: 3, dilation: 3, padding: [1; 2], ..WIDE }],
    [
        LONE,
        LARGE,
        WindowAxis { input: 1, output: 2, kernel: 4, stride: 2, padding: [2, 1], ..LONE },
    ],
    [LONE, WindowAxis { kernel: 2, dilation: 2, padding: [1; 2], ..LONE }, LONE],
    [
        LONE,
        WindowAxis { input: 18, kernel: 17, stride: 2, ..LONE },
        WindowAxis { input: 17, kernel: 17, ..LONE },
    ],
    [TALL, WIDE, TALL],
    [NINE, TALL, LONE],
    [PADDED, WIDE, PADDED],
    [LARGE, PADDED, SPREAD],
    [SPREAD, SPREAD, WindowAxis { output: 4, ..TALL }],
    [
        WindowAxis { output: 4, ..TALL },
        LONE,
        WindowAxis { output: 5, kernel: 3, stride: 1, ..TALL },
    ],
    [LONE, TALL, WindowAxis { input: 39, output: 19, ..TALL }],
    [
        PADDED,
        LONE,
        WindowAxis { input: 70, output: 24, kernel: 5, stride: 3, padding: [2, 3], ..LONE },
    ],
    [TALL, SPREAD, WindowAxis { input: 23, output: 21, kernel: 2, dilation: 2, ..LONE }],
    [
        WindowAxis { input: 7, kernel: 7, ..LONE },
        WindowAxis { input: 7, kernel: 7, ..LONE },
        WindowAxis { input: 8, kernel: 7, output: 2, ..LONE },
    ],
    // Many vectors of windows, with each stride that has a way of its own.
    [LONE, WIDE, WindowAxis { input: 301, output: 150, ..TALL }],
    [LONE, TALL, WindowAxis { input: 71, output: 71, kernel: 3, padding: [1; 2], ..LONE }],
    [
        LONE,
        PADDED,
        WindowAxis { input: 290, output: 73, kernel: 5, stride: 4, padding: [2; 2], ..LONE },
    ],
    [WIDE, LONE, WindowAxis { input: 400, output: 133, kernel: 3, stride: 3, ..LONE }],
    // Windows along whole rows, and nearly.
    [TALL, PADDED, WindowAxis { input: 37, kernel: 37, ..LONE }],
    [
        LONE,
        TALL,
        WindowAxis { input: 43, output: 3, kernel: 40, stride: 2, padding: [1; 2], ..LONE },
    ],
];

fn cases() -> impl Iterator<Item = (Reference, Window, Level)> {
    let channels = [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 33];
    let all = SIZES.iter().flat_map(move |sizes| channels.map(|channels| (channels, *sizes)));
    all.flat_map(|(channels, sizes)| {
        let each = move |&level: &Level| {
            let window = Window::at_level(channels, sizes, level);
            (Reference { channels, sizes }, window, level)
        };
        Level::all().iter().map(each)
    })
}

fn check_max(reference: &Reference, window: &Window, level: Level, x: &[f32]) {
    let what = format!("{reference:?} {level:?}");
    let (want, places) = reference.max(x);
    let bytes = if window.size() <= 256 { want.len() } else { 0 };
    let (mut y, mut winners) = (vec![f32::NAN; want.len()], vec![99; bytes]);
    window.max(x, &mut y, &mut winners);
    close(&what, &y, &want);
    assert!(winners.iter().zip(&places).all(|(a, b)| usize::from(*a) == *b), "{what}");
    y.fill(f32::NAN);
    window.max(x, &mut y, &mut []);
    close(&what, &y, &want);

    let (dy, start) = (numbers(y.len(), 3), numbers(x.len(), 4));
    for first in [false, true] {
        let mut want = if first { vec![0.0; x.len()] } else { start.clone() };
        reference.max_gradient(&dy, &places, &mut want);
        if bytes > 0 {
            let mut dx = start.clone();
            window.max_gradient(&dy, &winners, &mut dx, first);
            close(&what, &dx, &want);
        }
        let mut dx = start.clone();
        window.max_gradient_again(x, &dy, &mut dx, first);
        close(&what, &dx, &want);
    }
}

#[test]
fn the_largest_are_the_references() {
    for (reference, window, level) in cases() {
        let x = numbers(reference.input_len(), 1);
        check_max(&reference, &window, level, &x);
        let ties: Vec<f32> = x.iter().map(|x| x.round()).collect();
        check_max(&reference, &window, level, &ties);
    }
}

#[test]
fn nans_win_and_minus_infinity_does_not() {
    for (reference, window, level) in cases() {
        let mut x = numbers(reference.input_len(), 1);
        check_max(&reference, &window, level, &vec![f32::NEG_INFINITY; x.len()]);
        for (step, bad) in [(3, f32::NEG_INFINITY), (5, f32::INFINITY), (7, f32::NAN)] {
            x.iter_mut().step_by(step).for_each(|x| *x = bad);
            check_max(&reference, &window, level, &x);
        }
    }
}

#[test]
fn means_are_the_references() {
    for (reference, window, level) in cases() {
        for (padding, bad) in [(false, 0.5), (true, f32::NAN), (true, f32::INFINITY)] {
            let what = format!("{reference:?} {level:?}, padding {padding}, {bad}");
            let counts = window.counts(padding);
            assert_eq!(counts, reference.counts(padding), "{what}");
            let shares: Vec<f32> = counts.iter().map(|count| 1.0 / *count as f32).collect();
            let mut x = numbers(reference.input_len(), 1);
            let middle = x.len() / 2;
            x[middle] = bad;
            let mut y = vec![f32::NAN; counts.len() * reference.channels];
            window.mean(&x, &shares, &mut y);
            close(&what, &y, &reference.mean(&x, &shares));
            let (mut dy, start) = (numbers(y.len(), 3), numbers(x.len(), 4));
            let middle = dy.len() / 2;
            dy[middle] = bad;
            let mut dx = start.clone();
            window.mean_gradient(&dy, &shares, &mut dx, false);
            close(&what, &dx, &reference.mean_gradient(&dy, &shares, &start));
            window.mean_gradient(&dy, &shares, &mut dx, true);
            let zeros = vec![0.0; x.len()];
            close(&what, &dx, &reference.mean_gradient(&dy, &shares, &zeros));
        }
    }
}

#[test]
#[should_panic(expected = "assertion")]
fn images_of_other_sizes_are_refused() {
    Window::new(3, [LONE, TALL, WIDE]).max(&[0.0; 7 * 5 * 3 - 1], &mut [0.0; 18], &mut []);
}
