use proc_macro2::{Delimiter, Group, TokenStream};
use quote::ToTokens;

use super::parse;
use super::random::{VALID, random_tokens};
use crate::ast::{
    Arg, ArgValue, Chain, Network, Port, ShapeExpr, SizeExpr, SizeKind, Step, StepKind,
};
use crate::diag::Errors;

fn read(text: &str) -> (Vec<Network>, Vec<String>) {
    let mut errors = Errors::new();
    let networks = parse(text.parse().unwrap(), &mut errors);
    (networks, errors.texts().into_iter().map(String::from).collect())
}

/// The only network of a declaration without mistakes, as text.
fn shown(text: &str) -> String {
    let (networks, errors) = read(text);
    assert_eq!(errors, [] as [String; 0], "{text}");
    networks.iter().map(network).collect::<Vec<_>>().join(" ")
}

/// The layers of a chain without mistakes.
fn layers(text: &str) -> String {
    let all = shown(&format!("struct Net([3]) {{ {text} }}"));
    all.trim_start_matches("Net([3]) ").to_string()
}

fn network(net: &Network) -> String {
    let ports = |ports: &[Port]| join(ports, port);
    let outputs =
        net.outputs.as_ref().map_or(String::new(), |outputs| format!(" -> ({})", ports(outputs)));
    let generics = net.generics.to_token_stream().to_string().replace(' ', "");
    let vis = net.vis.to_token_stream();
    let head = format!(
        "{vis} {}{generics}({}){outputs} {}",
        net.name,
        ports(&net.inputs),
        chain(&net.body)
    );
    format!("{}{}", "#".repeat(net.attrs.len()), head.trim_start())
}

