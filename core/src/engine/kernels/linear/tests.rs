use super::super::testing::{LENGTHS, close, numbers};
use super::reference::Reference;
use super::*;

fn cases() -> Vec<(Reference, Level)> {
    let odd = [1, 2, 3, 17, 31, 65];
    let pairs = odd.into_iter().flat_map(|i| odd.into_iter().map(move |o| (i, o)));
    let more = [(784, 33), (10, 300), (300, 10), (257, 48), (512, 16)];
    let mut all = vec![];
    for (inputs, outputs) in pairs.chain(more) {
        for n in [1, 2, 3, 12, 13, 65] {
            for &level in Level::all() {
                all.push((Reference { n, inputs, outputs }, level));
            }
        }
    }
    // More samples than a block of the depth, for the gradient of the weights.
    let many = Reference { n: 515, inputs: 35, outputs: 14 };
    // Rows so long that a block of it has few steps.
    let long = Reference { n: 67, inputs: 21, outputs: 1100 };
    all.extend(Level::all().iter().flat_map(|&level| [(many, level), (long, level)]));
    all
}

/// The samples, the weights, the bias and a gradient of the outputs.
fn data(reference: &Reference) -> [Vec<f32>; 4] {
    let &Reference { n, inputs, outputs } = reference;
    [n * inputs, outputs * inputs, outputs, n * outputs].map(|len| numbers(len, len as u32 + 1))
}

fn check(reference: Reference, level: Level, [x, weight, bias, dy]: &[Vec<f32>; 4]) {
    let what = format!("{reference:?} {level:?}");
    let Reference { n, inputs, outputs } = reference;
    let linear = Linear::at_level(inputs, outputs, level);
    for (bias, act) in [(None, Act::None), (Some(&bias[..]), Act::Relu)] {
        let mut y = vec![f32::NAN; n * outputs];
        linear.forward(n, x, weight, bias, act, &mut y);
        close(&what, &y, &reference.forward(x, weight, bias, act == Act::Relu));
    }
    let [forward, back] = linear.packed_len();
    let (mut packed, mut packed_back) = (vec![f32::NAN; forward], vec![f32::NAN; back]);
    linear.pack(weight, &mut packed);
    linear.pack_back(weight, &mut packed_back);
    let mut y = vec![f32::NAN; n * outputs];
    linear.forward_packed(n, x, &packed, Onto::Bias(None), Act::None, &mut y);
    close(&what, &y, &reference.forward(x, weight, None, false));
    for (i, y) in y.iter_mut().enumerate() {
        *y = bias[i % outputs];
    }
    let want = reference.forward(x, weight, Some(bias), false);
    linear.forward_packed(n, x, &packed, Onto::Sum, Act::None, &mut y);
    close(&what, &y, &want);
    linear.forward_packed(n, x, &packed, Onto::Bias(Some(bias)), Act::Relu, &mut y);
    close(&what, &y, &reference.forward(x, weight, Some(bias), true));
    let start = numbers(n * inputs, 7);
    let mut dx = start.clone();
    linear.backward_input_packed(n, dy, &packed_back, false, &mut dx);
    close(&what, &dx, &reference.input(dy, weight, &start));
    dx.copy_from_slice(&start);
    linear.backward_input(n, dy, weight, false, &mut dx);
    close(&what, &dx, &reference.input(dy, weight, &start));
    linear.backward_input(n, dy, weight, true, &mut dx);
    close(&what, &dx, &reference.input(dy, weight, &vec![0.0; start.len()]));

    let start = numbers(weight.len(), 8);
    let zeros = vec![0.0; weight.len()];
    for (overwrite, start) in [(false, &start), (true, &zeros)] {
        let (mut dw, mut db) = (numbers(weight.len(), 8), bias.clone());
        let (low, high) = dw.split_at_mut(outputs / 3 * inputs);
        linear.backward_weights(n, x, dy, 0..outputs / 3, overwrite, low);
        linear.backward_weights(n, x, dy, outputs / 3..outputs, overwrite, high);
        linear.backward_bias(n, dy, overwrite, &mut db);
        close(&what, &dw, &reference.weights(x, dy, start));
        let bias = if overwrite { &zeros[..outputs] } else { bias };
        close(&what, &db, &reference.bias(dy, bias));
    }
}

