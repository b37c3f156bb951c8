//! Shared layers: declared once, applied by name, with one set of parameters.

use super::Resolver;
use super::chain::Incoming;
use crate::ast::{Call, Shared, Step, StepKind};
use crate::ir::ValueId;
use syn::Ident;
use syn::ext::IdentExt;
use syn::spanned::Spanned;

/// A declared one.
pub(super) struct SharedLayer<'a> {
    name: Ident,
    step: &'a Step,
    /// The node of its first use.
    pub(super) first: Option<usize>,
}

impl SharedLayer<'_> {
    /// Whether this is its name.
    pub(super) fn is(&self, name: &str) -> bool {
        self.name.unraw() == name
    }
}

impl<'a> Resolver<'a> {
    /// Remembers the declarations.
    pub(super) fn shared(&mut self, declared: &'a [Shared]) {
        for Shared { name, step } in declared {
            self.names.claim(name, self.errors);
            if matches!(
                step.kind,
                StepKind::Residual { .. } | StepKind::Parallel { .. } | StepKind::Repeat { .. }
            ) {
                let help = "share the layers in it, one by one";
                self.errors.push_help(name.span(), "a block cannot be shared", help);
            }
            self.shared.push(SharedLayer { name: name.clone(), step, first: None });
        }
    }

    /// Whether a shared layer has this name.
    pub(super) fn is_shared(&self, word: &Ident) -> bool {
        self.shared.iter().any(|shared| shared.name.unraw() == word.unraw())
    }

    /// Applies the shared layer that a call names.
    pub(super) fn application(&mut self, step: &Step, call: &Call, from: Incoming) -> ValueId {
        let (stated, place) = (step.stated.as_ref(), call.path.span().into());
        let found = call.path.get_ident().and_then(|word| {
            let named = |shared: &SharedLayer<'_>| shared.name.unraw() == word.unraw();
            Some((word, self.shared.iter().position(named)?))
        });
        let Some((word, number)) = found else { return self.stranger(None, stated, place) };
        self.wrong_application(step, call, word);
        let SharedLayer { name, step: declared, first } = &self.shared[number];
        let (name, declared, first) = (name.clone(), *declared, *first);
        let at = self.net.nodes.len();
        self.shared[number].first = Some(first.unwrap_or(at));
        let StepKind::Layer(layer) = &declared.kind else {
            return self.stranger(None, stated, place);
        };
        let stated = step.stated.clone().or_else(|| declared.stated.clone());
        let step = Step { name: first.is_none().then_some(name), kind: StepKind::Error, stated };
        self.layer_of(&step, layer, from, Some((word, first)))
    }

    fn wrong_application(&mut self, step: &Step, call: &Call, word: &Ident) {
        if let Some(extra) = call.options.first().or(call.values.first()) {
            let text = format!("the shared layer `{word}` has its arguments where it is declared");
            self.errors.push_help(extra.place, text, format!("write `{word}`"));
        }
        if let Some(name) = &step.name {
            let text = format!("the shared layer `{word}` has its name already");
            self.errors.push_help(name.span(), text, format!("write `{word}`"));
        }
    }

    /// A shared layer that is never applied has no shape.
    pub(super) fn unused_shared(&mut self, broken: bool) {
        let never = self.shared.iter().filter(|shared| shared.first.is_none() && !broken);
        for SharedLayer { name, .. } in never {
            let text = format!("the shared layer `{name}` is never applied");
            self.errors.push_help(
                name.span(),
                text,
                format!("write `value => {name}`, or take it away"),
            );
        }
    }
}