fn join<T>(items: &[T], one: impl Fn(&T) -> String) -> String {
    items.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn port(port: &Port) -> String {
    let name = port.name.as_ref().map_or(String::new(), |name| format!("{name}: "));
    name + &shape(&port.shape)
}

fn shape(shape: &ShapeExpr) -> String {
    let element = if shape.index { "usize; " } else { "" };
    format!("[{element}{}]", join(&shape.dims, size))
}

fn size(size: &SizeExpr) -> String {
    match &size.kind {
        SizeKind::Literal(number) => number.to_string(),
        SizeKind::Path(path, word) => {
            format!("{}{path}", if word.is_some() { "" } else { "path " })
        }
        SizeKind::Block(block) => block.to_string(),
        SizeKind::Infer => "_".to_string(),
        SizeKind::Error => "ERROR".to_string(),
    }
}

fn chain(chain: &Chain) -> String {
    format!("{{{}{}}}", if chain.poisoned { "POISONED " } else { "" }, join(&chain.steps, step))
}

fn step(step: &Step) -> String {
    let name = step.name.as_ref().map_or(String::new(), |name| format!("{name}: "));
    let stated =
        step.stated.as_ref().map_or(String::new(), |stated| " -> ".to_string() + &shape(stated));
    let kind = match &step.kind {
        StepKind::Layer(call) => {
            let path = call.path.to_token_stream();
            format!("{path}<{}>({})", join(&call.options, arg), join(&call.values, arg))
        }
        StepKind::Residual { keyword, body, skip } => {
            let skip =
                skip.as_ref().map_or(String::new(), |skip| " skip ".to_string() + &chain(skip));
            format!("{keyword} {}{skip}", chain(body))
        }
        StepKind::Parallel { keyword, branches } => format!("{keyword} {}", join(branches, chain)),
        StepKind::Repeat { count, body } => {
            format!("Repeat {} {}", size(count), chain(body))
        }
        StepKind::Error => "ERROR".to_string(),
    };
    name + &kind + &stated
}

fn arg(arg: &Arg) -> String {
    let name = arg.name.as_ref().map_or(String::new(), |name| format!("{name} = "));
    let value = match &arg.value {
        ArgValue::Size(one) => size(one),
        ArgValue::Pair(a, b) => format!("({}, {})", size(a), size(b)),
        ArgValue::Shape(one) => shape(one),
        ArgValue::Expr(expr) => format!("`{}`", expr.to_token_stream()),
        ArgValue::Error => "ERROR".to_string(),
    };
    name + &value
}

#[test]
fn headers() {
    assert_eq!(
        shown("/// x \n #[a] pub struct N([3, 8]) -> [10] { R };"),
        "##pub N([3, 8]) -> ([10]) {R<>()}"
    );
    assert_eq!(
        shown("struct N(a: [usize; 9], b: [],) -> (c: [_], d: [2],) { R, }"),
        "N(a: [usize; 9], b: []) -> (c: [_], d: [2]) {R<>()}"
    );
    assert_eq!(
        shown("struct N<const A: usize, const B: usize>([A, cfg::B, {2 * A}, 0x10, 3usize]) { R }"),
        "N<constA:usize,constB:usize>([A, path cfg :: B, { 2 * A }, 16, 3]) {R<>()}"
    );
    assert_eq!(
        shown("struct A([1]) { R } pub(crate) struct B([2]) { R }"),
        "A([1]) {R<>()} pub (crate) B([2]) {R<>()}"
    );
    VALID.iter().for_each(|text| drop(shown(text)));
}

#[test]
fn layers_and_arguments() {
    assert_eq!(layers("A, b: C<3>"), "{A<>(), b: C<3>()}");
    assert_eq!(layers("layer: A, skip: B, x: layer"), "{layer: A<>(), skip: B<>(), x: layer<>()}");
    assert_eq!(
        layers("C<32, (3, N), stride = (1, 2), padding = same, to = [3, _], bias = true>->[4]"),
        "{C<32, (3, N), stride = (1, 2), padding = same, to = [3, _], bias = true>() -> [4]}"
    );
    assert_eq!(
        layers("D(0.3), E(p = -1e-3 * X, f::<A, B>())"),
        "{D<>(`0.3`), E<>(p = `- 1e-3 * X`, `f :: < A , B > ()`)}"
    );
    assert_eq!(layers("L<3>(0.5) -> [64]"), "{L<3>(`0.5`) -> [64]}");
    assert_eq!(
        layers("crate::b::E -> [64], super::F, ::g::H"),
        "{crate :: b :: E<>() -> [64], super :: F<>(), :: g :: H<>()}"
    );
}

#[test]
fn blocks() {
    assert_eq!(
        layers("r: Residual { A, B } skip { C } -> [3], Residual { A }"),
        "{r: Residual {A<>(), B<>()} skip {C<>()} -> [3], Residual {A<>()}}"
    );
    assert_eq!(layers("Parallel { { A }, { B, C }, }"), "{Parallel {A<>()}, {B<>(), C<>()}}");
    assert_eq!(
        layers("Repeat<N> { A }, Repeat<{2}> { B }"),
        "{Repeat N {A<>()}, Repeat { 2 } {B<>()}}"
    );
}

#[test]
fn passed_on_by_another_macro() {
    let hidden = |text: &str| -> TokenStream {
        Group::new(Delimiter::None, text.parse().unwrap()).into_token_stream()
    };
    let (word, sum) = (hidden("SIDE"), hidden("1 + 2"));
    let mut errors = Errors::new();
    let networks = parse(quote::quote! { struct N([#word, #sum]) { L<#sum> } }, &mut errors);
    assert_eq!(errors.texts(), [] as [&str; 0]);
    assert_eq!(network(&networks[0]), "N([SIDE, { 1 + 2 }]) {L<{ 1 + 2 }>()}");
}

/// The first line of each message.
fn first_lines(text: &str) -> Vec<String> {
    let lines = |text: String| text.lines().next().unwrap_or("").to_string();
    read(text).1.into_iter().map(lines).collect()
}

/// A whole declaration with one mistake.
fn declaration(text: &str, error: &str) {
    assert_eq!(first_lines(text), [error], "{text}");
}

/// A chain with one mistake.
fn mistake(text: &str, error: &str) {
    declaration(&format!("struct Net([3]) -> [1] {{ {text} }}"), error);
}

#[test]
fn wrong_headers() {
    declaration("", "`network!` needs a declaration");
    declaration("pub Net([3]) -> [1] { A }", "expected `struct`, found `Net`");
    declaration("fn Net([3]) -> [1] { A }", "expected `struct`, found `fn`");
    declaration("enum Net { A, B(u8) }", "expected `struct`, found `enum`");
    declaration("fn main() { let x = 3; x + 1 }", "expected `struct`, found `fn`");
    declaration("impl<T> Net { }", "expected `struct`, found `impl`");
    declaration("struct Net -> [10] { A }", "expected inputs in round brackets, found `->`");
    declaration(
        "struct Net { pub x: f32, y: Vec<u8> }",
        "expected inputs in round brackets, found `{`",
    );
    declaration("struct Net;", "expected inputs in round brackets, found `;`");
    declaration("struct Net[3] -> [1] { A }", "expected inputs in round brackets, found `[`");
    declaration("struct Net 5 { A }", "expected inputs in round brackets, found `5`");
    declaration("struct Net() { A }", "expected an input, found `()`");
    declaration("struct Net(3, 32, 32) { A }", "expected a shape, found `3`");
    declaration("struct Net(a: [3], [4]) { A }", "an input needs a name where there are several");
    declaration(
        "struct Net([3]) -> (a: [3], [4]) { A }",
        "an output needs a name where there are several",
    );
    declaration("struct Net([3] -> [4]) { A }", "expected `,`, found `->`");
    declaration("struct Net([3]) -> 10 { A }", "expected a shape, found `10`");
    declaration("struct Net([3]) -> [1]", "expected layers in braces, found the end");
    declaration("struct Net([3]) => [1] { A }", "expected layers in braces, found `=>`");
    declaration("struct Net([3]) {}", "a network needs at least one layer");
    declaration("struct ([3]) { A }", "expected a name, found `(`");
    declaration("struct type([3]) { A }", "`type` is a Rust keyword and cannot name a network");
    declaration("struct N(in: [3]) { A }", "`in` is a Rust keyword and cannot name an input");
    declaration(
        "struct N(__a: [3]) { A }",
        "`__a` is reserved: names that start with `__` cannot name an input",
    );
    declaration("#![a] struct N([3]) { A }", "expected an outer attribute, found `#!`");
    declaration("#[] struct N([3]) { A }", "expected an attribute, found `# []`");
    declaration("struct N([3]) { A } foo", "expected `struct`, found `foo`");
}

#[test]
fn wrong_generics() {
    declaration(
        "struct N<Side: Size>([Side]) { A }",
        "sizes as type parameters are not supported yet",
    );
    declaration("struct N<'a>([3]) { A }", "a network has no lifetimes");
    declaration("struct N<const A: u32>([A]) { A }", "a size is a `usize`, found `u32`");
    declaration(
        "struct N<const A: usize = 3>([A]) { A }",
        "defaults of const generics are not supported yet",
    );
    declaration("struct N<const A>([A]) { A }", "expected `: usize`, found the end");
    declaration(
        "struct N<const A: usize([A]) -> [1] { A }",
        "this `<` is never closed: expected a `>`",
    );
    declaration("struct N([3]) -> [1] where T: Foo { A }", "`where` clauses are not supported");
    let help = &read("struct N<Side: Size>([3]) { A }").1[0];
    assert!(help.ends_with("\nhelp: use a const generic: `const SIDE: usize`"), "{help}");
}

#[test]
fn wrong_sizes() {
    mistake("A<-3>", "expected a size, found `-3`");
    mistake("A<1.5>", "expected a size, found `1.5`");
    mistake("A<3u8>", "a size is a `usize`, found `3u8`");
    mistake("A<99999999999999999999999>", "`99999999999999999999999` does not fit into a `usize`");
    mistake("A<2 * SIDE>", "expected a size, found the expression `2 * SIDE`");
    mistake("A -> [2 * SIDE, 3]", "expected a size, found the expression `2 * SIDE`");
    mistake("A<N as usize>", "expected a size, found the expression `N as usize`");
    mistake("A<(2 * N)>", "expected a size, found the expression `(2 * N)`");
    mistake("A<(1, 2, 3)>", "expected two sizes in brackets, found 3");
    mistake("A -> [f32; 3]", "only `usize;` can stand before sizes, found `f32;`");
    mistake("A -> [usize, 3]", "`usize` is a type, not a size");
    mistake("A -> [3; 4]", "expected `,`, found `;`");
    mistake("A -> [3 4 5]", "expected `,`, found `4`");
    mistake("A -> [3,, 5]", "expected a size, found `,`");
    mistake("A -> [3 @ 4 5]", "expected `,`, found `@`");
    let help = &read("struct N([2 * SIDE]) { A }").1[0];
    assert!(help.ends_with("\nhelp: put it in braces: `{ 2 * SIDE }`"), "{help}");
}

#[test]
fn wrong_layers() {
    mistake("type: Linear<3>", "`type` is a Rust keyword and cannot name a layer");
    mistake("__a: Linear<3>", "`__a` is reserved: names that start with `__` cannot name a layer");
    mistake("_: Linear<3>", "`_` cannot name a layer");
    mistake("Conv2d[32, 3]", "sizes stand in angle brackets: `Conv2d<32 , 3>`");
    mistake("Conv2d::<32, 3>", "expected `<`, found `::`");
    mistake("Conv2d<32, 3, Relu, MaxPool2d<2>", "this `<` is never closed: expected a `>`");
    mistake("Conv2d<32, 3 -> [3]", "this `<` is never closed: expected a `>`");
    mistake("Conv2d<32, 3", "this `<` is never closed: expected a `>`");
    mistake("Conv2d<32, stride: 2>", "expected `=`, found `:`");
    mistake("Dropout(p: 2)", "expected `=`, found `:`");
    mistake("Conv2d<32, stride = >", "expected a value behind `stride =`");
    mistake("Dropout(1 2)", "expected a value, found `1 2`");
    mistake("Conv2d<3, 3>> -> [3], Relu", "expected `,`, found `>`");
    mistake("Conv2d 32, 3, stride = 2, Relu", "expected `,`, found `32`");
    mistake("A -> 64", "expected a shape, found `64`");
    mistake("A -> Linear<3, 4>, B", "expected a shape, found `Linear`");
    mistake("A = Linear<3, 4>, B", "expected `:`, found `=`");
    mistake("Relu { A }", "expected `,`, found `{`");
    mistake("a: , B", "expected a layer, found `,`");
}

#[test]
fn wrong_chains() {
    mistake("A B<3>", "expected `,` between layers");
    mistake("A; B<3>; C;", "layers are separated by `,`, found `;`");
    mistake("A,, B", "expected a layer, found `,`");
    mistake(",", "expected a layer, found `,`");
    mistake("A, @ ! Conv2d<3, 4>, B", "expected a layer, found `@`");
    mistake("A, 32; B", "expected a layer, found `32`");
    mistake("A, fn foo, B", "expected a layer, found `fn`");
}

#[test]
fn wrong_blocks() {
    mistake("Residual {}", "a branch needs at least one layer");
    mistake("Residual { A } skip {}", "`skip` needs at least one layer");
    mistake("Residual { A } skip, B", "expected layers in braces behind `skip`, found `,`");
    mistake("Residual { A }, skip { B }, C", "expected `Residual { … }` before `skip`");
    mistake("A skip { B }", "expected `Residual { … }` before `skip`");
    mistake("Residual, A", "expected layers in braces behind `Residual`, found `,`");
    mistake("Residual<2> { A }, B", "expected layers in braces behind `Residual`, found `<`");
    mistake("Parallel { { A } }", "`Parallel` needs at least two branches, found 1");
    mistake("Parallel {}", "`Parallel` needs at least two branches, found 0");
    mistake("Parallel { { A }, {} }", "a branch needs at least one layer");
    mistake("Parallel { { A } { B } }", "expected `,` between branches, found `{`");
    mistake("Parallel { { A }; { B } }", "expected `,` between branches, found `;`");
    mistake(
        "Parallel { Conv2d<3, 3>, Conv2d<5, 5> }",
        "each branch of `Parallel` stands in its own braces",
    );
    mistake("Parallel { x: { A }, { B } }", "a branch has no name, found `x`");
    mistake("Parallel { 3, { B } }", "expected a branch in braces, found `3`");
    mistake("Repeat { A }", "`Repeat` needs one count, found 0");
    mistake("Repeat(6) { A }", "`Repeat` needs one count, found 0");
    mistake("Repeat<2, 3> { A }", "`Repeat` needs one count, found 2");
    mistake("Repeat<2>, B", "expected layers in braces behind `Repeat`, found `,`");
    mistake("Repeat, B", "`Repeat` needs one count, found 0");
    mistake("Repeat<2> {}", "`Repeat` needs at least one layer");
}

#[test]
fn not_yet() {
    let graph = "the graph form (`let`, `=>`) is not supported yet";
    mistake("let low = image => Conv2d<16, 3>, Relu; Linear<3>", graph);
    mistake("let low = image => Conv2d<16, 3>, Relu; (low, low)", graph);
    mistake("image => Conv2d<16, 3>, Relu;", graph);
    mistake("low + high", graph);
    mistake("low * high - b", graph);
    mistake("concat((p5 => Upsample2d<2>), c4)", graph);
    mistake("matmul(a, b) + c", graph);
    mistake("layer f: Linear<4>; Relu", "shared layers are not supported yet");
    let text = "struct N([3]) { let a = x => A, B; let b = a => A<-3>; a + b }";
    let (networks, errors) = read(text);
    assert_eq!(errors.len(), 3, "{errors:?}");
    assert!(networks[0].body.poisoned);
    assert_eq!(
        first_lines("struct N([3]) { Relu => Relu, A<-3> }"),
        [graph, "expected a size, found `-3`"]
    );
}

#[test]
fn every_mistake_is_reported_once() {
    let text = "pub struct Net([3, 2 * SIDE]) -> [10] {
        type: Conv2d<32, 3>, Relu
        MaxPool2d<stride: 2>,
        Residual { Conv2d[3] } skip {},
        Linear<1.5>,
    }";
    assert_eq!(
        first_lines(text),
        [
            "expected a size, found the expression `2 * SIDE`",
            "`type` is a Rust keyword and cannot name a layer",
            "expected `,` between layers",
            "expected `=`, found `:`",
            "sizes stand in angle brackets: `Conv2d<3>`",
            "`skip` needs at least one layer",
            "expected a size, found `1.5`",
        ]
    );
    let two = "struct A([3]) { B<-1> } trait Foo { } struct C([3]) { D; E }";
    assert_eq!(first_lines(two).len(), 3);
    assert_eq!(read(two).0.len(), 2);
}

#[test]
fn errors_point_at_their_token() {
    let mut errors = Errors::new();
    parse("struct N([3]) {\n A, @,\n Conv2d<3, -4>, }".parse().unwrap(), &mut errors);
    let at = |span: proc_macro2::Span| (span.start().line, span.start().column);
    assert_eq!(errors.spans().map(at).collect::<Vec<_>>(), [(2, 4), (3, 11)]);
}

#[test]
fn deep_nesting() {
    for (open, close) in [("(", ")"), ("[", "]"), ("Residual {", "}"), ("{", "}"), ("D((", "))")] {
        for depth in [20, 30, 60, 63, 64, 65, 1000] {
            let text = format!("{} A {}", open.repeat(depth), close.repeat(depth));
            let (_, errors) = read(&format!("struct N([3]) {{ {text} }}"));
            let deep = errors.iter().any(|error| error.starts_with("nested too deeply"));
            let brackets = depth * if open.starts_with('D') { 2 } else { 1 };
            assert_eq!(deep, brackets >= 64, "{open} {depth}: {errors:?}");
        }
    }
    let value = |value: String| first_lines(&format!("struct N([3]) {{ D({value}) }}"));
    assert_eq!(value(format!("{}3", "-".repeat(100_000))), ["this value is too long"]);
    assert_eq!(value(format!("{}3", "- ".repeat(127))), [] as [&str; 0]);
    assert_eq!(value(format!("{}3{}", "(-".repeat(60), ")".repeat(60))), [] as [&str; 0]);
    let blocks = format!("{}3{}", "{if a {-".repeat(30), "} else {3}}".repeat(30));
    assert!(value(blocks).len() < 2);
    let attribute =
        |minus| first_lines(&format!("#[a = {}3] struct N([3]) {{ A }}", "-".repeat(minus)));
    assert_eq!(attribute(100), [] as [&str; 0]);
    assert_eq!(attribute(100_000).len(), 1);
}

#[test]
fn random_tokens_never_panic() {
    for seed in 0..100_000 {
        let mut errors = Errors::new();
        let networks = parse(random_tokens(seed), &mut errors);
        assert!(!networks.is_empty() || !errors.is_empty(), "seed {seed}");
    }
}
