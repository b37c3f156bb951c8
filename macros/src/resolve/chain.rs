//! Chains and blocks: one node after the other, each with the value before it.

use super::Resolver;
use super::args::Typed;
use super::outside;
use crate::ast::{Call, Chain, ShapeExpr, SizeExpr, SizeKind, Step, StepKind};
use crate::diag::Extent;
use crate::ir::{GenericKind, Node, Role, ValueId};
use netwright_spec::layer::{Arity, Input};
use netwright_spec::problem::did_you_mean;
use netwright_spec::{LayerDef, catalogue};
use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::Ident;
use syn::ext::IdentExt;

/// More layers than any network has: `Repeat` makes them while the macro runs.
const MOST_NODES: usize = 10_000;

/// What a node is made of.
struct Parts<'a> {
    name: Option<&'a Ident>,
    kind: &'a str,
    def: Option<&'static LayerDef>,
    outside: Option<TokenStream>,
    written: String,
    place: Extent,
    typed: Typed,
    inputs: Vec<ValueId>,
    roles: Vec<Role>,
    stated: Option<&'a ShapeExpr>,
    shares: Option<usize>,
    /// The name is that of a shared layer, which has claimed it.
    claimed: bool,
}

/// The values that go into a layer, and what a message calls them.
pub(super) struct Incoming {
    pub(super) values: Vec<ValueId>,
    /// One for each value, or none for the only one.
    pub(super) roles: Vec<Role>,
}

impl From<ValueId> for Incoming {
    fn from(value: ValueId) -> Self {
        Incoming { values: vec![value], roles: Vec::new() }
    }
}

