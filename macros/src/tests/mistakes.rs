use super::{errors_in, errors_of, expanded};

fn none(layers: &str) {
    assert_eq!(errors_in(layers), [] as [&str; 0], "{layers}");
}

/// One mistake, by the beginning of its message.
fn one(layers: &str, text: &str) {
    let errors = errors_in(layers);
    assert!(errors.len() == 1 && errors[0].starts_with(text), "{layers}: {errors:?}");
}

#[test]
fn right_networks() {
    none("Conv2d<8, 3, padding = same>, Relu, MaxPool2d<2>, Flatten, Linear<10>");
    none("Conv2d<N, K>, MaxPool2d<{ 2 * K }>, Flatten, Linear<cfg::WIDTH>");
    none("Residual { Conv2d<3, 3, padding = 1> }, Parallel { { Relu }, { Conv2d<5, 1> } }");
    none("Repeat<3> { x: Conv2d<3, 1> }, r#type: Conv2d<3, 1>, Repeat<2> { r#fn: Relu }");
    none("Dropout(0.3), Dropout(p = RATE), LeakyRelu(-0.1), Softplus(f::<1>())");
}

#[test]
fn every_mistake_points_at_its_token() {
    let text = "struct Net([3, 32, 32]) -> [10] {
    stem: Conv2d<32, 3, strid = 2>,
    MaxPool2d<0>,
    Rellu, Dropout(1.5),
}
struct Other(image: [3, 8, 8], meta: [2]) -> [9] {
    Conv2d<4, 9>, Linear<3>,
}";
    assert_eq!(
        errors_of(text),
        [
            "2:24 `Conv2d` has no option `strid`\nhelp: did you mean `stride`?",
            "3:14 this size must be at least 1, not 0",
            "4:4 there is no layer `Rellu`\nhelp: did you mean `Relu`?",
            "4:19 `p` must be at least 0 and below 1, not 1.5",
            "6:31 the input `meta` is never used: a chain of layers takes the first input\nhelp: take \
             it away, or write a graph: `let a = image => Relu; concat(a, meta)`",
            "7:14 the window of `Conv2d` is 9 high, but the input `image` is [3, 8, 8], \
             which is 8 high\nhelp: use a window of at most 8, add `padding`, or take away a pooling \
             layer before it",
        ]
    );
}

#[test]
fn arguments() {
    one("Flatten, Linear", "`Linear` needs its `out_features`");
    one("Flatten, Linear<3, 4>", "`Linear` takes 1 size by position, so `4` is too much");
    one("Conv2d<3, 3, 3, 3>", "`Conv2d` takes 2 sizes by position, so `3` is too much");
    one("Relu(0.5)", "`Relu` takes nothing in round brackets, so `0.5` is too much");
    one("Relu<3>", "`Relu` takes no sizes, so `3` is too much");
    one("Dropout<0.5>", "`Dropout` takes a run-time value, which stands in round brackets");
    one("Dropout<p = 0.5>", "`p` is a run-time value and stands in round brackets");
    one("Conv2d<3, 3>(stride = 2)", "`stride` is known at compile time and stands in angle");
    one("Conv2d<3, 3, stride = 2, stride = 2>", "`stride` is given twice");
    one("Conv2d<3, 3, padding = sme>", "`padding` is a size, (height, width) or `same`, not `sme`");
    one("Conv2d<3, 3, bias = 3>", "`bias` is `true` or `false`, not `3`");
    one("Conv2d<3, (3, 0)>", "this size must be at least 1, not 0");
    one("Conv2d<3, 3, padding = [3]>", "`padding` is a size, (height, width) or `same`, not a");
    one("Conv2d<_, 3>", "this size cannot be left to inference");
    one("Conv2d<3, 2.5>", "`kernel_size` is a size or (height, width), not `2.5`");
    one("Dropout(\"a\")", "`p` is a number, not `\"a\"`");
    one("Dropout(true)", "`p` is a number, not `true`");
    one("Dropout(1.0)", "`p` must be at least 0 and below 1, not 1");
    one("Conv2d<3, 3, Relu, Flatten", "this `<` is never closed");
}

