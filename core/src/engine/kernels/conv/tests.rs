use super::super::testing::{close, numbers};
use super::reference::{self, Reference};
use super::*;

const PLAIN: ConvSizes = ConvSizes {
    input: [3, 9, 7],
    depth: Axis::LONE,
    out_channels: 5,
    kernel_size: [3, 3],
    stride: [1, 1],
    padding: [0; 4],
    dilation: [1, 1],
    groups: 1,
    unread: [0; 2],
};

fn cases() -> Vec<ConvSizes> {
    let square = |c, size, out_channels, k, s, p| ConvSizes {
        input: [c, size, size],
        out_channels,
        kernel_size: [k, k],
        stride: [s, s],
        padding: [p; 4],
        ..PLAIN
    };
    vec![
        PLAIN,
        square(3, 12, 32, 3, 1, 0),
        square(32, 9, 16, 3, 1, 0),
        square(16, 8, 33, 3, 1, 1),
        square(5, 8, 50, 3, 2, 1),
        square(17, 7, 9, 3, 3, 2),
        square(18, 6, 24, 1, 1, 0),
        square(7, 7, 20, 1, 2, 0),
        square(1, 1, 1, 1, 1, 0),
        square(1, 1, 3, 3, 2, 1),
        square(40, 1, 3, 1, 1, 0),
        square(2, 20, 17, 19, 1, 0),
        square(1, 21, 1, 20, 1, 3),
        square(1, 9, 2, 2, 3, 0),
        square(2, 5, 8, 5, 1, 4),
        square(16, 5, 16, 3, 1, 1),
        square(16, 20, 24, 3, 1, 1),
        square(35, 8, 18, 3, 1, 2),
        ConvSizes { input: [17, 9, 6], out_channels: 40, padding: [0, 1, 2, 1], ..PLAIN },
        ConvSizes { input: [19, 1, 1], out_channels: 16, padding: [1, 1, 1, 2], ..PLAIN },
        ConvSizes { padding: [1, 2, 0, 3], stride: [2, 1], ..PLAIN },
        ConvSizes { padding: [3, 0, 2, 1], stride: [3, 2], dilation: [2, 3], ..PLAIN },
        ConvSizes { padding: [2, 2, 2, 2], dilation: [2, 2], out_channels: 19, ..PLAIN },
        ConvSizes { kernel_size: [2, 7], dilation: [3, 1], ..PLAIN },
        ConvSizes { kernel_size: [1, 4], stride: [1, 3], out_channels: 40, ..PLAIN },
        ConvSizes { unread: [1, 0], stride: [2, 2], out_channels: 18, ..PLAIN },
        ConvSizes { unread: [2, 3], padding: [2, 0, 1, 4], dilation: [3, 2], ..PLAIN },
        ConvSizes { input: [6, 7, 8], out_channels: 9, groups: 3, padding: [1; 4], ..PLAIN },
        ConvSizes { input: [34, 5, 5], out_channels: 68, groups: 2, stride: [2, 2], ..PLAIN },
        ConvSizes { input: [4, 7, 8], out_channels: 8, groups: 4, ..PLAIN },
        ConvSizes { input: [3, 7, 8], out_channels: 3, groups: 3, padding: [1; 4], ..PLAIN },
        ConvSizes {
            input: [37, 6, 5],
            out_channels: 37,
            groups: 37,
            stride: [2, 1],
            padding: [0, 1, 2, 1],
            ..PLAIN
        },
        ConvSizes {
            input: [16, 11, 9],
            out_channels: 16,
            groups: 16,
            dilation: [2, 3],
            kernel_size: [4, 2],
            ..PLAIN
        },
    ]
}