impl Resolver<'_> {
    /// The value at the chain's end; one without a shape where something was not understood.
    pub(super) fn chain(&mut self, chain: &Chain, start: ValueId) -> ValueId {
        self.chain_behind(chain, start.into())
    }

    /// A chain behind one value or several, all of which its first layer takes.
    pub(super) fn chain_behind(&mut self, chain: &Chain, start: Incoming) -> ValueId {
        let end = chain.steps.iter().fold(start, |from, step| self.step(step, from).into());
        match end.values.as_slice() {
            &[end] if !chain.poisoned => end,
            _ => self.stranger(None, None, chain.span.into()),
        }
    }

    fn step(&mut self, step: &Step, from: Incoming) -> ValueId {
        let value = match (&step.kind, from.values.as_slice()) {
            (StepKind::Layer(call), _) => return self.layer(step, call, from),
            (_, &[only]) => only,
            (kind, values) => return self.several_into_block(step, kind, values.len()),
        };
        match &step.kind {
            StepKind::Layer(_) => value,
            StepKind::Residual { keyword, body, skip } => {
                let branch = self.chain(body, value);
                let other = skip.as_ref().map_or(value, |skip| self.chain(skip, value));
                let other_role = match skip {
                    Some(_) => Role::End("its `skip`".into()),
                    None => Role::Input,
                };
                let roles = vec![Role::End("its branch".into()), other_role];
                self.join("Add", keyword, step, (vec![branch, other], roles))
            }
            StepKind::Parallel { keyword, branches } => {
                let ends = branches.iter().map(|branch| self.chain(branch, value)).collect();
                let roles = (1..=branches.len()).map(|n| Role::End(format!("branch {n}")));
                self.join("Concat", keyword, step, (ends, roles.collect()))
            }
            StepKind::Repeat { count, body } if is_later(count) => {
                self.repeat_later(step, count, body, value)
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
                self.stranger(step.name.as_ref(), step.stated.as_ref(), Span::call_site().into())
            }
        }
    }

    /// A block takes one value.
    fn several_into_block(&mut self, step: &Step, kind: &StepKind, found: usize) -> ValueId {
        let (block, place) = match kind {
            StepKind::Residual { keyword, .. } => ("Residual", keyword.span().into()),
            StepKind::Parallel { keyword, .. } => ("Parallel", keyword.span().into()),
            StepKind::Repeat { count, .. } => ("Repeat", count.place),
            StepKind::Layer(_) | StepKind::Error => ("", Span::call_site().into()),
        };
        if !block.is_empty() {
            self.too_many_values(block, &Arity::One, found, place);
        }
        self.stranger(step.name.as_ref(), step.stated.as_ref(), place)
    }

    fn too_many_values(&mut self, layer: &str, arity: &Arity, found: usize, place: Extent) {
        let (takes, help) = match arity {
            Arity::UpTo(inputs) if inputs.len() > 1 => (
                format!("at most {} values", inputs.len()),
                format!("these are {}", Input::list(inputs)),
            ),
            _ => ("one value".into(), "make one of them: `a + b`, `concat(a, b)`".into()),
        };
        let text = format!("`{layer}` takes {takes}, but {found} stand before `=>`");
        self.errors.push_help(place, text, help);
    }

    fn layer(&mut self, step: &Step, call: &Call, from: Incoming) -> ValueId {
        if call.path.get_ident().is_some_and(|word| self.is_shared(word)) {
            return self.application(step, call, from);
        }
        self.layer_of(step, call, from, None)
    }

    /// A layer as its call says; of a shared one, where it is applied.
    pub(super) fn layer_of(
        &mut self,
        step: &Step,
        call: &Call,
        from: Incoming,
        shared: Option<(&Ident, Option<usize>)>,
    ) -> ValueId {
        let place = shared.map_or_else(|| place_of(call), |(word, _)| word.span().into());
        let Some(found) = self.find(call, step.stated.is_some()) else {
            let name = step.name.as_ref().filter(|_| shared.is_none());
            return self.stranger(name, step.stated.as_ref(), place);
        };
        let arity = match &found {
            Found::BuiltIn(def) => &def.arity,
            Found::Outside(_) => &Arity::One,
        };
        if from.values.len() > arity.most() {
            self.too_many_values(&written(call), arity, from.values.len(), place);
            let name = step.name.as_ref().filter(|_| shared.is_none());
            return self.stranger(name, step.stated.as_ref(), place);
        }
        let (typed, def, written) = match found {
            Found::BuiltIn(def) => {
                let first = shared.and_then(|(_, first)| self.net.nodes.get(first?));
                let typed = match first.map(Typed::of) {
                    Some(known) => known,
                    None => self.args(def, call, place_of(call)),
                };
                let def = typed.ok.then_some(def);
                (typed, def, last_name(call))
            }
            Found::Outside(_) => (Typed::none(), None, written(call)),
        };
        self.node(Parts {
            name: step.name.as_ref(),
            kind: &shared.map_or_else(|| last_name(call), |(word, _)| word.unraw().to_string()),
            def,
            outside: match found {
                Found::Outside(ty) => Some(ty),
                Found::BuiltIn(_) => None,
            },
            written,
            place,
            typed,
            inputs: from.values,
            roles: from.roles,
            stated: step.stated.as_ref(),
            shares: shared.and_then(|(_, first)| first),
            claimed: shared.is_some(),
        })
    }

    /// What a block inserts where its branches meet.
    fn join(
        &mut self,
        kind: &str,
        keyword: &Ident,
        step: &Step,
        (inputs, roles): (Vec<ValueId>, Vec<Role>),
    ) -> ValueId {
        let typed = match catalogue::find(kind) {
            Some(def) => self.args(def, &no_arguments(keyword), keyword.span().into()),
            None => Typed::none(),
        };
        self.node(Parts {
            name: step.name.as_ref(),
            kind,
            def: catalogue::find(kind),
            outside: None,
            written: keyword.to_string(),
            place: keyword.span().into(),
            typed,
            inputs,
            roles,
            stated: step.stated.as_ref(),
            shares: None,
            claimed: false,
        })
    }

    /// What an operator or a function makes of several values.
    pub(super) fn operation(
        &mut self,
        def: &'static LayerDef,
        (written, place): (&str, Extent),
        typed: Typed,
        (inputs, roles): (Vec<ValueId>, Vec<Role>),
    ) -> ValueId {
        self.node(Parts {
            name: None,
            kind: def.name,
            def: typed.ok.then_some(def),
            outside: None,
            written: written.to_string(),
            place,
            typed,
            inputs,
            roles,
            stated: None,
            shares: None,
            claimed: false,
        })
    }

    /// A node without a meaning, after a mistake: its stated shape may still help.
    pub(super) fn stranger(
        &mut self,
        name: Option<&Ident>,
        stated: Option<&ShapeExpr>,
        place: Extent,
    ) -> ValueId {
        self.node(Parts {
            name,
            kind: "unknown",
            def: None,
            outside: None,
            written: "unknown".to_string(),
            place,
            typed: Typed::none(),
            inputs: Vec::new(),
            roles: Vec::new(),
            stated,
            shares: None,
            claimed: false,
        })
    }

    /// What stands for an output of a layer that gives several.
    pub(super) fn output(&mut self, of: ValueId, number: usize, place: Extent) -> ValueId {
        let value = self.stranger(None, None, place);
        if let Some(node) = self.net.nodes.last_mut() {
            node.inputs = vec![of];
            node.output_of = Some(number);
        }
        value
    }

    fn node(&mut self, parts: Parts<'_>) -> ValueId {
        let claimed = parts.name.filter(|_| parts.claimed);
        let name = match claimed {
            Some(name) => name.unraw().to_string(),
            None => self.names.name(parts.name, parts.kind, self.errors),
        };
        let stated = parts.stated.and_then(|s| Some((self.shape(s)?, s.span)));
        self.net.nodes.push(Node {
            ident: match parts.name {
                Some(ident) if self.names.repeats == 0 || parts.claimed => ident.clone(),
                Some(ident) => Ident::new(&name, ident.span()),
                None => Ident::new(&name, parts.place.start),
            },
            name,
            def: parts.def,
            outside: parts.outside,
            written: parts.written,
            line: parts.place.start.start().line,
            place: parts.place,
            args: parts.typed.args,
            arg_places: parts.typed.places,
            inputs: parts.inputs,
            roles: parts.roles,
            rests_on: Vec::new(),
            shares: parts.shares,
            stated,
            inferred: None,
            wanted: vec![true],
            names_place: parts.place,
            output_of: None,
        });
        self.net.inputs.len() + self.net.nodes.len() - 1
    }

    fn repeat(&mut self, count: &SizeExpr, body: &Chain, start: ValueId) -> ValueId {
        let count = match count.kind {
            SizeKind::Literal(n) if n > 0 => n,
            SizeKind::Error => 1,
            _ => {
                self.errors.push_help(
                    count.place,
                    "`Repeat` needs a count, at least 1",
                    "write for example `Repeat<3> { … }`, or `Repeat<DEPTH> { Block -> [64] }` with \
                     a constant or a const generic",
                );
                1
            }
        };
        self.names.repeats += 1;
        let mut value = self.chain(body, start);
        let once = self.net.nodes.len();
        for _ in 1..count {
            self.limit(body.span);
            if self.too_many {
                // One copy says all that there is to say.
                self.net.nodes.truncate(once);
                value = self.stranger(None, None, body.span.into());
                break;
            }
            value = self.chain(body, value);
        }
        self.names.repeats -= 1;
        value
    }

    fn limit(&mut self, place: Span) {
        if self.net.nodes.len() > MOST_NODES && !self.too_many {
            self.too_many = true;
            self.errors.push(place, format!("this network has more than {MOST_NODES} layers"));
        }
    }

    /// A count that only rustc knows repeats one type: a field cannot be there so many times, but a
    /// list can be so long.
    fn repeat_later(
        &mut self,
        step: &Step,
        count: &SizeExpr,
        body: &Chain,
        value: ValueId,
    ) -> ValueId {
        if let Some(name) = self.type_size(count) {
            let help = format!("make it a const generic: `const {name}: usize`");
            let text = format!("`Repeat` needs a number, and `{name}` is a type");
            self.errors.push_help(count.place, text, help);
            return self.stranger(step.name.as_ref(), step.stated.as_ref(), count.place);
        }
        let stated = match body.steps.as_slice() {
            [Step { kind: StepKind::Layer(call), stated: Some(stated), name }] => {
                Some((call, stated, name)).filter(|_| catalogue::find(&written(call)).is_none())
            }
            _ => None,
        };
        let Some((call, stated, name)) = stated else {
            if !body.poisoned {
                let help = "declare what is repeated as a network of its own, and write \
                            `Repeat<DEPTH> { Block -> [64] }`; or write a number";
                let text = "a count that is no number repeats one network, with its stated shape";
                self.errors.push_help(count.place, text, help);
            }
            return self.stranger(step.name.as_ref(), step.stated.as_ref(), count.place);
        };
        let (count, ty) = (outside::generic(count), self.outside(call));
        let outside = count.zip(ty).map(|(count, ty)| {
            let p = crate::generate::paths();
            quote!(#p::Repeated<#ty, #count>)
        });
        self.node(Parts {
            name: name.as_ref().or(step.name.as_ref()),
            kind: &last_name(call),
            def: None,
            outside,
            written: written(call),
            place: place_of(call),
            typed: Typed::none(),
            inputs: vec![value],
            roles: Vec::new(),
            stated: Some(stated),
            shares: None,
            claimed: false,
        })
    }

    /// The type parameter that a count is.
    fn type_size(&self, count: &SizeExpr) -> Option<String> {
        let SizeKind::Path(_, Some(name)) = &count.kind else { return None };
        let types = self.net.generics.iter().filter(|g| !matches!(g.kind, GenericKind::Const));
        types.map(|generic| generic.name.to_string()).find(|generic| name == generic)
    }

    /// The layer that a call names, or an error at its name. What is not in the catalogue is a type
    /// of the user's where its shape is stated: rustc knows whether there is one.
    fn find(&mut self, call: &Call, stated: bool) -> Option<Found> {
        let written = written(call);
        match known(&written) {
            Some(def) if def.arity.is_layer() => return Some(Found::BuiltIn(def)),
            None if stated => return self.outside(call).map(Found::Outside),
            _ => {}
        }
        let place = place_of(call);
        let mut layers = catalogue::ALL.iter().filter(|def| def.arity.is_layer());
        let blocks = ["Residual", "Parallel", "Repeat"];
        let elsewhere = layers.find(|def| {
            def.keras == written || def.pytorch.strip_prefix("nn.") == Some(written.as_str())
        });
        let close = did_you_mean(&written, catalogue::names().chain(blocks));
        match elsewhere.map(|def| def.name).or(close) {
            Some(close) => self.errors.push_help(
                place,
                format!("there is no layer `{written}`"),
                format!("did you mean `{close}`?"),
            ),
            None => self.errors.push_help(
                place,
                format!("there is no layer `{written}` in the catalogue, and its output shape is not stated"),
                format!(
                    "if it is a network or a layer of your own, state what it gives: \
                     `{written} -> [64]`"
                ),
            ),
        }
        None
    }
}

