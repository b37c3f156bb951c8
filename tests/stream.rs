//! Networks one step at a time: each step gives what the whole sequence gives for it.

#![allow(clippy::unwrap_used)]

use netwright::Stream;
use netwright::data::Column;
use netwright::prelude::*;
use support::{both, close, numbers, same_row, step};

#[path = "support/steps.rs"]
#[allow(dead_code)]
mod support;

network! {
    /// All kinds of state, and layers that treat each step for itself.
    struct States([6, 3]) -> [6, 4] {
        Lstm<5, layers = 2>(dropout = 0.5), Dropout, GaussianNoise(0.5), AlphaDropout, LayerNorm, Residual { Gru<5>, Tanh }, Rnn<4, nonlinearity = relu>,
        Residual { Linear<8>, Swiglu, Linear<4> },
        Softmax,
    }
}

network! {
    /// Words; what is said behind the last one.
    struct Words([usize; 5]) -> [2] {
        Embedding<7, 3>, Lstm<4>, Gru<4, output = last>, Linear<3>, Relu, Linear<2>,
    }
}

network! {
    /// Attention to the steps before.
    struct Attention([6, 4]) -> [6, 4] {
        PositionalEncoding,
        Residual { LayerNorm, MultiHeadAttention<2, causal = true> },
        PositionalEncoding<learned = true>,
        Residual { MultiHeadAttention<1, causal = true, bias = false>(dropout = 0.5) },
        Residual { RmsNorm, Linear<6>, Gelu, Linear<4> },
    }
}

network! {
    /// Steps told apart by turning what is compared.
    struct Rotary([6, 12]) -> [6, 12] {
        Residual { MultiHeadAttention<3, causal = true, rotary = true> },
        TransformerEncoder<1, 1, 5, causal = true, rotary = true>,
    }
}

network! {
    /// What comes next: the weights of the words say it, too.
    struct Tied([usize; 5]) -> [5, 7] {
        words: Embedding<7, 4>, Gru<4>, Residual { PositionalEncoding, Linear<4> },
        Linear<7, weight = words>,
    }
}

network! {
    /// Several inputs, outputs and uses of a value.
    struct Several(words: [usize; 4], times: [4]) -> (all: [4, 5], last: [3]) {
        let numbers = times => Reshape<[4, 1]>;
        let x = concat((words => Embedding<7, 4>), numbers);
        let y = x => Gru<5>;
        (y + x, (x => Lstm<3>, Select<3, axis = 0>))
    }
}

network! {
    /// Nothing before the first step.
    struct One([1, 4]) -> [1, 4] {
        MultiHeadAttention<2, causal = true>,
    }
}

/// Sequences of `[time, width]`, and each step of all of them.
fn floats(sequences: usize, time: usize, width: usize) -> (Column, Vec<Column>) {
    let whole = Column::floats(numbers(sequences * time * width), &[time, width]).unwrap();
    let steps = (0..time).map(|at| step(&whole, at)).collect();
    (whole, steps)
}

fn words(sequences: usize, time: usize) -> (Column, Vec<Column>) {
    let data = (0..sequences * time).map(|i| i * 5 % 7).collect();
    let whole = Column::indices(data, &[time]).unwrap();
    let steps = (0..time).map(|at| step(&whole, at)).collect();
    (whole, steps)
}

/// Twice the same sequences, with a reset between.
fn rows<E: Float>(net: &impl Model<E, Cpu>, whole: &Column, steps: &[Column])
where
    Cpu: Backend<E>,
{
    let expected = net.predict(whole).unwrap();
    let mut stream: Stream<E, Cpu> = net.stream().unwrap();
    for _ in 0..2 {
        for (number, step) in steps.iter().enumerate() {
            assert_eq!(stream.steps(), number);
            same_row(&expected, number, &stream.push(step).unwrap());
        }
        stream.reset();
    }
}

fn check<E: Float>(net: &impl Model<E, Cpu>, sequences: usize, time: usize, width: usize)
where
    Cpu: Backend<E>,
{
    let (whole, steps) = floats(sequences, time, width);
    rows(net, &whole, &steps);
}

both! {
    states: States(3, 6, 3)
    attention: Attention(3, 6, 4)
    rotary: Rotary(2, 6, 12)
    attention_of_one: Attention(1, 6, 4)
    one: One(2, 1, 4)
}

#[test]
fn the_last_step_is_the_present_one() {
    let net = Words::seeded(&Cpu::default(), 4);
    let (whole, steps) = words(2, 5);
    let mut stream = net.stream().unwrap();
    let last = steps.iter().map(|step| stream.push(step).unwrap()).last().unwrap();
    close(net.predict(&whole).unwrap().as_floats().unwrap(), last.as_floats().unwrap());
    // A state has room for any number of steps.
    assert!((0..20).all(|_| stream.push(&steps[0]).is_ok()));
}

#[test]
fn tied_weights_are_read_in_each_step() {
    let (whole, steps) = words(3, 5);
    rows(&Tied::seeded(&Cpu::default(), 3), &whole, &steps);
    rows(&Tied::<f64, Cpu>::init(&Cpu::default(), 3).unwrap(), &whole, &steps);
}

