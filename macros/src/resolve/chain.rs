//! Chains and blocks: one node after the other, each with the value before it.

use super::Resolver;
use super::args::Typed;
use crate::ast::{Call, Chain, ShapeExpr, SizeExpr, SizeKind, Step, StepKind};
use crate::ir::{Node, ValueId};
use netwright_spec::layer::Arity;
use netwright_spec::problem::did_you_mean;
use netwright_spec::{LayerDef, catalogue};
use proc_macro2::Span;
use quote::ToTokens;
use syn::{Ident, spanned::Spanned};

/// More layers than any network has: `Repeat` makes them while the macro runs.
const MOST_NODES: usize = 10_000;

/// What a node is made of.
struct Parts<'a> {
    name: Option<&'a Ident>,
    kind: &'a str,
    def: Option<&'static LayerDef>,
    written: String,
    span: Span,
    typed: Typed,
    inputs: Vec<ValueId>,
    stated: Option<&'a ShapeExpr>,
}

impl Resolver<'_> {
    /// The value at the chain's end; one without a shape where something was not understood.
    pub(super) fn chain(&mut self, chain: &Chain, start: ValueId) -> ValueId {
        let end = chain.steps.iter().fold(start, |value, step| self.step(step, value));
        if chain.poisoned { self.stranger(None, None, chain.span) } else { end }
    }

    fn step(&mut self, step: &Step, value: ValueId) -> ValueId {
        match &step.kind {
            StepKind::Layer(call) => self.layer(step, call, value),
            StepKind::Residual { keyword, body, skip } => {
                let branch = self.chain(body, value);
                let other = skip.as_ref().map_or(value, |skip| self.chain(skip, value));
                self.join("Add", keyword, step, vec![branch, other])
            }
            StepKind::Parallel { keyword, branches } => {
                let ends = branches.iter().map(|branch| self.chain(branch, value)).collect();
                self.join("Concat", keyword, step, ends)
            }
            StepKind::Repeat { count, body, .. } => {
                if let Some(name) = &step.name {
                    self.errors.push_help(
                        name.span(),
                        "`Repeat` has no name: it makes several layers",
                        "name the layers inside; they get numbers",
                    );
                }
                self.repeat(count, body, value)
            }
            StepKind::Error => {
                self.stranger(step.name.as_ref(), step.stated.as_ref(), Span::call_site())
            }
        }
    }

    fn layer(&mut self, step: &Step, call: &Call, value: ValueId) -> ValueId {
        let span = call.path.span();
        let Some(def) = self.find(call, step.stated.is_some()) else {
            return self.stranger(step.name.as_ref(), step.stated.as_ref(), span);
        };
        let typed = self.args(def, call, span);
        self.node(Parts {
            name: step.name.as_ref(),
            kind: def.name,
            def: typed.ok.then_some(def),
            written: def.name.to_string(),
            span,
            typed,
            inputs: vec![value],
            stated: step.stated.as_ref(),
        })
    }

    /// What a block inserts where its branches meet.
    fn join(&mut self, kind: &str, keyword: &Ident, step: &Step, inputs: Vec<ValueId>) -> ValueId {
        let typed = Typed::none();
        self.node(Parts {
            name: step.name.as_ref(),
            kind,
            def: catalogue::find(kind),
            written: keyword.to_string(),
            span: keyword.span(),
            typed,
            inputs,
            stated: step.stated.as_ref(),
        })
    }

    /// A node without a meaning, after a mistake: its stated shape may still help.
    fn stranger(
        &mut self,
        name: Option<&Ident>,
        stated: Option<&ShapeExpr>,
        span: Span,
    ) -> ValueId {
        self.node(Parts {
            name,
            kind: "unknown",
            def: None,
            written: "unknown".to_string(),
            span,
            typed: Typed::none(),
            inputs: Vec::new(),
            stated,
        })
    }

    fn node(&mut self, parts: Parts<'_>) -> ValueId {
        let name = self.names.name(parts.name, parts.kind, self.errors);
        let span = parts.name.map_or(parts.span, Ident::span);
        let stated = parts.stated.and_then(|s| Some((self.shape(s)?, s.span)));
        self.net.nodes.push(Node {
            ident: Ident::new(&name, span),
            name,
            def: parts.def,
            written: parts.written,
            span: parts.span,
            line: parts.span.start().line,
            args: parts.typed.args,
            arg_spans: parts.typed.spans,
            inputs: parts.inputs,
            stated,
            inferred: None,
        });
        self.net.inputs.len() + self.net.nodes.len() - 1
    }

    fn repeat(&mut self, count: &SizeExpr, body: &Chain, start: ValueId) -> ValueId {
        let count = match count.kind {
            SizeKind::Literal(n) if n > 0 => n,
            SizeKind::Error => 1,
            _ => {
                self.errors.push_help(
                    count.span,
                    "`Repeat` needs a number, at least 1: it makes the layers while the macro runs",
                    "write for example `Repeat<3> { … }`",
                );
                1
            }
        };
        self.names.repeats += 1;
        let mut value = start;
        for _ in 0..count {
            if self.net.nodes.len() > MOST_NODES {
                let text = format!("this network has more than {MOST_NODES} layers");
                self.errors.push(body.span, text);
                break;
            }
            value = self.chain(body, value);
        }
        self.names.repeats -= 1;
        value
    }

    /// The layer that a call names, or an error at its name.
    fn find(&mut self, call: &Call, stated: bool) -> Option<&'static LayerDef> {
        let written = call.path.to_token_stream().to_string().replace(' ', "");
        if let Some(def) = catalogue::find(&written).filter(|def| def.arity == Arity::One) {
            return Some(def);
        }
        let span = call.path.span();
        let layers = catalogue::ALL.iter().filter(|def| def.arity == Arity::One);
        let blocks = ["Residual", "Parallel", "Repeat"];
        let close = did_you_mean(&written, layers.map(|def| def.name).chain(blocks));
        match close {
            Some(close) => self.errors.push_help(
                span,
                format!("there is no layer `{written}`"),
                format!("did you mean `{close}`?"),
            ),
            None if stated => self.errors.push_help(
                span,
                format!(
                    "there is no layer `{written}`; own layers and networks as layers are not \
                     supported yet"
                ),
                "use the layers of the table in netwright's documentation",
            ),
            None => self.errors.push_help(
                span,
                format!("there is no layer `{written}`, and its output shape is not stated"),
                "see the table of layers in netwright's documentation; own layers are not \
                 supported yet",
            ),
        }
        None
    }
}
