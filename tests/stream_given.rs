//! Streams of networks of which some inputs are given whole: a memory, first states, lengths.

#![allow(clippy::unwrap_used)]

use netwright::data::Column;
use netwright::prelude::*;
use netwright::{Result, Stream};
use netwright_core::spec::graph::{Graph, Port};
use support::{both, close, numbers, same, same_row, step};

#[path = "support/steps.rs"]
mod support;

/// A layer of the user's.
#[derive(Clone, Debug, Layer)]
struct Square;

impl<S: Shape, E: Float, D: Backend<E>> Apply<Taped<S, E, D>> for Square {
    type Output = Taped<S, E, D>;
    fn apply(&self, x: Taped<S, E, D>, _: Mode) -> Result<Self::Output> {
        x.try_square().map_err(netwright::Error::device)
    }
}

network! {
    /// Encoder and decoder in one.
    struct Translator(text: [usize; 7], lengths: [usize], said: [usize; 5]) -> [5, 9] {
        let x = text => Embedding<9, 8>, PositionalEncoding;
        let memory = (x, lengths) => TransformerEncoder<1, 2, 11>;
        let y = said => Embedding<9, 8>, PositionalEncoding<learned = true>;
        (y, memory, lengths) => TransformerDecoder<2, 2, 11>, Linear<9>
    }
}

network! {
    /// Says what is in an image: any layers make the memory.
    struct Captions(x: [5, 8], image: [2, 6, 6]) -> (y: [5, 8], seen: [9, 8], raw: [2, 6, 6]) {
        let seen = image => Conv2d<8, 3, padding = same>, BatchNorm2d, Relu, MaxPool2d<2>,
            Square -> [8, 3, 3], Reshape<[8, 9]>, Transpose<0, 1>;
        let y = (x, seen) => TransformerDecoder<2, 4, 11, norm_first = true, rotary = true>;
        (y, seen, image)
    }
}

network! {
    /// Attention to a memory with one head and without biases, and to some steps of another.
    struct Looks(x: [6, 4], memory: [6, 4], n: [usize]) -> [6, 4] {
        let y = (x, memory) => MultiHeadAttention<1, bias = false>(dropout = 0.5);
        (y, (memory => Linear<4>), n) => MultiHeadAttention<2>
    }
}

network! {
    /// The decoder begins where the encoder ended.
    struct Handed(source: [6, 3], x: [4, 5]) -> (y: [4, 8], h: [16], c: [16], g: [3], r: [2]) {
        let (_, h0, c0) = source => Lstm<8, layers = 2, bidirectional = true>;
        let (y, h, c) = (x, (h0 => Linear<16>), (c0 => Linear<16>)) => Lstm<8, layers = 2>;
        let first = source => Gru<3, output = last>;
        let (g, end) = (y, first) => Gru<3, output = last>;
        (y, h, c, g, (end => Linear<2>))
    }
}

network! {
    /// Steps with values that are the same for each, or have a row for each.
    struct Mixed(x: [4, 3], context: [2], rows: [4, 3], keys: [5, 3], scalars: [4])
        -> (y: [4, 7], z: [4])
    {
        let same = context => RepeatVector<4>;
        let mixed = rows * (x + (same => Linear<3>, Tanh)) - rows;
        let scores = matmul(mixed, (keys => Transpose<0, 1>)) => Softmax<axis = 1>;
        let looked = matmul(scores, keys);
        let y = concat(looked, same, (x => Slice<0, 2, axis = 1>), axis = 1);
        (y, scalars + (x => Sum<axis = 1>))
    }
}

network! {
    /// Of sequences of different length, each step that there is.
    struct Lengths(x: [5, 4], n: [usize]) -> (y: [5, 4], last: [3], h: [4], c: [4]) {
        let seen = (x, n) => MultiHeadAttention<2, causal = true>;
        let (steps, h, c) = (x + seen, n) => Lstm<4>;
        let y = (steps, n) => Gru<4>;
        let last = (steps, n) => Rnn<3, output = last>;
        (y, last, h, c)
    }
}

network! {
    /// Recurrent layers of sequences of different length, from states that are given or not.
    struct Padded(x: [5, 3], n: [usize], h: [4], c: [4])
        -> (y: [5, 4], end: [4], memory: [4], last: [3], twice: [2])
    {
        let (y, end, memory) = (x, h, c, n) => Lstm<4>;
        let last = (y, n) => Gru<3, output = last>;
        let twice = (x, n) => Rnn<2, layers = 2, output = last>;
        (y, end, memory, last, twice)
    }
}