#[test]
fn several_inputs_and_outputs() {
    let net = Several::seeded(&Cpu::default(), 5);
    let ((a, word_steps), (times, time_steps)) = (words(3, 4), floats(3, 4, 1));
    let b = Column::floats(times.as_floats().unwrap().to_vec(), &[4]).unwrap();
    let expected = net.predict_all(&[a, b]).unwrap();
    let (mut stream, mut outputs) = (net.stream().unwrap(), Vec::new());
    for (number, (word, time)) in word_steps.into_iter().zip(time_steps).enumerate() {
        let time = Column::floats(time.as_floats().unwrap().to_vec(), &[]).unwrap();
        outputs = stream.push_all(&vec![word, time]).unwrap();
        same_row(&expected[0], number, &outputs[0]);
    }
    close(expected[1].as_floats().unwrap(), outputs[1].as_floats().unwrap());
    let step = vec![Column::labels(vec![1]), Column::floats(vec![0.5], &[]).unwrap()];
    let error = net.stream().unwrap().push(&step).unwrap_err().to_string();
    assert!(error.contains("has 2 outputs; `push_all`"), "{error}");
    let error = net.stream().unwrap().push_all(&step[0]).unwrap_err().to_string();
    assert!(error.contains("takes 2 inputs, not 1"), "{error}");
}

#[test]
fn a_wrong_step_is_an_error_and_nothing_is_lost() {
    let net = Attention::seeded(&Cpu::default(), 3);
    let (whole, steps) = floats(2, 6, 4);
    let expected = net.predict(&whole).unwrap();
    let mut stream = net.stream().unwrap();
    let error =
        |stream: &mut Stream<f32, Cpu>, step: &Column| stream.push(step).unwrap_err().to_string();
    for (number, step) in steps.iter().enumerate() {
        let wide = error(&mut stream, &floats(2, 1, 5).1[0]);
        assert!(wide.contains("is floats of shape [4], not floats of shape [5]"), "{wide}");
        assert!(error(&mut stream, &words(2, 1).1[0]).contains("not indices of shape []"));
        if number > 0 {
            let text = error(&mut stream, &floats(3, 1, 4).1[0]);
            assert!(text.contains("3 sequences at step") && text.contains("not 2"), "{text}");
        }
        same_row(&expected, number, &stream.push(step).unwrap());
    }
    assert!(error(&mut stream, &steps[0]).contains("has room for 6 steps"));
    stream.reset();
    let other = floats(1, 6, 4).1;
    assert_eq!(stream.push(&other[0]).unwrap().len(), 1);
}

/// Networks that cannot run step by step, with the name of the layer and why.
macro_rules! refused {
    ($($name:ident: $shape:tt => { $($body:tt)* } $layer:literal $why:literal)*) => {
        #[test]
        fn what_mixes_steps_is_named() {
            $(
                mod $name {
                    use netwright::prelude::*;
                    network! { pub struct Net($shape) { $($body)* } }
                }
                let net = $name::Net::seeded(&Cpu::default(), 1);
                let error = net.stream().err().unwrap().to_string();
                assert!(error.contains($layer) && error.contains($why), "{error}");
            )*
        }
    };
}

refused! {
    flat: [5, 4] => { Tanh, all: Flatten, Linear<3> } "`all` (Flatten)" "it mixes steps"
    mean: [5, 4] => { pool: Mean<axis = 0> } "`pool` (Mean)" "it mixes steps"
    dense: [5] => { fc: Linear<3> } "`fc` (Linear)" "it mixes steps"
    both: [5, 4] => { both: Lstm<3, bidirectional = true> } "`both` (Lstm)" "the end of the sequence"
    back: [5, 4] => { back: Gru<3, reverse = true> } "`back` (Gru)" "the end of the sequence"
    first: [5, 4] => { one: Select<0, axis = 0> } "`one` (Select)" "another step than the last"
    ahead: [5, 4] => { look: MultiHeadAttention<2> } "`look`" "looks at later steps"
    order: [5, 4] => { turn: Transpose<0, 1> } "`turn` (Transpose)" "it mixes steps"
    normal: [5, 4] => { norm: BatchNorm1d } "`norm` (BatchNorm1d)" "more than one step"
    state: [5, 4] => {
        let (_, h) = input => Gru<3>;
        (input, h) => own: Gru<3>
    } "`own` (Gru)" "a first state that is not known before the last step"
    memory: [5, 4] => {
        (input, input) => look: MultiHeadAttention<2>
    } "`look`" "looks at all steps of a memory"
    rows: [5, 5] => { matmul(input, input) } "(MatMul)" "it mixes steps"
    image: [1, 8, 8] => { conv: Conv2d<2, 3> } "`conv` (Conv2d)" "more than one step"
}

network! {
    struct Lengths(x: [5, 4], n: [usize]) -> [5, 4] { (x, n) => MultiHeadAttention<2> }
}

#[test]
fn an_input_without_time_is_named() {
    let error = Lengths::seeded(&Cpu::default(), 1).stream().err().unwrap().to_string();
    assert!(
        error.contains("the same time as their first axis, but `x` is [5, 4], `n` is []"),
        "{error}"
    );
}
