use super::{bounds_in, errors_in_generic, errors_of};

/// What is demanded of `Side`, behind being at least one: by the beginning of each message.
fn demands(layers: &str, texts: &[&str]) {
    let bounds = bounds_in(layers);
    assert_eq!(bounds[0], "the size `Side` must be at least 1");
    assert_eq!(bounds.len() - 1, texts.len(), "{layers}: {bounds:#?}");
    for (bound, text) in bounds[1..].iter().zip(texts) {
        assert!(bound.starts_with(text), "{layers}: {bound}");
    }
}

fn one(layers: &str, text: &str) {
    let errors = errors_in_generic(layers);
    assert!(errors.len() == 1 && errors[0].contains(text), "{layers}: {errors:?}");
}

#[test]
fn only_what_the_number_decides_is_demanded() {
    demands("Conv2d<8, 3, padding = same>, Residual { Conv2d<8, 5, padding = 2>, Relu }", &[]);
    demands("MaxPool2d<2>", &["the window of `MaxPool2d` is 2 high, but the network's input is"]);
    demands(
        "Conv2d<8, 3>, MaxPool2d<2>",
        &[
            "the window of `Conv2d` is 3 high, but the network's input is [3, Side, Side]",
            "the window of `MaxPool2d` is 2 high, but `Conv2d` before it (line 1) gives \
             [8, Side - 2, Side - 2], which is Side - 2 high",
        ],
    );
    demands("Conv2d<Side, 1, groups = 1>, Conv2d<Side, 3, padding = 1, groups = Side>", &[]);
    demands(
        "Conv2d<Side, 1>, Conv2d<8, 1, groups = 4>",
        &["`Conv2d` has 4 groups, which do not divide its Side input channels"],
    );
    demands("Conv2d<{ 4 * Side }, 1>, Conv2d<8, 1, groups = 4>", &[]);
    demands(
        "Residual { AvgPool2d<2>, Upsample2d<2> }",
        &["the window of `AvgPool2d`", "`Residual` adds only equal shapes, but its branch ends"],
    );
    demands(
        "let half = input => AvgPool2d<2>, Upsample2d<2>; concat(half, input)",
        &["the window of `AvgPool2d`", "`concat` joins images of the same height"],
    );
    demands("Flatten, Reshape<[4, _]>", &["`Reshape<[4, _]>` takes a multiple of 4 elements"]);
}

#[test]
fn what_comes_first_is_demanded_first() {
    demands(
        "MaxPool2d<2>, Flatten, Linear<{ Side - 4 }>, Reshape<[{ Side - 9 }, _]>",
        &[
            "the window of `MaxPool2d`",
            "the size Side - 4 is below zero",
            "the size `{ Side - 4 }` must be at least 1",
            "the size Side - 9 is below zero",
            "the size `{ Side - 9 }` must be at least 1",
            "`Reshape<[Side - 9, _]>` takes a multiple of Side - 9 elements",
        ],
    );
    let text =
        "struct Net<Side: Size>([1, Side, Side]) -> [{ Side - 9 }] { MaxPool2d<2>, Flatten }";
    let (nets, _) = crate::driver::understand(text.parse().unwrap());
    let texts = nets[0].bounds.iter().map(|bound| bound.problem.text.as_str());
    let firsts: Vec<&str> = texts.map(|text| &text[..15]).collect();
    let expected = [
        "the size `Side`",
        "the window of `",
        "the size Side -",
        "the size `{ Sid",
        "the declared ou",
    ];
    assert_eq!(firsts, expected);
}

#[test]
fn braces_compute_with_sizes() {
    demands("Conv2d<{ 2 * Side + (Side / 3) }, 1>", &[]);
    demands(
        "Conv2d<{ Side - 4 }, 1>",
        &["the size Side - 4 is below zero", "the size `{ Side - 4 }` must be at least 1"],
    );
    demands("Conv2d<{ (Side + 9) / f::<2>() }, 1>", &["the size `{ (Side + 9) / f"]);
    one("Conv2d<{ Side.pow(2) }, 1>", "expected arithmetic with sizes, found `Side . pow (2)`");
    one("Conv2d<{ Side % 2 }, 1>", "expected arithmetic with sizes");
    one("Conv2d<{ let a = Side; a }, 1>", "expected arithmetic with sizes");
    one("Conv2d<{ Side / 0 }, 1>", "Side is divided by 0, which is zero");
    one("Conv2d<{ Side - Side }, 1>", "the size `{ Side - Side }` must be at least 1");
    one("Conv2d<{ Side * N }, 1>", "would have to compute with the const generic `N`");
}

#[test]
fn what_no_number_satisfies_is_wrong_at_once() {
    one("Residual { Conv2d<3, 3> }", "gives [3, Side - 2, Side - 2], and its input");
    one("Conv2d<4, 1> -> [4, Side, { Side + 1 }]", "the stated shape is [4, Side, Side + 1]");
    one("Repeat<Side> { Relu }", "`Repeat` needs a number");
}

#[test]
fn a_const_generic_among_them_is_refused_with_the_way_out() {
    one(
        "Conv2d<N, 1>, Flatten",
        "`Flatten` would have to compute with the const generic `N`, which stable Rust cannot \
         do\nhelp: make it a type: `struct Net<N: Size>(…)`, instantiated as `Net<U32>`",
    );
    assert_eq!(errors_in_generic("Conv2d<N, 1>, Relu"), [] as [&str; 0]);
}

#[test]
fn a_parameter_that_was_reported_silences_its_sizes() {
    let text = "struct Net<Side>([3, Side, { 2 * Side }]) -> [3] { Conv2d<2, 3>, Linear<Side> }";
    let errors = errors_of(text);
    assert!(errors.len() == 1 && errors[0].contains("expected `: Size`"), "{errors:?}");
}