network! {
    /// Attention to some steps of a memory.
    struct Looked(x: [6, 4], memory: [6, 4], n: [usize]) -> [6, 4] {
        (x, memory, n) => MultiHeadAttention<2>
    }
}

/// Floats for each input that takes them, and indices below the bounds.
fn columns(graph: &Graph, sequences: usize, bounds: &[usize]) -> Vec<Column> {
    let mut bounds = bounds.iter();
    let column = |port: &Port| {
        let count = sequences * port.shape.iter().product::<usize>();
        match port.index {
            false => Column::floats(numbers(count), port.shape),
            true => {
                let bound = bounds.next().unwrap();
                let index = |i: usize| {
                    if port.shape.is_empty() { 1 + i * 2 % bound } else { i * 5 % bound }
                };
                Column::indices((0..count).map(index).collect(), port.shape)
            }
        }
    };
    graph.inputs.iter().map(column).map(std::result::Result::unwrap).collect()
}

/// Twice the same sequences, with a reset between: each output along time is the row of the whole at
/// each step, and all are the whole's at the last.
fn check<E: Float>(net: &impl Model<E, Cpu>, given: &[&str], bounds: &[usize], along: &[usize])
where
    Cpu: Backend<E>,
{
    for sequences in [1, 3] {
        let columns = columns(net.graph(), sequences, bounds);
        let whole = net.predict_all(&columns).unwrap();
        let named = net.graph().inputs.iter().map(|port| port.name).zip(&columns);
        let (given, own): (Vec<_>, Vec<_>) = named.partition(|(name, _)| given.contains(name));
        let mut stream: Stream<E, Cpu> = net.stream_with(&given).unwrap();
        for _ in 0..2 {
            let mut outputs = Vec::new();
            for at in 0..own[0].1.shape()[0] {
                let now: Vec<Column> = own.iter().map(|(_, column)| step(column, at)).collect();
                outputs = stream.push_all(&now).unwrap();
                along.iter().for_each(|&output| same_row(&whole[output], at, &outputs[output]));
            }
            for (output, whole) in whole.iter().enumerate().filter(|(i, _)| !along.contains(i)) {
                same(whole, &outputs[output]);
            }
            stream.reset();
        }
    }
}

/// Where what is given whole or pushed has such a number behind a sequence's length, the stream gives
/// what the whole sequences give: these outputs, which are rows of each step where `along` says so, are
/// finite.
fn check_hidden<E: Float>(
    net: &impl Model<E, Cpu>,
    (spoiled, given): (&str, &[&str]),
    along: &[usize],
) where
    Cpu: Backend<E>,
{
    let steps = net.graph().inputs[0].shape[0];
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let mut columns = columns(net.graph(), 3, &[steps]);
        let lengths = columns.iter().find_map(Column::as_indices).unwrap().to_vec();
        assert!(lengths[..2].iter().all(|length| *length < steps), "{lengths:?}");
        let at = net.graph().inputs.iter().position(|port| port.name == spoiled).unwrap();
        columns[at] = behind(&columns[at], &lengths, bad);
        let whole = net.predict_all(&columns).unwrap();
        let named = net.graph().inputs.iter().map(|port| port.name).zip(&columns);
        let (given, own): (Vec<_>, Vec<_>) = named.partition(|(name, _)| given.contains(name));
        let mut stream: Stream<E, Cpu> = net.stream_with(&given).unwrap();
        for now in 0..steps {
            let pushed: Vec<Column> = own.iter().map(|(_, column)| step(column, now)).collect();
            let outputs = stream.push_all(&pushed).unwrap();
            for (i, (whole, output)) in whole.iter().zip(&outputs).enumerate() {
                match along.contains(&i) {
                    true => alike(&step(whole, now), output, true),
                    false if now + 1 == steps => alike(whole, output, true),
                    false => {}
                }
            }
        }
    }
}

/// With this number in all steps behind the lengths of the first two sequences.
fn behind(column: &Column, lengths: &[usize], number: f32) -> Column {
    let (time, width) = (column.shape()[0], column.shape()[1]);
    let mut data = column.as_floats().unwrap().to_vec();
    for (rows, &length) in data.chunks_exact_mut(time * width).zip(lengths).take(2) {
        rows[length * width..].fill(number);
    }
    Column::floats(data, column.shape()).unwrap()
}