/// The layer of this name; tests have more than the catalogue.
fn known(name: &str) -> Option<&'static LayerDef> {
    #[cfg(test)]
    if let Some(def) = crate::tests::layers::find(name) {
        return Some(def);
    }
    catalogue::find(name)
}

/// Whether the count is a constant of the user's or a const generic.
fn is_later(count: &SizeExpr) -> bool {
    matches!(count.kind, SizeKind::Path(..) | SizeKind::Block(_))
}

/// What a call names.
enum Found {
    /// A layer of the catalogue.
    BuiltIn(&'static LayerDef),
    /// Another network, or a layer of the user's: its type.
    Outside(TokenStream),
}

fn written(call: &Call) -> String {
    call.path.to_token_stream().to_string().replace(' ', "")
}

/// `Encoder` of `encoders::Encoder`
fn last_name(call: &Call) -> String {
    call.path.segments.last().map_or_else(String::new, |last| last.ident.unraw().to_string())
}

/// A block has none; its node's are the defaults.
fn no_arguments(keyword: &Ident) -> Call {
    Call { path: keyword.clone().into(), options: Vec::new(), values: Vec::new() }
}

fn place_of(call: &Call) -> Extent {
    Extent::of(call.path.to_token_stream()).unwrap_or_else(|| Span::call_site().into())
}