#[test]
fn a_mistake_silences_what_follows_from_it() {
    one("Liner<3>, Conv2d<3, 99>, Linear<3>", "there is no layer `Liner`");
    one("Conv2d<3, 99>, Residual { Linear<3> }, Flatten", "the window of `Conv2d`");
    one("Residual { Rellu }, Linear<3>", "there is no layer `Rellu`");
    one("Residual {}, Linear<3>", "a branch needs at least one layer");
    one("Parallel { { Relu }, {} }, Linear<3>", "a branch needs at least one layer");
    one("Repeat<3> { Linear<3> }", "`Linear` takes [features] or [time, features]");
    one("Repeat<3> { Rellu }", "there is no layer `Rellu`");
    one("Scale, Linear<3>, Softmax", "there is no layer `Scale` in the catalogue, and its output");
    one("Scale(0.5) -> [3, 8], Linear<3>", "`Scale` is not in netwright's catalogue");
    one("Scale<a = 3> -> [3, 8], Linear<3>", "`Scale` has generic arguments, which have no names");
}

#[test]
fn blocks_name_their_branches() {
    one(
        "Conv2d<4, 1>, Residual { Conv2d<5, 1> }",
        "`Residual` adds only equal shapes, but its branch ends with `Conv2d` (line 1), which gives \
         [5, 8, 8], and its input, from `Conv2d` (line 1), is [4, 8, 8]\nhelp: give the other side \
         the same shape: `skip { Conv2d<5, 1> }`",
    );
    one(
        "Residual { Conv2d<5, 1> } skip { Conv2d<4, 1> }",
        "`Residual` adds only equal shapes, but its branch ends with `Conv2d` (line 1), which gives \
         [5, 8, 8], and its `skip` ends with `Conv2d` (line 1), which gives [4, 8, 8]",
    );
    one(
        "Parallel { { Relu }, { Conv2d<4, 2> } }",
        "`Parallel` joins images of the same height, but branch 1 ends with `Relu` (line 1), which \
         gives [3, 8, 8], and branch 2 ends with `Conv2d` (line 1), which gives [4, 7, 7]",
    );
}

#[test]
fn names() {
    one("a: Relu, a: Relu", "the name `a` is used twice; first on line 1");
    one("r#a: Relu, a: Relu", "the name `a` is used twice; first on line 1");
    one("fn: Relu", "`fn` is a Rust keyword and cannot name a layer");
    assert!(!expanded("struct Net([3]) { true = Linear<2> }").contains("pub true :"));
    one("x: Repeat<2> { Relu }", "`Repeat` has no name: it makes several layers");
    let two = "struct A([3]) { Relu } struct A([4]) { Relu }";
    assert_eq!(
        errors_of(two),
        ["1:30 there are two networks named `A`\nhelp: give each network a name of its own"]
    );
}

#[test]
fn too_many_layers_are_one_mistake_and_soon_found() {
    let text = "this network has more than 10000 layers";
    one(
        "Repeat<18446744073709551615> { Relu, Repeat<9223372036854775808> { Tanh } }, Linear<2>",
        text,
    );
    one("Repeat<200> { Conv2d<3, 1>, Repeat<200> { a: Conv2d<3, 1> } }, Conv2d<9, 99>", text);
    let text = "struct Net([3]) { Repeat<3000000000> { Linear<3> }, Softmax }";
    assert!(expanded(text).len() < 20_000);
}

#[test]
fn the_axis_of_a_concat_is_read_as_all_sizes_are() {
    let text = "`axis` is a size, not";
    one("concat(input, input, axis = 2.5)", text);
    one("concat(input, input, axis = (1, 2)) => Relu", text);
    one("concat(input, input, axis = [1])", text);
    one("concat(input, input, axis = 1e9)", text);
}

#[test]
fn right_graphs() {
    none("let a = input => Conv2d<3, 1>; let b = a + input; concat(a, b) => Relu");
    none("layer f: Conv2d<3, 1>; let a = input => f, Relu, f; a * input * 0.5 - a");
    none("layer f: Conv2d<3, 1>; f, Relu, f");
    none("let a = input => Flatten, Linear<4>; (a => Linear<4>, Relu) + a");
    none("concat(input, input, axis = 2) => Repeat<2> { Residual { Conv2d<3, 1> } }");
}