/// Volumes: of each kind of convolution, with other steps along each axis.
fn volumes() -> Vec<ConvSizes> {
    let axis =
        |size, kernel_size, before, after| Axis { size, kernel_size, before, after, ..Axis::LONE };
    let depth = axis(5, 3, 1, 1);
    let strided = Axis { stride: 2, ..axis(6, 3, 2, 0) };
    let dilated = Axis { dilation: 2, ..axis(5, 2, 0, 1) };
    let small = ConvSizes { input: [3, 5, 4], depth, padding: [1, 0, 0, 2], ..PLAIN };
    let tiled = ConvSizes { input: [18, 6, 5], out_channels: 17, padding: [1; 4], ..small };
    vec![
        small,
        ConvSizes { depth: strided, ..small },
        ConvSizes { depth: Axis { unread: 1, ..strided }, stride: [1, 2], ..small },
        ConvSizes { depth: Axis { stride: 3, ..strided }, dilation: [1, 2], ..small },
        ConvSizes { depth: dilated, stride: [2, 1], dilation: [2, 1], ..small },
        ConvSizes { depth: axis(1, 3, 1, 1), out_channels: 20, ..small },
        ConvSizes { depth: Axis { stride: 2, ..axis(7, 1, 0, 0) }, kernel_size: [1, 1], ..small },
        ConvSizes { kernel_size: [5, 6], padding: [0, 0, 1, 1], ..small },
        tiled,
        ConvSizes { depth: dilated, ..tiled },
        ConvSizes { depth: axis(2, 2, 2, 3), padding: [0, 2, 1, 0], ..tiled },
        ConvSizes { depth: strided, ..tiled },
        ConvSizes { input: [6, 4, 5], out_channels: 9, groups: 3, ..small },
        ConvSizes { input: [19, 4, 3], out_channels: 19, groups: 19, depth: strided, ..small },
    ]
}

/// The weights, the bias, the sample and a gradient of the output's length.
fn data(sizes: &ConvSizes, output: usize) -> [Vec<f32>; 4] {
    [sizes.weight_len(), sizes.out_channels, Reference(*sizes).input_len(), output]
        .map(|len| numbers(len, len as u32 + 1))
}

#[test]
fn convolutions_are_the_references() {
    let cases = cases().into_iter().chain(volumes());
    for (sizes, &level) in cases.flat_map(|s| Level::all().iter().map(move |l| (s, l))) {
        let what = format!("{sizes:?} {level:?}");
        let (conv, reference) = (Conv::at_level(sizes, level, true), Reference(sizes));
        assert_eq!(conv.output(), reference.output(), "{what}");
        let len = conv.output().iter().product();
        let [weight, bias, x, dy] = data(&sizes, len);
        let mut scratch = vec![f32::NAN; conv.scratch_len()];

        let mut packed = vec![f32::NAN; conv.packed_len()];
        conv.pack(&weight, &mut packed);
        for (bias, act) in [(None, Act::None), (Some(&bias[..]), Act::Relu)] {
            let mut y = vec![f32::NAN; len];
            conv.forward(&x, &packed, bias, act, &mut y, &mut scratch);
            close(&what, &y, &reference.forward(&x, &weight, bias, act == Act::Relu));
        }

        let mut packed = vec![f32::NAN; conv.packed_transposed_len()];
        conv.pack_transposed(&weight, &mut packed);
        let mut dx = vec![f32::NAN; x.len()];
        conv.backward_input(&dy, &packed, &mut dx, &mut scratch);
        close(&what, &dx, &reference.input(&dy, &weight));
        let bias = numbers(sizes.input[0], 5);
        for (bias, act) in [(None, Act::None), (Some(&bias[..]), Act::Relu)] {
            conv.transposed(&dy, &packed, bias, act, &mut dx, &mut scratch);
            close(&what, &dx, &reference.transposed(&dy, &weight, bias, act == Act::Relu));
        }

        let (mut dw, mut db) = (vec![0.0; conv.packed_len()], vec![0.0; sizes.out_channels]);
        for _ in 0..2 {
            assert!(conv.backward_weights(&x, &dy, &mut dw, Some(&mut db), &mut scratch), "{what}");
        }
        let mut gradient = vec![0.0; weight.len()];
        conv.unpack_gradient(&dw, &mut gradient);
        let halves = |x: &[f32]| x.iter().map(|x| x / 2.0).collect::<Vec<f32>>();
        close(&what, &halves(&gradient), &reference.weights(&x, &dy));
        close(&what, &halves(&db), &reference::bias(&dy, sizes.out_channels));
    }
}

