//! What was written, token for token, without meaning. Every node keeps the span of its tokens.

use crate::diag::Extent;
use proc_macro2::{Span, TokenStream};
use syn::{Attribute, Generics, Ident, Visibility};

/// One `struct` of a `network!`.
pub struct Network {
    /// Doc comments, derives and other attributes.
    pub attrs: Vec<Attribute>,
    /// Its visibility.
    pub vis: Visibility,
    /// Its name.
    pub name: Ident,
    /// Its generics, const ones only (checked later).
    pub generics: Generics,
    /// The inputs in round brackets; none only where that was reported.
    pub inputs: Vec<Port>,
    /// What stands behind `->`, if anything.
    pub outputs: Option<Vec<Port>>,
    /// `layer encoder: Linear<64>;` at the top of the braces.
    pub shared: Vec<Shared>,
    /// What else stands in braces.
    pub body: Body,
    /// Something of it was not understood and is already reported.
    pub broken: bool,
}

/// A layer that is applied by its name, any number of times, with one set of parameters.
pub struct Shared {
    /// Its name.
    pub name: Ident,
    /// The layer; its stated shape, if any. None after a mistake.
    pub step: Step,
}

/// What a network does: a chain of layers, or a graph of values.
pub enum Body {
    /// `A, B, C`: takes the first input.
    Chain(Chain),
    /// `let a = x => A; a + b`
    Graph(Graph),
}

/// Statements, and what the network gives.
pub struct Graph {
    /// `let low = image => Conv2d<16, 3>, Relu;`
    pub lets: Vec<Let>,
    /// The last expression, or those of its tuple. Empty only where that was reported.
    pub outputs: Vec<Value>,
    /// The tokens of the last expression.
    pub place: Extent,
    /// Something was not understood, so names that seem unused may be used there.
    pub broken: bool,
}

/// A value with a name, or the values of a layer that gives several: `let (a, _) = …`.
pub struct Let {
    /// The name of each; `None` for `_`.
    pub names: Vec<Option<Ident>>,
    /// The tokens of the names.
    pub place: Extent,
    /// What it is.
    pub value: Value,
}

/// An expression.
pub enum Value {
    /// A value by its name.
    Name(Ident),
    /// `image => A, B`, or `(image => A, B)`. Of several values, `(query, memory) => A, B`, the first
    /// layer takes all.
    Chain(Vec<Value>, Chain),
    /// `a + b - c`: each with the sign before it; the first sign means nothing.
    Sum(Vec<Term>),
    /// `a * b * 0.5`
    Product(Vec<Term>),
    /// `concat(a, b, axis = 0)`, `matmul(a, b)`
    Call(Join),
    /// `0.5`, as a factor.
    Number { lit: syn::Lit, negative: bool, span: Span },
    /// Not understood; already reported.
    Error(Span),
}

/// An operand and the operator before it.
pub struct Term {
    /// `+`, `-` or `*`.
    pub sign: char,
    /// Its token.
    pub span: Span,
    /// The operand.
    pub value: Value,
}

/// A function of several values.
pub struct Join {
    /// `concat` or `matmul`.
    pub word: Ident,
    /// The values.
    pub values: Vec<Value>,
    /// `axis = 1`
    pub options: Vec<Arg>,
}

/// An input or output: `[3, 32, 32]` or `image: [3, 32, 32]`.
pub struct Port {
    /// The name before the colon.
    pub name: Option<Ident>,
    /// The shape.
    pub shape: ShapeExpr,
}

/// A shape in square brackets.
#[derive(Clone)]
pub struct ShapeExpr {
    /// `[usize; …]`: indices.
    pub index: bool,
    /// The sizes.
    pub dims: Vec<SizeExpr>,
    /// The brackets.
    pub span: Span,
    /// No shape was written; already reported. `dims` is empty then and says nothing of the rank.
    pub broken: bool,
}

/// A size as written.
#[derive(Clone)]
pub struct SizeExpr {
    /// Which kind.
    pub kind: SizeKind,
    /// Its tokens.
    pub place: Extent,
}

/// The kinds of sizes.
#[derive(Clone)]
pub enum SizeKind {
    /// `32`, `10_000`, `3usize`.
    Literal(usize),
    /// `SIDE`, `cfg::WIDTH`, a const generic, or a word such as `same`: its tokens, and the
    /// identifier if it is a single one.
    Path(TokenStream, Option<Ident>),
    /// `{ 2 * SIDE }`: the tokens between the braces.
    Block(TokenStream),
    /// `_`
    Infer,
    /// Not a size; already reported.
    Error,
}

/// Layers one after the other.
pub struct Chain {
    /// The layers.
    pub steps: Vec<Step>,
    /// The span of the braces around them.
    pub span: Span,
    /// Something between the layers was not understood and is already reported, so what flows from
    /// layer to layer is unknown, and `steps` may be empty.
    pub poisoned: bool,
}

/// One layer or block of a chain.
pub struct Step {
    /// The name before the colon.
    pub name: Option<Ident>,
    /// What it is.
    pub kind: StepKind,
    /// `-> [64]` behind it.
    pub stated: Option<ShapeExpr>,
}

/// A layer or a block.
pub enum StepKind {
    /// `Conv2d<32, 3>`
    Layer(Call),
    /// `Residual { … } skip { … }`
    Residual {
        /// The word `Residual`.
        keyword: Ident,
        /// The branch.
        body: Chain,
        /// The other branch, if it is more than the identity.
        skip: Option<Chain>,
    },
    /// `Parallel { {…}, {…} }`
    Parallel {
        /// The word `Parallel`.
        keyword: Ident,
        /// The branches.
        branches: Vec<Chain>,
    },
    /// `Repeat<6> { … }`
    Repeat {
        /// How often.
        count: SizeExpr,
        /// What.
        body: Chain,
    },
    /// Nothing that was understood; already reported.
    Error,
}

/// A layer with its arguments.
pub struct Call {
    /// Its path, nearly always one identifier.
    pub path: syn::Path,
    /// What stands in angle brackets. Where one is an `Error`, how many were meant is unknown.
    pub options: Vec<Arg>,
    /// What stands in round brackets.
    pub values: Vec<Arg>,
}

/// An argument.
#[derive(Clone)]
pub struct Arg {
    /// The name before `=`.
    pub name: Option<Ident>,
    /// The value.
    pub value: ArgValue,
    /// Its tokens.
    pub place: Extent,
}

/// The value of an argument, as far as syntax tells.
#[derive(Clone)]
pub enum ArgValue {
    /// A size, a word, `true` or `false`: in angle brackets they look alike.
    Size(SizeExpr),
    /// `(3, 5)` in angle brackets.
    Pair(SizeExpr, SizeExpr),
    /// `(3, 5, 5)` in angle brackets.
    Triple([SizeExpr; 3]),
    /// `[3, 4, 4]` in angle brackets.
    Shape(ShapeExpr),
    /// Any expression, in round brackets.
    Expr(syn::Expr),
    /// Not understood; already reported.
    Error,
}