/// The products of the first outputs are those of weights that have no others.
#[test]
fn packed_weights_serve_their_first_outputs() {
    for (n, outputs, &level) in [(1, 70), (7, 64), (30, 97)]
        .into_iter()
        .flat_map(|(n, outputs)| Level::all().iter().map(move |level| (n, outputs, level)))
    {
        for first in [1, 8, 9, 33, 64, outputs] {
            let all = Linear::at_level(37, outputs, level);
            let some = all.first(first);
            let count = some.outputs();
            assert!(first <= count && count <= outputs && some.first(count).outputs() == count);
            let reference = Reference { n, inputs: 37, outputs: count };
            let (x, weight) = (numbers(n * 37, 1), numbers(outputs * 37, 2));
            let dy = numbers(n * count, 3);
            let [mut packed, mut back] = all.packed_len().map(|len| vec![f32::NAN; len]);
            all.pack(&weight, &mut packed);
            all.pack_back(&weight, &mut back);
            let (mut y, mut dx) = (vec![f32::NAN; n * count], vec![f32::NAN; n * 37]);
            some.forward_packed(n, &x, &packed, Onto::Bias(None), Act::None, &mut y);
            some.backward_input_packed(n, &dy, &back, true, &mut dx);
            let (what, weight) = (format!("{level:?} {n} {count}"), &weight[..count * 37]);
            close(&what, &y, &reference.forward(&x, weight, None, false));
            close(&what, &dx, &reference.input(&dy, weight, &vec![0.0; n * 37]));
        }
    }
}

#[test]
fn products_are_the_references() {
    for (reference, level) in cases() {
        check(reference, level, &data(&reference));
    }
}

#[test]
fn infinities_and_nans_go_where_they_must() {
    for (reference, level) in cases() {
        if reference.n * reference.outputs < 9 || reference.inputs < 17 {
            continue;
        }
        for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            for which in 0..4 {
                let mut data = data(&reference);
                let middle = data[which].len() / 2;
                data[which][middle] = value;
                check(reference, level, &data);
            }
        }
    }
}

/// A sample's results are the same bits whatever samples it comes with.
#[test]
fn samples_do_not_touch_each_other() {
    for &level in Level::all() {
        let reference = Reference { n: 65, inputs: 300, outputs: 45 };
        let [x, weight, bias, dy] = data(&reference);
        let linear = Linear::at_level(300, 45, level);
        let run = |step: usize| {
            let (mut y, mut dx) = (vec![0.0; 65 * 45], vec![0.0; 65 * 300]);
            for at in (0..65).step_by(step) {
                let n = step.min(65 - at);
                let (x, dy) = (&x[at * 300..][..n * 300], &dy[at * 45..][..n * 45]);
                linear.forward(n, x, &weight, Some(&bias), Act::Relu, &mut y[at * 45..][..n * 45]);
                linear.backward_input(n, dy, &weight, false, &mut dx[at * 300..][..n * 300]);
            }
            (y, dx)
        };
        assert_eq!(run(65), run(7));
        assert_eq!(run(65), run(32));
    }
}

#[test]
fn the_gradient_of_relu_is_zero_where_it_was() {
    let lengths = [0].into_iter().chain(LENGTHS);
    for (len, &level) in lengths.flat_map(|len| Level::all().iter().map(move |l| (len, l))) {
        let mut y = numbers(len, 3);
        y.iter_mut().skip(2).step_by(5).for_each(|y| *y = f32::NAN);
        y.iter_mut().skip(3).step_by(5).for_each(|y| *y = -0.0);
        let start = numbers(len, 4);
        let mut dy = start.clone();
        // SAFETY: any slices will do.
        unsafe { mask(level, &y, &mut dy) };
        let want = |(y, dy): (&f32, &f32)| if *y <= 0.0 { 0.0 } else { *dy };
        assert_eq!(dy, y.iter().zip(&start).map(want).collect::<Vec<f32>>(), "{level:?}");
    }
}

#[test]
fn no_samples_change_nothing() {
    for &level in Level::all() {
        let linear = Linear::at_level(4, 3, level);
        let mut dw = [1.0; 12];
        linear.forward(0, &[], &[0.0; 12], None, Act::None, &mut []);
        linear.backward_input(0, &[], &[0.0; 12], false, &mut []);
        linear.backward_weights(0, &[], &[], 0..3, false, &mut dw);
        assert_eq!(dw, [1.0; 12]);
    }
}

#[test]
#[should_panic(expected = "assertion")]
fn slices_of_other_lengths_are_refused() {
    let linear = Linear::new(4, 3);
    linear.backward_input(2, &[0.0; 6], &[0.0; 12], false, &mut [0.0; 7]);
}