#[test]
fn pooled_convolutions_are_the_references() {
    let images = [[1, 2, 2], [1, 1, 1], [1, 3, 3], [1, 1, 2], [1, 4, 1]];
    let deep = [[2, 2, 2], [1, 2, 2], [3, 1, 2]];
    let cases = cases().into_iter().map(|sizes| (sizes, &images[..]));
    for (sizes, windows) in cases.chain(volumes().into_iter().map(|sizes| (sizes, &deep[..]))) {
        let [_, all @ ..] = Reference(sizes).output();
        let fits = |window: &&[usize; 3]| window.iter().zip(all).all(|(size, all)| *size <= all);
        for window in windows.iter().filter(fits) {
            for &level in Level::all() {
                pooled(sizes, *window, level, Act::None);
                pooled(sizes, *window, level, Act::Relu);
            }
        }
    }
}

fn pooled(sizes: ConvSizes, window: [usize; 3], level: Level, act: Act) {
    let what = format!("{sizes:?} {window:?} {level:?}");
    let (conv, reference) = (ConvPool::at_level(sizes, window, level), Reference(sizes));
    let len = conv.output().iter().product();
    let [weight, bias, x, dy] = data(&sizes, len);
    let mut scratch = vec![f32::NAN; conv.scratch_len()];
    let mut packed = vec![f32::NAN; conv.packed_len()];
    conv.pack(&weight, &mut packed);
    let (mut y, mut winners) = (vec![f32::NAN; len], vec![99; len]);
    conv.forward(&x, &packed, Some(&bias), act, &mut y, Some(&mut winners), &mut scratch);
    let whole = reference.forward(&x, &weight, Some(&bias), false);
    let (mut want, places) = reference::pool(&whole, reference.output(), window);
    if act == Act::Relu {
        want.iter_mut().filter(|y| **y <= 0.0).for_each(|y| *y = 0.0);
    }
    close(&what, &y, &want);
    let same = winners.iter().zip(&places).filter(|(a, b)| a == b).count();
    assert!(same * 200 >= len * 199, "{what}: {same} winners of {len}");
    let again = y.clone();
    conv.forward(&x, &packed, Some(&bias), act, &mut y, None, &mut scratch);
    assert_eq!(y, again);

    let y = (act == Act::Relu).then_some(&y[..]);
    let full = reference::unpool(&dy, y, &winners, reference.output(), window);
    let mut packed = vec![f32::NAN; conv.packed_gradient_len()];
    conv.pack_transposed(&weight, &mut packed);
    let mut dx = vec![f32::NAN; x.len()];
    conv.backward_input(&dy, y, &winners, &packed, &mut dx, &mut scratch);
    close(&what, &dx, &reference.input(&full, &weight));
    let (mut dw, mut db) = (vec![0.0; packed.len()], vec![0.0; sizes.out_channels]);
    conv.backward_weights(&x, &dy, y, &winners, &mut dw, Some(&mut db), &mut scratch);
    let mut gradient = vec![0.0; weight.len()];
    conv.unpack_gradient(&dw, &mut gradient);
    close(&what, &gradient, &reference.weights(&x, &full));
    close(&what, &db, &reference::bias(&full, sizes.out_channels));

    // A sample that lies channel after channel gives the same bits.
    let (planes, x) = (conv.turning(), planes_of(&x, sizes.input[0]));
    let mut scratch = vec![f32::NAN; planes.scratch_len()];
    let (mut got, mut places) = (vec![f32::NAN; len], vec![99; len]);
    let mut first = vec![f32::NAN; planes.packed_len()];
    planes.pack(&weight, &mut first);
    planes.forward(&x, &first, Some(&bias), act, &mut got, Some(&mut places), &mut scratch);
    assert_eq!((got, &places), (again, &winners), "{what}");
    let mut turned = vec![f32::NAN; x.len()];
    planes.backward_input(&dy, y, &winners, &packed, &mut turned, &mut scratch);
    assert_eq!(turned, dx, "{what}");
    let mut from_planes = vec![0.0; packed.len()];
    planes.backward_weights(&x, &dy, y, &winners, &mut from_planes, None, &mut scratch);
    assert_eq!(from_planes, dw, "{what}");
}