#[test]
fn values() {
    one("let a = input => Relu; let b = input => Tanh; a", "the value `b` is never used");
    one("let a = b => Relu; let b = input => Tanh; a + b", "the value `b` is used before it is");
    one("let a = input => Relu; let a = a => Tanh; a", "the value `a` is defined twice; first on");
    one("let input = input => Relu; input", "`input` is the name of an input already");
    one("let low = input => Relu; lov + low", "there is no value `lov`\nhelp: did you mean `low`?");
    one(
        "let low = input => Relu; other + low",
        "there is no value `other`\nhelp: the values so far",
    );
    one("input + Relu", "`Relu` is a layer, not a value");
    one("matmul(input, input)", "`matmul` takes two matrices, [rows, inner] and [inner, columns]");
    one("matmul(input)", "`matmul` takes two values, found 1");
    none("let a = input => Reshape<[24, 8]>; matmul(a, (input => Reshape<[8, 24]>))");
    one("input + 0.5", "expected a value, found a number");
    one("(input, (input => Relu))", "several outputs need names");
    one("concat(input)", "`concat` takes two values or more, found 1");
    one("concat(input, input, axes = 1)", "`Concat` has no option `axes`");
    one(
        "concat(input, input, axis = 3)",
        "`axis` of `concat` counts the axes of a sample from 0 to 2",
    );
    one(
        "let a = input => Conv2d<4, 1>; a + input",
        "`+` adds only equal shapes, but `a` ends with `Conv2d` (line 1), which gives [4, 8, 8], and \
         `input` is [3, 8, 8]",
    );
    one(
        "let a = input => Conv2d<4, 1>; a => Linear<3>",
        "`Linear` takes [features] or [time, features], but `a`, from `Conv2d` (line 1), is [4, 8, 8]",
    );
}

#[test]
fn shared_layers() {
    one("layer f: Linear<3>; Relu", "the shared layer `f` is never applied");
    none("layer f: Conv2d<3, 1>; Repeat<3> { f, Relu }");
    one("layer f: Residual { Relu }; f", "a block cannot be shared");
    one("layer f: Conv2d<3, 1>; f<3>, f", "the shared layer `f` has its arguments where");
    one("layer f: Conv2d<3, 1>; f, a: f", "the shared layer `f` has its name already");
    one("layer f: Conv2d<3, 1>; f: Relu, f", "the name `f` is used twice");
    one(
        "layer f: Linear<4>; Flatten, f, f",
        "the shared layer `f` was made for [192] (line 1), but is applied to [4] here",
    );
    one("layer f: Linear<4>; f, Relu, f", "`Linear` takes [features] or [time, features]");
}

#[test]
fn tied_weights() {
    none("Flatten, a: Linear<192>, Linear<192, weight = a>");
    none("Flatten, Linear<192>, Linear<192, weight = linear_1>");
    none("Flatten, a: Linear<192>, b: Linear<192, weight = a>, Linear<192, weight = b>");
    none(
        "Flatten, Repeat<2> { l: Linear<192>, Linear<192, weight = l> }, Linear<192, weight = l_1>",
    );
    none("layer f: Linear<192, weight = a>; Flatten, a: Linear<192>, f, Relu, f");
    none("layer a: Linear<192>; Flatten, Repeat<2> { a, Relu, Linear<192, weight = a> }");
    one("Flatten, a: Linear<192, weight = a>", "no layer before this one is called `a`");
    one("Flatten, a: Linear<4>, Linear<4, weight = b>", "no layer before this one is called `b`");
    one(
        "Flatten, a: Linear<4>, b: Linear<4, weight = c>, Linear<4, weight = b>",
        "no layer before",
    );
    one(
        "Repeat<2> { Flatten, Linear<192, weight = l>, l: Linear<192> }",
        "no layer before this one",
    );
    one("layer f: Liner<4>; Flatten, f, Linear<4, weight = f>", "there is no layer `Liner`");
    one("Flatten, a: Linear<0>, Linear<4, weight = a>", "this size must be at least 1");
    one("Flatten, a: Linear<4>, Linear<4, weight = [4]>", "`weight` is the name of a layer, not a");
    one("Flatten, a: Linear<4>, Linear<4>(weight = a)", "`weight` is known at compile time");
    one(
        "Reshape<[3, 64]>, c: Conv1d<64, 1>, Linear<64, weight = c>",
        "`Linear` needs a `weight` of [64, 64] here, but that of `c` (line 1) is [64, 3, 1",
    );
    one(
        "Reshape<[24, 8]>, t: TransformerEncoder<1, 2, 8>, Linear<8, weight = t>",
        "`t` has no parameter `weight`\nhelp: name a layer before this one whose `weight` is \
         [out_features, in_features]",
    );
    one(
        "Flatten, a: Linear<4>, b: Linear<4, weight = a>, Linear<4>",
        "`Linear` needs a `weight` of [4, 4] here, but that of `a` (line 1) is [4, 192]\nhelp: it \
         fits where `out_features` is 4 and `in_features` is 192; or leave out `weight = a`",
    );
}