/// The same numbers, or no numbers in the same places: of some sequences only.
fn alike(a: &Column, b: &Column, finite: bool) {
    let [a, b] = [a, b].map(|column| column.as_floats().unwrap());
    assert!(a.iter().any(|a| a.is_finite()) && (!finite || a.iter().all(|a| a.is_finite())));
    assert!(a.iter().zip(b).all(|(a, b)| a.is_nan() == b.is_nan()), "{a:?} {b:?}");
    let numbers = a.iter().zip(b).filter(|(a, _)| !a.is_nan());
    let (a, b): (Vec<f32>, Vec<f32>) = numbers.unzip();
    close(&a, &b);
}

mod hidden_steps {
    use super::*;

    /// They are nothing to a state.
    #[test]
    fn of_recurrent_layers() {
        let given = ("x", ["n", "h", "c"].as_slice());
        check_hidden(&Padded::seeded(&Cpu::default(), 5), given, &[0]);
        let net = Padded::<f64, Cpu>::init(&Cpu::default(), 5).unwrap();
        check_hidden(&net, given, &[0]);
    }

    /// Nor are they to attention, whose weights for them are 0.
    #[test]
    fn of_a_memory() {
        let given = ("memory", ["n", "memory"].as_slice());
        check_hidden(&Looked::seeded(&Cpu::default(), 5), given, &[0]);
        let net = Looked::<f64, Cpu>::init(&Cpu::default(), 5).unwrap();
        check_hidden(&net, given, &[0]);
    }

    /// A first state is no number for its own sequence alone.
    #[test]
    fn with_a_first_state_that_is_none() {
        fn check<E: Float>(net: &impl Model<E, Cpu>)
        where
            Cpu: Backend<E>,
        {
            let mut columns = columns(net.graph(), 3, &[5]);
            let mut h = columns[2].as_floats().unwrap().to_vec();
            h[5] = f32::NAN;
            columns[2] = Column::floats(h, &[4]).unwrap();
            let whole = net.predict_all(&columns).unwrap();
            let given = [("n", &columns[1]), ("h", &columns[2]), ("c", &columns[3])];
            let mut stream: Stream<E, Cpu> = net.stream_with(&given).unwrap();
            for now in 0..5 {
                let outputs = stream.push_all(&step(&columns[0], now)).unwrap();
                alike(&step(&whole[0], now), &outputs[0], false);
                if now == 4 {
                    whole[1..].iter().zip(&outputs[1..]).for_each(|(a, b)| alike(a, b, false));
                }
            }
        }
        check(&Padded::seeded(&Cpu::default(), 6));
        check(&Padded::<f64, Cpu>::init(&Cpu::default(), 6).unwrap());
    }
}

both! {
    translator: Translator(&["text", "lengths"], &[9, 7, 9], &[0])
    captions: Captions(&["image"], &[], &[0])
    looks: Looks(&["memory", "n"], &[6], &[0])
    handed: Handed(&["source"], &[], &[0])
    mixed: Mixed(&["context", "rows", "keys", "scalars"], &[], &[0, 1])
    mixed_otherwise: Mixed(&["keys", "context", "scalars"], &[], &[0, 1])
    lengths: Lengths(&["n"], &[5], &[0])
    padded: Padded(&["n", "h", "c"], &[5], &[0])
}

#[test]
fn a_last_state_is_the_one_so_far() {
    let net = Handed::seeded(&Cpu::default(), 4);
    let columns = columns(Handed::GRAPH, 2, &[]);
    let y = net.predict_all(&columns).unwrap().remove(0);
    let mut stream = net.stream_with(&[("source", &columns[0])]).unwrap();
    for at in 0..4 {
        let outputs = stream.push_all(&step(&columns[1], at)).unwrap();
        // That of the second layer, which is what it gives.
        let h = outputs[1].as_floats().unwrap().chunks_exact(16).flat_map(|h| h[8..].to_vec());
        same_row(&y, at, &Column::floats(h.collect(), &[8]).unwrap());
    }
}

