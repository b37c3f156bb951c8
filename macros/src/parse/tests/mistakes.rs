use super::{declaration, first_lines, mistake, read};
use crate::diag::Errors;
use crate::parse::parse;

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
    declaration("struct N<Side>([Side]) { A }", "expected `: Size`, found the end");
    declaration("struct N<Side Size>([Side]) { A }", "expected `: Size`, found `Size`");
    declaration("struct N<Side:>([Side]) { A }", "expected `Size`, found nothing");
    declaration("struct N<N: usize>([N]) { A }", "`N: usize` is not a bound");
    declaration(
        "struct N<N: Size + Copy>([N]) { A }",
        "the bound of a size is `Size`, found `Size + Copy`",
    );
    declaration(
        "struct N<N: Size<3>>([N]) { A }",
        "the bound of a size is `Size`, found `Size < 3 >`",
    );
    declaration(
        "struct N<Side: Size = U3>([Side]) { A }",
        "defaults of sizes are not supported yet",
    );
    declaration("struct N<fn: Size>([3]) { A }", "`fn` is a Rust keyword and cannot name a size");
    declaration("struct N<3>([3]) { A }", "expected a size, found `3`");
    declaration("struct N<'a>([3]) { A }", "a network has no lifetimes");
    declaration("struct N<const A: u32>([A]) { A }", "a size is a `usize`, found `u32`");
    declaration(
        "struct N<const A: usize = 3>([A]) { A }",
        "defaults of sizes are not supported yet",
    );
    declaration("struct N<const A>([A]) { A }", "expected `: usize`, found the end");
    declaration(
        "struct N<const A: usize([A]) -> [1] { A }",
        "this `<` is never closed: expected a `>`",
    );
    declaration("struct N([3]) -> [1] where T: Foo { A }", "`where` clauses are not supported");
    let help = &read("struct N<Side>([3]) { A }").1[0];
    assert!(
        help.ends_with(
            "\nhelp: write `Side: Size` for a size that can be computed with, or `const SIDE: usize` \
             for one that only passes through"
        ),
        "{help}"
    );
}

#[test]
fn wrong_sizes() {
    mistake("A<-3>", "expected a size, found `-3`");
    mistake("A<3u8>", "a size is a `usize`, found `3u8`");
    mistake("A<99999999999999999999999>", "`99999999999999999999999` does not fit into a `usize`");
    mistake("A<2 * SIDE>", "expected a size, found the expression `2 * SIDE`");
    mistake("A -> [2 * SIDE, 3]", "expected a size, found the expression `2 * SIDE`");
    mistake("A<N as usize>", "expected a size, found the expression `N as usize`");
    mistake("A<(2 * N)>", "expected a size, found the expression `(2 * N)`");
    mistake("A<(1, 2, 3, 4)>", "expected two or three sizes in brackets, found 4");
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
    mistake("Conv2d[32, 3]", "sizes stand in angle brackets: `Conv2d<32, 3>`");
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
fn wrong_graphs() {
    mistake("let low = image => A", "expected `;` behind the statement, found the end");
    mistake("let low = image => A;", "expected what the network gives, found the end");
    mistake("let low = image => A; low;", "a value without a name is never used");
    mistake("let low image; low", "expected `=` behind `let low`, found `image`");
    mistake("let (a, 3) = image; a", "expected a name, found `3`");
    mistake("let a = image => A let b = a; b", "expected `;` behind the statement, found `let`");
    mistake("let a = image =>; a", "expected a layer behind `=>`");
    mistake("let a = Relu<3>; a", "expected a value, found the layer `Relu`");
    mistake("let a = image, A, B; a", "expected an operator or `=>`, found `,`");
    mistake("let a = b + ; a", "expected a value, found the end");
    mistake("let a = b => A + c; a", "expected `,` between layers, found `+`");
    mistake("a => A => B", "expected `,` between layers, found `=>`");
    mistake("concat(a => A, b)", "a chain among operands stands in round brackets");
    mistake("(a, b => A)", "a chain among operands stands in round brackets");
    mistake("concat(a,, b)", "expected a value, found `,`");
    mistake("() + a", "expected a value, found `()`");
    mistake("Residual { let a = b; a }, A", "`let` cannot stand between layers");
    mistake("Residual { A => B }, A", "expected `,` between layers, found `=>`");
    mistake("let a = x => A; layer f: B; a", "a shared layer is declared at the top of a network");
    mistake("layer f: Linear<4>, Relu; f", "expected `;`, found `,`");
    mistake("layer f: Linear<4>", "expected `;` behind the shared layer, found the end");
    let text = "struct N([3]) { let a = x => A<-3>; let b = a => B<-4>; a + b }";
    assert_eq!(first_lines(text), ["expected a size, found `-3`", "expected a size, found `-4`"]);
}

#[test]
fn every_mistake_is_reported_once() {
    let text = "pub struct Net([3, 2 * SIDE]) -> [10] {
        type: Conv2d<32, 3>, Relu
        MaxPool2d<stride: 2>,
        Residual { Conv2d[3] } skip {},
        Linear<-1>,
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
            "expected a size, found `-1`",
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
