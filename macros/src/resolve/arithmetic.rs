//! `{ 2 * Side }`: an expression over sizes that are types is read here, because no expression of
//! Rust's can name a type's number in a type.

use super::Resolver;
use super::shape::mentions;
use crate::diag::Extent;
use netwright_spec::dim::SizeError;
use netwright_spec::layer::Cond;
use netwright_spec::{Args, Context, Dim, Op, Problem};
use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{BinOp, Block, Expr, Lit, Stmt};

impl Resolver<'_> {
    /// The size of an expression that names a type parameter; `None` after a mistake.
    pub(super) fn arithmetic(
        &mut self,
        tokens: &TokenStream,
        place: Extent,
        min: usize,
    ) -> Option<Dim> {
        let block = syn::parse2::<Block>(quote!({ #tokens })).ok();
        let dim = match block.as_ref().and_then(only) {
            Some(expr) => self.term(expr, place)?,
            None => return self.not_arithmetic(tokens, place),
        };
        let least = Problem::new(format!("the size `{{ {tokens} }}` must be at least {min}"));
        self.demand(Cond::AtMost(Dim::Known(min), dim.clone()), least, place)?;
        Some(dim)
    }

    fn term(&mut self, expr: &Expr, place: Extent) -> Option<Dim> {
        let tokens = expr.to_token_stream();
        if let Expr::Lit(lit) = expr
            && let Lit::Int(number) = &lit.lit
            && let Ok(n) = number.base10_parse()
        {
            return Some(Dim::Known(n));
        }
        let generic = |name: &str| mentions(&tokens, name);
        if !self.net.generics.iter().any(|one| generic(&one.name.to_string())) {
            return Some(self.evaluated(&tokens, place, 0));
        }
        match expr {
            Expr::Path(path) if path.path.get_ident().is_some() => self.named(&tokens, place, 0),
            Expr::Paren(inner) => self.term(&inner.expr, place),
            Expr::Group(inner) => self.term(&inner.expr, place),
            Expr::Block(inner) if inner.label.is_none() => match only(&inner.block) {
                Some(inner) => self.term(inner, place),
                None => self.not_arithmetic(&tokens, place),
            },
            Expr::Binary(binary) => match operation(&binary.op) {
                Some(op) => {
                    let left = self.term(&binary.left, place);
                    let right = self.term(&binary.right, place);
                    self.computed(op, left?, right?, place)
                }
                None => self.not_arithmetic(&tokens, place),
            },
            _ => self.not_arithmetic(&tokens, place),
        }
    }

    fn computed(&mut self, op: Op, a: Dim, b: Dim, place: Extent) -> Option<Dim> {
        match op {
            Op::Sub => {
                let difference = Dim::Computed(Op::Sub, vec![a.clone(), b.clone()]);
                let text = format!("the size {difference} is below zero");
                self.demand(Cond::AtMost(b.clone(), a.clone()), Problem::new(text), place)?;
            }
            Op::Div => {
                let text = format!("{a} is divided by {b}, which is zero");
                self.demand(Cond::AtMost(Dim::Known(1), b.clone()), Problem::new(text), place)?;
            }
            _ => {}
        }
        match Dim::compute(op, &[a, b]) {
            Ok(dim) => Some(dim),
            Err(error) => self.size_error(error, place),
        }
    }

    /// A size that cannot be computed, outside of any layer.
    pub(super) fn size_error(&mut self, error: SizeError, place: Extent) -> Option<Dim> {
        let problem = Problem::size(&self.net.name.to_string(), "network!", error);
        self.errors.problem(place, &problem);
        None
    }

    /// Demands `cond`, now or of each instantiation. `None` after a mistake.
    fn demand(&mut self, cond: Cond, problem: Problem, place: Extent) -> Option<()> {
        let (args, name) = (Args::new(), self.net.name.to_string());
        let mut context = Context::new("network!", &args, &[]).of(&name);
        if let Err(problem) = context.require(cond, problem) {
            self.errors.problem(place, &problem);
            return None;
        }
        let next = self.net.nodes.len();
        for deferred in context.deferred {
            self.net.defer((next, place), deferred, Vec::new());
        }
        Some(())
    }

    fn not_arithmetic(&mut self, tokens: &TokenStream, place: Extent) -> Option<Dim> {
        self.errors.push_help(
            place,
            format!("expected arithmetic with sizes, found `{tokens}`"),
            "sizes that are types can be added, subtracted, multiplied and divided: \
             `{ 2 * Side + 1 }`",
        );
        None
    }
}

/// The only expression of a block.
fn only(block: &Block) -> Option<&Expr> {
    match block.stmts.as_slice() {
        [Stmt::Expr(expr, None)] => Some(expr),
        _ => None,
    }
}

fn operation(op: &BinOp) -> Option<Op> {
    match op {
        BinOp::Add(_) => Some(Op::Add),
        BinOp::Sub(_) => Some(Op::Sub),
        BinOp::Mul(_) => Some(Op::Mul),
        BinOp::Div(_) => Some(Op::Div),
        _ => None,
    }
}