#[test]
fn what_is_given_wrong_is_named() {
    let net = Translator::seeded(&Cpu::default(), 3);
    let inputs = columns(Translator::GRAPH, 3, &[9, 7, 9]);
    let [text, lengths, said] = inputs.as_slice() else { unreachable!() };
    let error = |given: &[(&str, &Column)], expected: &str| {
        let error = net.stream_with(given).err().unwrap().to_string();
        assert!(error.contains(expected), "{error}");
    };
    error(
        &[("txt", text)],
        "`Translator` has no input `txt` to be given: its inputs are `text`, `lengths`, `said`",
    );
    error(&[("text", text), ("text", text)], "`text` of `Translator` is given twice");
    error(
        &[("lengths", lengths), ("text", said)],
        "`text` of `Translator` is given whole as indices of shape [7] for each sequence, not indices of shape [5]",
    );
    let floats = Column::floats(numbers(21), &[7]).unwrap();
    error(&[("text", &floats)], "not floats of shape [7]");
    error(
        &[("text", text)],
        "but `lengths` is [], `said` is [5]; one that is the same for all steps is given whole: `stream_with(&[(\"its name\", &column)])`",
    );
    error(
        &[("lengths", lengths)],
        "same time as their first axis, but `text` is [7], `said` is [5]",
    );
    let two = lengths.gather(&[0, 1]).unwrap();
    error(
        &[("lengths", &two), ("text", text)],
        "`lengths` of `Translator` was given 2 sequences, but `text` 3",
    );
    error(
        &[("lengths", &Column::labels(vec![7, 0, 1])), ("text", text)],
        "the length 0 of sample 1 is not in 1 ..= 7",
    );
    let none = Column::labels(Vec::new());
    error(
        &[("lengths", &none), ("text", &Column::indices(Vec::new(), &[7]).unwrap())],
        "`text` of `Translator` has no sequence",
    );
    let all = [("text", text), ("lengths", lengths), ("said", said)];
    error(&all, "all its inputs are given whole, none is left for the steps");

    let mut stream = net.stream_with(&all[..2]).unwrap();
    let error = stream.push(&Column::labels(vec![1, 2])).unwrap_err().to_string();
    assert!(error.contains("2 sequences at step 0, not 3: as many as of `text`"), "{error}");
    let error = stream.push(&[said.clone(), said.clone()]).unwrap_err().to_string();
    assert!(error.contains("a step of `Translator` takes 1 inputs, not 2"), "{error}");
    assert_eq!(stream.push(&step(said, 0)).unwrap().len(), 3);
}

#[test]
fn lengths_that_only_the_steps_read_are_checked() {
    let net = Looks::seeded(&Cpu::default(), 3);
    let (memory, n) = (Column::floats(numbers(24), &[6, 4]).unwrap(), Column::labels(vec![7]));
    let error = net.stream_with(&[("memory", &memory), ("n", &n)]).err().unwrap().to_string();
    assert!(error.contains("the length 7 of sample 0 is not in 1 ..= 6"), "{error}");
}

/// Networks that cannot run step by step, with what is given, the layer and why.
macro_rules! refused {
    ($($name:ident: $shapes:tt => { $($body:tt)* } $layer:literal $why:literal)*) => {
        #[test]
        fn what_is_impossible_is_named() {
            $(
                mod $name {
                    use netwright::prelude::*;
                    network! { pub struct Net $shapes { $($body)* } }
                }
                let net = $name::Net::seeded(&Cpu::default(), 1);
                let given = &columns($name::Net::GRAPH, 1, &[4])[1];
                let error = net.stream_with(&[("given", given)]).err().unwrap().to_string();
                assert!(error.contains($layer) && error.contains($why), "{error}");
            )*
        }
    };
}

refused! {
    looked: (x: [4, 3], given: [5, 3]) => { (given, x) => look: MultiHeadAttention<1> } "`look`" "looks at all steps"
    whole: (x: [4, 3], given: [2, 4]) => { matmul(given, x) } "(MatMul)" "mixes steps"
    ended: (x: [4, 3], given: [4, 2]) => {
        concat((x => Gru<2, output = last>, RepeatVector<4>), given, (x => Linear<2>), axis = 1)
    } "(Concat)" "what is known behind the last one only"
    begun: (x: [4, 3], given: [4, 2]) => {
        let (_, h) = x => Gru<3>;
        (given, (x => Linear<3>, Flatten, Linear<3>) + h) => own: Gru<3>
    } "Flatten" "mixes steps"
    other: (x: [4, 3], given: [usize]) => {
        let again = x => Gru<3, output = last>, RepeatVector<4>;
        (again, given) => own: Gru<3>
    } "`own` (Gru)" "lengths of another sequence than the steps"
}
