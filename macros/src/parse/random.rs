//! Random token streams, the same ones for the same seed: half of them noise, half of them valid
//! declarations with a few tokens changed, which reach deeper into the compiler.

use proc_macro2::{Delimiter, Group, Ident, Literal, Punct, Spacing, Span, TokenStream, TokenTree};

/// Declarations without a mistake, which together use all of the language.
pub(crate) const VALID: [&str; 10] = [
    "/// A doc comment. \n #[derive(Debug)] pub struct Cifar10([3, 32, 32]) -> [10] {
        Conv2d<32, 3>, Relu, MaxPool2d<2>, Flatten, out: Linear<10>, }",
    "struct Tokens([usize; 100]) { Embedding<WORDS, { 2 * SIDE }>, Dropout(0.3), Lstm<_> }",
    "pub(crate) struct Two(image: [3, 8, 8], meta: [8],) -> (boxes: [4], class: [cfg::N]) {
        conv1: Conv2d<32, (3, 5), stride = 2, padding = same> -> [32, 3, 2], Reshape<[3, 4]>,
        crate::blocks::Encoder -> [64], Norm(epsilon = 1e-5, momentum = -0.1), }",
    "struct Head<const CLASSES: usize>([512]) -> [CLASSES] {
        Residual { Linear<512>, Relu } skip { Linear<512> }, Residual { Relu }, Linear<CLASSES> }",
    "struct P([3, 8, 8]) -> [] { Parallel { { Conv2d<3, 3> }, { Relu, a: Relu }, },
        Repeat<6> { Relu } }",
    "struct G(image: [3, 8, 8], user: [usize]) -> (boxes: [4], class: [10]) {
        layer f: Linear<10>;
        let low = image => stem: Conv2d<3, 3, padding = 1>, Relu;
        let all = concat(low, (image => Conv2d<5, 1>), axis = 0) => Flatten, f;
        let who = user => Embedding<9, 10>;
        ((all * who * 0.5 => Linear<4>), all - (who => f) + all) }",
    "struct S([8]) { layer f: Linear<8>; let a = input => f, Relu, f; a + input => f }",
    "struct V<Side: Size, const N: usize>([3, Side, { 2 * Side - 1 }]) -> [N] {
        Conv2d<{ Side + K }, 3, padding = 1>, MaxPool2d<2>, Flatten, Linear<N> }",
    "struct T([usize; 5]) { layer d: Linear<9, weight = w>; w: Embedding<9, 4>,
        Repeat<2> { l: Linear<4>, Relu, Linear<4, weight = l> }, d }",
    "struct A([1]) { Relu } pub struct B([2]) -> ([3]) { Repeat<N> { Residual { Tanh } } }",
];

/// A random stream of tokens.
pub(crate) fn random_tokens(seed: u64) -> TokenStream {
    thread_local! {
        static PARSED: Vec<TokenStream> = VALID.iter().map(|text| text.parse().unwrap()).collect();
    }
    let mut random = Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    random.below(8);
    if random.below(3) == 0 {
        return random.noise(0);
    }
    let pick = random.below(VALID.len());
    let mut tokens = PARSED.with(|parsed| parsed[pick].clone());
    for _ in 0..=random.below(6) {
        tokens = random.mutated(tokens);
    }
    tokens
}

/// xorshift64.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as usize % limit
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    fn noise(&mut self, depth: usize) -> TokenStream {
        (0..self.below(12)).map(|_| self.token(depth)).collect()
    }

    fn token(&mut self, depth: usize) -> TokenTree {
        match self.below(if depth < 5 { 10 } else { 8 }) {
            0..=3 => Ident::new(self.pick(&WORDS), Span::call_site()).into(),
            4..=6 => {
                let spacing = self.pick(&[Spacing::Alone, Spacing::Joint]);
                Punct::new(self.pick(&SIGNS), spacing).into()
            }
            7 => self.pick(&LITERALS).parse::<Literal>().unwrap().into(),
            _ => {
                let brackets = self.pick(&BRACKETS);
                Group::new(brackets, self.noise(depth + 1)).into()
            }
        }
    }

    /// Changes one place, at the top or within any bracket.
    fn mutated(&mut self, tokens: TokenStream) -> TokenStream {
        let mut tokens: Vec<TokenTree> = tokens.into_iter().collect();
        if tokens.is_empty() {
            return self.noise(3);
        }
        let at = self.below(tokens.len());
        let groups = (0..tokens.len()).filter(|at| matches!(tokens[*at], TokenTree::Group(_)));
        let groups: Vec<usize> = groups.collect();
        if !groups.is_empty() && self.below(4) > 0 {
            let at = self.pick(&groups);
            if let TokenTree::Group(group) = &tokens[at] {
                let inside = self.mutated(group.stream());
                tokens[at] = Group::new(group.delimiter(), inside).into();
            }
            return tokens.into_iter().collect();
        }
        self.change(&mut tokens, at);
        tokens.into_iter().collect()
    }

    fn change(&mut self, tokens: &mut Vec<TokenTree>, at: usize) {
        let other = self.below(tokens.len());
        match self.below(8) {
            0 => drop(tokens.remove(at)),
            1 => tokens.insert(other, tokens[at].clone()),
            2 => tokens.swap(at, other),
            3 => tokens[at] = self.token(3),
            4 => tokens.insert(at, self.token(3)),
            5 => drop(tokens.drain(at.min(other)..at.max(other))),
            6 => {
                let inside = tokens.drain(at..).collect();
                tokens.push(Group::new(self.pick(&BRACKETS), inside).into());
            }
            _ => {
                if let TokenTree::Group(group) = tokens[at].clone() {
                    tokens.splice(at..=at, group.stream());
                }
            }
        }
    }
}

const WORDS: [&str; 48] = [
    "low",
    "all",
    "f",
    "input",
    "Side",
    "Size",
    "struct",
    "pub",
    "const",
    "usize",
    "let",
    "layer",
    "skip",
    "where",
    "fn",
    "as",
    "true",
    "crate",
    "super",
    "self",
    "type",
    "_",
    "Residual",
    "Parallel",
    "Repeat",
    "Conv2d",
    "Linear",
    "Relu",
    "Flatten",
    "MaxPool2d",
    "Dropout",
    "Embedding",
    "N",
    "SIDE",
    "stride",
    "weight",
    "w",
    "padding",
    "same",
    "image",
    "concat",
    "matmul",
    "f32",
    "__x",
    "Net",
    "a",
    "b",
    "if",
];
const SIGNS: [char; 20] = [
    ',', ';', ':', '<', '>', '-', '=', '+', '*', '/', '.', '#', '!', '@', '&', '|', '?', '\'', '$',
    '^',
];
const LITERALS: [&str; 16] = [
    "0",
    "1",
    "3",
    "32",
    "10_000",
    "0xFF",
    "3usize",
    "3u8",
    "1.5",
    "0.3f64",
    "1e400",
    "99999999999999999999999999999999999999999999",
    "18446744073709551615",
    "\"text\"",
    "'c'",
    "b\"x\"",
];
const BRACKETS: [Delimiter; 4] =
    [Delimiter::Parenthesis, Delimiter::Brace, Delimiter::Bracket, Delimiter::None];