/// A sample of pixels, channel after channel.
fn planes_of(x: &[f32], channels: usize) -> Vec<f32> {
    let size = x.len() / channels;
    (0..x.len()).map(|i| x[i % size * channels + i / size]).collect()
}

/// Samples that lie channel after channel give the same bits.
#[test]
fn samples_are_turned_where_they_lie_otherwise() {
    let cases = cases().into_iter().chain(volumes());
    for (sizes, &level) in cases.flat_map(|s| Level::all().iter().map(move |l| (s, l))) {
        let (what, pixels) = (format!("{sizes:?} {level:?}"), Conv::at_level(sizes, level, true));
        if !sizes.turns(false, true) {
            continue;
        }
        let planes = Conv::at_level(sizes, level, true).turning();
        let (len, channels) = (pixels.output().iter().product(), sizes.input[0]);
        let [weight, _, x, dy] = data(&sizes, len);
        let turned = planes_of(&x, channels);
        let mut packed = vec![f32::NAN; pixels.packed_len()];
        pixels.pack(&weight, &mut packed);
        // Two samples.
        let dy = [&dy[..], &dy].concat();
        let run = |conv: &Conv, x: &[f32]| {
            let mut scratch = vec![f32::NAN; conv.scratch_len()];
            let mut y = vec![f32::NAN; 2 * len];
            conv.forward(x, &packed, None, Act::None, &mut y, &mut scratch);
            let mut dw = vec![0.0; packed.len()];
            assert!(conv.backward_weights(x, &dy, &mut dw, None, &mut scratch));
            (y, dw)
        };
        let want = run(&pixels, &[&x[..], &x].concat());
        assert_eq!(run(&planes, &[&turned[..], &turned].concat()), want, "{what}");
    }
}

/// The first of equals wins; a NaN wins over all and stays NaN through ReLU.
#[test]
fn ties_and_nans() {
    let sizes = ConvSizes { input: [1, 2, 6], out_channels: 1, kernel_size: [1, 1], ..PLAIN };
    for &level in Level::all() {
        for window in [[1, 2, 2], [1, 2, 3]] {
            let conv = ConvPool::at_level(sizes, window, level);
            let mut packed = vec![0.0; conv.packed_len()];
            conv.pack(&[1.0], &mut packed);
            let x = [1.0, 1.0, 2.0, f32::NAN, 9.0, 0.0, 1.0, 1.0, 2.0, 9.0, 0.0, 9.0];
            let (want, places) = reference::pool(&x, [1, 1, 2, 6], window);
            let (mut y, mut winners) = (vec![0.0; want.len()], vec![99; want.len()]);
            let mut scratch = vec![0.0; conv.scratch_len()];
            conv.forward(&x, &packed, None, Act::Relu, &mut y, Some(&mut winners), &mut scratch);
            assert_eq!(winners, places);
            assert_eq!(format!("{y:?}"), format!("{want:?}"));
        }
    }
}

