use proc_macro2::{Delimiter, Group, TokenStream};
use quote::ToTokens;

use super::{layers, network, shown};
use crate::diag::Errors;
use crate::parse::parse;
use crate::parse::random::VALID;

#[test]
fn headers() {
    assert_eq!(
        shown("/// x \n #[a] pub struct N([3, 8]) -> [10] { R };"),
        "##pub N([3, 8]) -> ([10]) {R<>()}"
    );
    assert_eq!(
        shown("struct N(a: [usize; 9], b: [], e: [usize]) -> (c: [_], d: [2],) { R, }"),
        "N(a: [usize; 9], b: [], e: [usize; ]) -> (c: [_], d: [2]) {R<>()}"
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
fn graphs() {
    assert_eq!(
        layers("let a = x => A<3>, B -> [3]; let b = a + x - a * 0.5; (a, b)"),
        "let a = x => {A<3>(), B<>() -> [3]}; let b = (+ a + x - (+ a * 0.5)); (a, b)"
    );
    assert_eq!(
        layers("concat((a => A, B), b, axis = 1) => Residual { C }, D"),
        "(concat(a => {A<>(), B<>()}, b; axis = 1) => {Residual {C<>()}, D<>()})"
    );
    assert_eq!(layers("matmul(a, b) + (c - d)"), "((+ matmul(a, b) + (+ c - d)))");
    assert_eq!(layers("(a, (b => A), c,)"), "(a, b => {A<>()}, c)");
    assert_eq!(layers("(b => A, B)"), "(b => {A<>(), B<>()})");
    assert_eq!(layers("(a, b + c) => A, B"), "((a, (+ b + c)) => {A<>(), B<>()})");
    assert_eq!(
        layers("let a = ((x => A), y,) => B; a + ((a, x) => C)"),
        "let a = (x => {A<>()}, y) => {B<>()}; ((+ a + (a, x) => {C<>()}))"
    );
    assert_eq!(layers("let (a, _, r#fn) = x => A; a"), "let (a, _, r#fn) = x => {A<>()}; (a)");
    assert_eq!(layers("layer f: L<4>; f, f"), "layer f: L<4>(); {f<>(), f<>()}");
    assert_eq!(
        layers("layer f: L<4>; let a = x => f; a => f"),
        "layer f: L<4>(); let a = x => {f<>()}; (a => {f<>()})"
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