#[test]
fn outputs() {
    let wrong = |text: &str, error: &str| {
        let errors = errors_of(text);
        assert!(errors.len() == 1 && errors[0].contains(error), "{text}: {errors:?}");
    };
    let two = "struct N(x: [3]) -> (a: [3], b: [4])";
    wrong(&format!("{two} {{ x => Relu }}"), "the network declares 2 outputs, but gives 1");
    wrong(&format!("{two} {{ Relu }}"), "a chain of layers has one output");
    wrong(&format!("{two} {{ (x, x, x) }}"), "the network declares 2 outputs, but gives 3");
    wrong(
        &format!("{two} {{ let b = x => Linear<4>; (b, x) }}"),
        "the output `a` is given the value `b`",
    );
    wrong(
        &format!("{two} {{ (x, (x => Linear<5>)) }}"),
        "the declared output `b` is [4], but `Linear` (line 1) gives [5]\nhelp: declare `b: [5]`",
    );
    wrong("struct N(x: [3]) -> (a: [3], a: [3]) { (x, x) }", "there are two outputs named `a`");
    wrong("struct N(x: [3], y: [4]) { x => Relu }", "the input `y` is never used");
}

#[test]
fn several_values_go_into_one_layer() {
    let graph = |body: &str| {
        errors_of(&format!("struct Net(x: [3], n: [usize], h: [4]) -> [3, 4] {{ {body} }}"))
    };
    let first = |body: &str| graph(body).first().cloned().unwrap_or_default();
    assert_eq!(graph("(x, n, (h => Relu)) => Recurrent"), [] as [&str; 0]);
    assert_eq!(graph("(x, n, h) => Recurrent, Relu"), [] as [&str; 0]);
    assert_eq!(graph("layer r: Recurrent; (x, n, h) => r"), [] as [&str; 0]);
    assert_eq!(
        graph("(x, h, n) => Recurrent"),
        [
            "1:64 `Recurrent` takes `x`, `lengths` (indices) and `h`, in this order, but the input `n` \
          is [usize]\nhelp: only the first must be there"
        ]
    );
    assert_eq!(
        graph("(x, n, h, (h => Relu)) => Recurrent"),
        ["1:77 `Recurrent` takes at most 3 values, but 4 stand before `=>`\nhelp: these are `x`, \
          `lengths` (indices) and `h`"]
    );
    let one = "`Linear` takes one value, but 3 stand before `=>`\nhelp: make one of them";
    assert!(first("(x, n, h) => Linear<3>").contains(one));
    assert!(first("(x, n, h) => Own -> [3, 4]").contains("`Own` takes one value, but 3 stand"));
    assert!(first("(x, n, h) => Residual { Relu }").contains("`Residual` takes one value, but 3"));
    assert!(first("(x, n, h) => Repeat<2> { Relu }").contains("`Repeat` takes one value, but 3"));
    let alone =
        "expected one value, found several in brackets\nhelp: several values go into a layer";
    assert!(first("let a = (x, n, h); a").contains(alone));
    assert!(first("x + (n, h)").contains(alone));
}
