//! Layers one after the other, and how reading goes on behind a mistake.

use proc_macro2::{Delimiter, Group, Ident, Span};

use super::cursor::Cursor;
use super::{block, graph, layer, names, size};
use crate::ast::{Chain, Step, StepKind};
use crate::diag::Errors;

/// Reads the layers in braces. An empty chain is reported by the caller, who knows what it is.
pub(super) fn chain(group: &Group, errors: &mut Errors) -> Chain {
    layers(Cursor::inside(group), group.span(), errors)
}

/// Reads layers up to the end.
pub(super) fn layers(cursor: Cursor, span: Span, errors: &mut Errors) -> Chain {
    let chain = Chain { steps: Vec::new(), span, poisoned: false };
    let mut parser = Parser { cursor, chain, semicolon: false, errors };
    while !parser.cursor.is_empty() {
        parser.element();
    }
    parser.chain
}

/// Reads a chain that needs at least one layer.
pub(super) fn filled_chain(group: &Group, what: &str, errors: &mut Errors) -> Chain {
    filled_layers(Cursor::inside(group), group.span(), what, errors)
}

/// Reads at least one layer.
pub(super) fn filled_layers(cursor: Cursor, span: Span, what: &str, errors: &mut Errors) -> Chain {
    let mut chain = layers(cursor, span, errors);
    if is_blank(&chain) {
        chain.poisoned = true;
        errors.push(chain.span, format!("{what} needs at least one layer"));
    }
    chain
}

/// Whether nothing at all was written.
pub(super) fn is_blank(chain: &Chain) -> bool {
    chain.steps.is_empty() && !chain.poisoned
}

struct Parser<'e> {
    cursor: Cursor,
    chain: Chain,
    /// A `;` between layers was reported: whoever writes one writes all of them.
    semicolon: bool,
    errors: &'e mut Errors,
}

impl Parser<'_> {
    fn element(&mut self) {
        if graph::misplaced(&mut self.cursor, self.errors) {
            self.chain.poisoned = true;
        } else if starts_step(&self.cursor) {
            self.step();
        } else if self.cursor.is(0, ';') && (self.chain.poisoned || self.semicolon) {
            self.cursor.take(1);
        } else {
            self.stray();
        }
    }

    fn step(&mut self) {
        let step = step(&mut self.cursor, self.errors);
        let understood = !matches!(step.kind, StepKind::Error);
        self.chain.steps.push(step);
        if understood {
            self.separator();
        } else {
            self.cursor.take(1);
        }
    }

    /// What comes next cannot begin a layer.
    fn stray(&mut self) {
        let text = format!("expected a layer, found {}", self.cursor.found());
        self.errors.push(self.cursor.span(), text);
        self.chain.steps.push(Step { name: None, kind: StepKind::Error, stated: None });
        skip(&mut self.cursor);
        self.cursor.take(1);
    }

    fn separator(&mut self) {
        if self.cursor.is_empty() || self.cursor.take_sign(',').is_some() {
            return;
        }
        if let Some(span) = self.cursor.take_sign(';') {
            if !self.chain.poisoned && !self.semicolon {
                self.errors.push(span, "layers are separated by `,`, found `;`");
                self.semicolon = true;
            }
        } else if graph::behind_layer(&mut self.cursor, self.errors) {
            self.chain.poisoned = true;
            // What stands before the operator is a value, not a layer.
            if let Some(step) = self.chain.steps.last_mut() {
                step.kind = StepKind::Error;
            }
        } else if graph::starts(&self.cursor) || starts_skip(&self.cursor) {
            // These are reported as what they are, not as a missing comma.
        } else if starts_step(&self.cursor) {
            self.errors.push(self.cursor.span(), "expected `,` between layers");
        } else {
            self.trailing();
        }
    }

    /// Something behind a layer that belongs neither to it nor to the next one.
    fn trailing(&mut self) {
        let span = self.cursor.span();
        if self.cursor.group(0, Delimiter::Brace).is_some() {
            let help = "only `Residual`, `Parallel` and `Repeat<…>` have layers in braces";
            self.errors.push_help(span, "expected `,`, found `{`", help);
        } else {
            self.errors.push(span, format!("expected `,`, found {}", self.cursor.found()));
        }
        if let Some(step) = self.chain.steps.last_mut() {
            step.kind = StepKind::Error;
        }
        skip(&mut self.cursor);
        self.cursor.take(1);
    }
}

/// Skips to the next `,` or `;` behind which a layer begins, so that what is left over of a broken
/// layer is not reported again.
pub(super) fn skip(cursor: &mut Cursor) {
    while !cursor.is_empty() {
        if cursor.is(0, ',') || cursor.is(0, ';') {
            let mut behind = cursor.clone();
            behind.take(1);
            let named_value = behind.is_equals(1);
            if behind.is_empty() || graph::starts(&behind) || starts_step(&behind) && !named_value {
                return;
            }
        }
        cursor.skip_one();
    }
}

fn starts_step(cursor: &Cursor) -> bool {
    let named = cursor.word(0).is_some() && (cursor.is_colon(1) || cursor.is_equals(1));
    named || names::starts_path(cursor, 0)
}

fn starts_skip(cursor: &Cursor) -> bool {
    cursor.is_word(0, "skip") && cursor.group(1, Delimiter::Brace).is_some()
}

/// Reads one layer or block, with its name and its stated shape.
pub(super) fn step(cursor: &mut Cursor, errors: &mut Errors) -> Step {
    let before = errors.count();
    let name = step_name(cursor, errors);
    // `x = 3` is one mistake, not two.
    let kind = if errors.count() > before && !starts_step(cursor) {
        StepKind::Error
    } else {
        layer_or_block(cursor, errors)
    };
    if matches!(kind, StepKind::Error) {
        skip(cursor);
        return Step { name, kind, stated: None };
    }
    let mut stated = None;
    if cursor.take_pair('-', '>').is_some() {
        let shape = size::stated_shape(cursor, errors);
        if shape.broken {
            skip(cursor);
        }
        stated = Some(shape);
    }
    Step { name, kind, stated }
}

fn step_name(cursor: &mut Cursor, errors: &mut Errors) -> Option<Ident> {
    if cursor.is_equals(1) {
        let name = cursor.take_word()?;
        let span = cursor.take(1).place();
        let help = format!("a layer's name stands before a colon: `{name}: Relu`");
        errors.push_help(span, "expected `:`, found `=`", help);
        return Some(names::checked(name, "a layer", errors));
    }
    if !cursor.is_colon(1) {
        return None;
    }
    let name = cursor.take_word()?;
    cursor.take(1);
    Some(names::checked(name, "a layer", errors))
}

fn layer_or_block(cursor: &mut Cursor, errors: &mut Errors) -> StepKind {
    if starts_skip(cursor) {
        let help = "`Residual { … } skip { … }`, without a comma between";
        errors.push_help(cursor.span(), "expected `Residual { … }` before `skip`", help);
        cursor.take(2);
        return StepKind::Error;
    }
    if let Some(block) = block::block(cursor, errors) {
        return block;
    }
    if let Some(call) = layer::call(cursor, errors) {
        return StepKind::Layer(call);
    }
    errors.push(cursor.span(), format!("expected a layer, found {}", cursor.found()));
    StepKind::Error
}