/// What is not finite goes where its windows are and no further, although tiles share their sums.
#[test]
fn infinities_and_nans_stay_in_their_windows() {
    let image = ConvSizes { input: [16, 12, 9], out_channels: 16, padding: [1; 4], ..PLAIN };
    let depth = Axis { size: 4, kernel_size: 2, after: 1, ..Axis::LONE };
    let volume = ConvSizes { input: [16, 5, 6], depth, ..image };
    for (sizes, bad, &level) in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY]
        .into_iter()
        .flat_map(|bad| [(image, bad), (volume, bad)])
        .flat_map(|(sizes, bad)| Level::all().iter().map(move |level| (sizes, bad, level)))
    {
        let what = format!("{bad} {level:?}");
        let (conv, reference) = (Conv::at_level(sizes, level, true), Reference(sizes));
        let [weight, bias, mut x, mut dy] = data(&sizes, reference.input_len());
        let mut scratch = vec![f32::NAN; conv.scratch_len()];
        (x[16 * 40 + 3], dy[16 * 52 + 7]) = (bad, bad);
        // Two samples, of which only one is spoilt.
        let (clean, mut y) = (numbers(x.len(), 5), vec![f32::NAN; 2 * dy.len()]);
        let mut packed = vec![f32::NAN; conv.packed_len()];
        conv.pack(&weight, &mut packed);
        let both = [&clean[..], &x].concat();
        conv.forward(&both, &packed, Some(&bias), Act::Relu, &mut y, &mut scratch);
        let want = [&clean, &x].map(|x| reference.forward(x, &weight, Some(&bias), true));
        alike(&what, &y, &want.concat());

        let mut packed = vec![f32::NAN; conv.packed_transposed_len()];
        conv.pack_transposed(&weight, &mut packed);
        let mut dx = vec![f32::NAN; x.len()];
        conv.backward_input(&dy, &packed, &mut dx, &mut scratch);
        alike(&what, &dx, &reference.input(&dy, &weight));
        for (x, dy) in [(&x, &numbers(dy.len(), 6)), (&clean, &dy)] {
            weights_with(&what, &conv, &reference, x, dy);
        }
    }
}

/// The weights' gradient where tiles would spread what is not finite.
fn weights_with(what: &str, conv: &Conv, reference: &Reference, x: &[f32], dy: &[f32]) {
    let mut scratch = vec![f32::NAN; conv.scratch_len()];
    let (mut dw, mut db) = (vec![0.0; conv.packed_len()], vec![0.0; conv.output()[0]]);
    assert!(!conv.backward_weights(x, dy, &mut dw, Some(&mut db), &mut scratch), "{what}");
    assert!(dw.iter().all(|dw| *dw == 0.0), "{what}");
    alike(what, &db, &reference::bias(dy, db.len()));
    let start = numbers(reference.0.weight_len(), 9);
    let mut gradient = start.clone();
    conv.add_direct_gradient(x, dy, &mut gradient);
    let want = reference.weights(x, dy);
    let want: Vec<f32> = want.iter().zip(&start).map(|(dw, start)| dw + start).collect();
    alike(what, &gradient, &want);
}

/// What tiles bear is told at every length and place, up to the largest number that four fit of.
#[test]
fn tiles_bear_what_four_of_fit() {
    for len in [1, 3, 4, 7, 8, 9, 15, 16, 17, 33, 65] {
        let mut x = numbers(len, 2);
        assert!(winograd::bears(&x));
        for at in 0..len {
            for (bad, bears) in [
                (f32::NAN, false),
                (-f32::NAN, false),
                (f32::INFINITY, false),
                (f32::NEG_INFINITY, false),
                (-1e38, false),
                (8e37, true),
                (1e-45, true),
            ] {
                let was = std::mem::replace(&mut x[at], bad);
                assert_eq!(winograd::bears(&x), bears, "{bad} at {at} of {len}");
                x[at] = was;
            }
        }
    }
}

/// Close where they are finite; else of one sign, or both NaN.
fn alike(what: &str, got: &[f32], want: &[f32]) {
    for (i, (&got, &want)) in got.iter().zip(want).enumerate() {
        let same = match want.is_finite() {
            true => (got - want).abs() <= 1e-4,
            false => got == want || got.is_nan() && want.is_nan(),
        };
        assert!(same, "{what}: {got} for {want} at {i}");
    }
}
