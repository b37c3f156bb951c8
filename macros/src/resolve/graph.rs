//! The graph form: names become values, operators become nodes.

use super::Resolver;
use super::args::Typed;
use super::chain::Incoming;
use crate::ast::{Arg, Call, Graph, Join, Let, StepKind, Term, Value};
use crate::diag::Extent;
use crate::ir::{Output, Role, ValueId};
use netwright_spec::problem::did_you_mean;
use netwright_spec::{LayerDef, Number, catalogue};
use proc_macro2::Span;
use std::collections::BTreeMap;
use syn::Ident;
use syn::ext::IdentExt;

/// A value with a name.
pub(super) struct Bound {
    name: String,
    value: ValueId,
    span: Span,
    input: bool,
    /// One of several outputs of a layer.
    one_of_several: bool,
    used: bool,
}

/// Lines of values that are defined further down.
type Later = BTreeMap<String, usize>;

impl Resolver<'_> {
    /// A body in graph form; `declared` is how many outputs the header names.
    pub(super) fn graph(&mut self, graph: &Graph, stated: Vec<Output>, declared: usize) {
        self.bind_inputs();
        let names = graph.lets.iter().flat_map(|one| one.names.iter().flatten());
        let lines = names.map(|name| (text(name), name.span().start().line));
        let mut later: Later = lines.collect();
        self.stray_name = false;
        for one in &graph.lets {
            let values = self.let_values(one, &later);
            for (name, value) in one.names.iter().zip(values) {
                if let Some(name) = name {
                    later.remove(&text(name));
                    self.bind(name, value, one.names.len() > 1);
                }
            }
        }
        let outputs: Vec<_> =
            graph.outputs.iter().map(|one| self.expression(one, &later)).collect();
        // A name that no value has may be meant for one that then seems unused.
        if !graph.broken && !self.stray_name {
            self.unused_values();
        }
        let in_order = self.check_names(graph, &stated);
        self.graph_outputs(graph, stated, (declared, in_order), outputs);
    }

    /// An input without a name is called `input`.
    fn bind_inputs(&mut self) {
        let inputs = self.net.inputs.iter().enumerate();
        let bound = inputs.map(|(value, port)| Bound {
            name: port.name.as_ref().map_or_else(|| "input".to_string(), text),
            value,
            span: port.span,
            input: true,
            one_of_several: false,
            used: port.shape.is_none(),
        });
        self.values = bound.collect();
    }

    /// Whether a value has this name.
    pub(super) fn is_value(&self, name: &str) -> bool {
        self.values.iter().any(|known| known.name == name)
    }

    fn bind(&mut self, name: &Ident, value: ValueId, one_of_several: bool) {
        let (span, text) = (name.span(), text(name));
        if let Some(known) = self.values.iter().find(|known| known.name == text) {
            let what = match known.input {
                true => format!("`{text}` is the name of an input already"),
                false => {
                    let line = known.span.start().line;
                    format!("the value `{text}` is defined twice; first on line {line}")
                }
            };
            self.errors.push_help(span, what, "give each value a name of its own");
            return;
        }
        self.values.push(Bound {
            name: text,
            value,
            span,
            input: false,
            one_of_several,
            used: false,
        });
    }

    fn unused_values(&mut self) {
        for bound in self.values.iter().filter(|bound| !bound.used) {
            let what = if bound.input { "input" } else { "value" };
            let text = format!("the {what} `{}` is never used", bound.name);
            let help = match bound.one_of_several {
                true => "write `_` in its place, or use it in what follows",
                false => "take it away, or use it in what follows",
            };
            self.errors.push_help(bound.span, text, help);
        }
    }

    /// A value for each name.
    fn let_values(&mut self, one: &Let, later: &Later) -> Vec<ValueId> {
        let value = self.expression(&one.value, later);
        if one.names.len() < 2 {
            return vec![value];
        }
        let inputs = self.net.inputs.len();
        let node = value.checked_sub(inputs).and_then(|node| self.net.nodes.get_mut(node));
        let last = match &one.value {
            Value::Chain(_, chain) => chain.steps.last(),
            _ => None,
        };
        match (node, last.map(|step| &step.kind), &one.value) {
            (Some(node), Some(StepKind::Layer(_)), _) if node.outside.is_none() => {
                node.wanted = one.names.iter().map(Option::is_some).collect();
                node.names_place = one.place;
            }
            (_, Some(StepKind::Error), _) | (_, _, Value::Error(_)) => {}
            _ => {
                let help = "a layer of the catalogue may give several, as the last of a chain";
                let text = format!("{} names for one value", one.names.len());
                self.errors.push_help(one.place, text, help);
                return one.names.iter().map(|_| self.unknown(one.place.start)).collect();
            }
        }
        (0..one.names.len()).map(|number| self.output(value, number, one.place)).collect()
    }

    fn expression(&mut self, value: &Value, later: &Later) -> ValueId {
        match value {
            Value::Name(name) => self.named_value(name, later),
            Value::Chain(from, chain) => {
                let values = from.iter().map(|one| self.expression(one, later)).collect();
                self.chain_behind(chain, Incoming { values, roles: incoming_roles(from) })
            }
            Value::Sum(terms) => self.sum(terms, later),
            Value::Product(terms) => self.product(terms, later),
            Value::Call(join) => self.function(join, later),
            Value::Number { span, .. } => {
                let help = "a number can be a factor: `x * 0.5`";
                self.errors.push_help(*span, "expected a value, found a number", help);
                self.unknown(*span)
            }
            Value::Error(span) => self.unknown(*span),
        }
    }

    fn unknown(&mut self, span: Span) -> ValueId {
        self.stranger(None, None, span.into())
    }

    fn named_value(&mut self, name: &Ident, later: &Later) -> ValueId {
        let text = text(name);
        if let Some(bound) = self.values.iter_mut().find(|bound| bound.name == text) {
            bound.used = true;
            return bound.value;
        }
        let (what, help) = self.no_value(&text, later);
        self.stray_name = true;
        self.errors.push_help(name.span(), what, help);
        self.unknown(name.span())
    }

    /// What is said of a name that no value has.
    fn no_value(&self, name: &str, later: &Later) -> (String, String) {
        if let Some(line) = later.get(name) {
            return (
                format!("the value `{name}` is used before it is defined, on line {line}"),
                "define it above: values flow from top to bottom, without cycles".into(),
            );
        }
        if self.shared.iter().any(|shared| shared.is(name)) || catalogue::find(name).is_some() {
            return (
                format!("`{name}` is a layer, not a value"),
                format!("a layer follows a value behind `=>`: `x => {name}`"),
            );
        }
        let known = self.values.iter().map(|known| known.name.as_str());
        let help = match did_you_mean(name, known.clone()) {
            Some(close) => format!("did you mean `{close}`?"),
            None => {
                let all: Vec<_> = known.map(|name| format!("`{name}`")).collect();
                format!("the values so far are {}", all.join(", "))
            }
        };
        (format!("there is no value `{name}`"), help)
    }

    /// `a + b + c` is one node, a `-` one of its own.
    fn sum(&mut self, terms: &[Term], later: &Later) -> ValueId {
        let mut sum: Option<(Vec<ValueId>, Vec<Role>, Span)> = None;
        for (number, term) in terms.iter().enumerate() {
            let (value, role) = (self.expression(&term.value, later), role(&term.value, number));
            let minus = term.sign == '-' && number > 0;
            sum = Some(match sum {
                None => (vec![value], vec![role], term.span),
                Some((mut values, mut roles, span)) if !minus => {
                    let span = if values.len() == 1 { term.span } else { span };
                    values.push(value);
                    roles.push(role);
                    (values, roles, span)
                }
                Some(before) => {
                    let left = self.added(before);
                    let values = vec![left.0, value];
                    let given = self.operate("Sub", ("-", term.span), (values, vec![left.1, role]));
                    (vec![given], vec![Role::End("the difference".into())], term.span)
                }
            });
        }
        match sum {
            Some(sum) => self.added(sum).0,
            None => self.unknown(Span::call_site()),
        }
    }

    /// What a run of `+` gives; a single value is itself.
    fn added(
        &mut self,
        (values, mut roles, span): (Vec<ValueId>, Vec<Role>, Span),
    ) -> (ValueId, Role) {
        match (values.as_slice(), roles.pop()) {
            (&[only], Some(role)) => (only, role),
            (_, last) => {
                roles.extend(last);
                let sum = self.operate("Add", ("+", span), (values, roles));
                (sum, Role::End("the sum".into()))
            }
        }
    }

    /// All values times all numbers.
    fn product(&mut self, terms: &[Term], later: &Later) -> ValueId {
        let (mut values, mut roles, mut factor) = (Vec::new(), Vec::new(), 1.0);
        for (number, term) in terms.iter().enumerate() {
            if let Value::Number { lit, negative, span } = &term.value {
                let by = number_of(lit).filter(|x| x.is_finite());
                let by = by.map(|x| if *negative { -x } else { x });
                if by.is_none() {
                    self.errors.push(*span, "a factor is a value or a number");
                }
                factor *= by.unwrap_or(1.0);
                continue;
            }
            values.push(self.expression(&term.value, later));
            roles.push(role(&term.value, number));
        }
        let place = terms.get(1).map_or_else(Span::call_site, |term| term.span);
        if values.is_empty() {
            let help = "multiply a value: `x * 0.5`";
            self.errors.push_help(place, "a product of numbers is no value", help);
            return self.unknown(place);
        }
        let Some(def) = catalogue::find("Mul") else { return self.unknown(place) };
        let mut typed = Typed::none();
        typed.args.set("by", netwright_spec::Value::Number(Number::Known(factor)));
        self.operation(def, ("*", place.into()), typed, (values, roles))
    }

    fn operate(
        &mut self,
        kind: &str,
        (written, place): (&str, Span),
        from: (Vec<ValueId>, Vec<Role>),
    ) -> ValueId {
        let Some(def) = catalogue::find(kind) else { return self.unknown(place) };
        let typed = self.defaults(def, place.into());
        self.operation(def, (written, place.into()), typed, from)
    }

    fn defaults(&mut self, def: &'static LayerDef, place: Extent) -> Typed {
        self.args(def, &call(&Ident::new("x", place.start), Vec::new()), place)
    }

    /// `concat(a, b, axis = 1)` and `matmul(a, b)`.
    fn function(&mut self, join: &Join, later: &Later) -> ValueId {
        let (word, place) = (join.word.to_string(), join.word.span());
        let values: Vec<_> =
            join.values.iter().map(|value| self.expression(value, later)).collect();
        let roles = join.values.iter().enumerate().map(|(n, value)| role(value, n)).collect();
        let matmul = word == "matmul";
        let enough = if matmul { values.len() == 2 } else { values.len() > 1 };
        if !enough {
            let takes = if matmul { "two values" } else { "two values or more" };
            let text = format!("`{word}` takes {takes}, found {}", values.len());
            self.errors.push_help(place, text, format!("write `{word}(a, b)`"));
            return self.unknown(place);
        }
        let kind = if matmul { "MatMul" } else { "Concat" };
        let Some(def) = catalogue::find(kind) else { return self.unknown(place) };
        let typed = self.args(def, &call(&join.word, join.options.clone()), place.into());
        self.operation(def, (&word, place.into()), typed, (values, roles))
    }

    /// Whether no value has the name of another output, which would be a slip.
    fn check_names(&mut self, graph: &Graph, stated: &[Output]) -> bool {
        if graph.outputs.len() != stated.len() || stated.len() < 2 {
            return true;
        }
        for (value, output) in graph.outputs.iter().zip(stated) {
            let (Value::Name(name), Some(own)) = (value, &output.name) else { continue };
            let other = |other: &Output| other.name.as_ref().is_some_and(|other| other == name);
            if name != own && stated.iter().any(other) {
                let text = format!("the output `{own}` is given the value `{name}`");
                let help = "another output has that name: write the values in the declared order";
                self.errors.push_help(name.span(), text, help);
                return false;
            }
        }
        true
    }

    fn graph_outputs(
        &mut self,
        graph: &Graph,
        stated: Vec<Output>,
        (declared, in_order): (usize, bool),
        values: Vec<ValueId>,
    ) {
        let found = values.len();
        let fits = found == stated.len() || (found == 1 && declared == 0);
        // After a mistake in the header or the body their numbers say nothing.
        if !fits && !graph.broken && declared == stated.len() {
            self.wrong_number(graph.place, declared, found);
        }
        self.net.broken |= !fits;
        let mut values = values.into_iter();
        let only = Output { name: None, value: None, stated: None };
        let stated = if stated.is_empty() { vec![only] } else { stated };
        let outputs = stated.into_iter().map(|output| {
            // Nothing is said of the shapes where their number is wrong.
            let value = values.next().filter(|_| fits && in_order);
            Output { value, ..output }
        });
        self.net.outputs = outputs.collect();
    }

    fn wrong_number(&mut self, place: Extent, declared: usize, found: usize) {
        if declared == 0 {
            let help = "declare them: `struct Net(…) -> (boxes: [4], class: [10])`";
            self.errors.push_help(place, "several outputs need names", help);
            return;
        }
        let counted = |n: usize| format!("{n} output{}", if n == 1 { "" } else { "s" });
        let text = format!("the network declares {}, but gives {found}", counted(declared));
        let help = match found {
            1 => "end with one value for each, in the declared order: `(a, (b => Linear<4>))`",
            _ => "give one value for each declared output, in their order",
        };
        self.errors.push_help(place, text, help);
    }
}

/// How a message calls what goes into a chain: by its name, or by its place where it is one of
/// several.
fn incoming_roles(values: &[Value]) -> Vec<Role> {
    let role = |(number, value): (usize, &Value)| match value {
        Value::Name(name) => Some(Role::Value(text(name))),
        _ if values.len() > 1 => Some(Role::End(format!("value {}", number + 1))),
        _ => None,
    };
    values.iter().enumerate().filter_map(role).collect()
}

/// How a message calls an operand.
fn role(value: &Value, number: usize) -> Role {
    Role::End(match value {
        Value::Name(name) => format!("`{}`", text(name)),
        _ => format!("operand {}", number + 1),
    })
}

fn text(name: &Ident) -> String {
    name.unraw().to_string()
}

fn call(word: &Ident, options: Vec<Arg>) -> Call {
    Call { path: word.clone().into(), options, values: Vec::new() }
}

fn number_of(lit: &syn::Lit) -> Option<f64> {
    match lit {
        syn::Lit::Float(x) => x.base10_parse().ok(),
        syn::Lit::Int(n) => n.base10_parse().ok(),
        _ => None,
    }
}
