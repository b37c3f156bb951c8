//! What stands in a layer's brackets, against what the layer declares.

use super::Resolver;
use super::shape::mentions;
use super::wording::{counted, options_text, range_text, shown, usage, with_option};
use crate::ast::{Arg, ArgValue, Call, SizeExpr, SizeKind};
use crate::diag::{Errors, Extent};
use crate::ir::{Assertion, Generic, Node};
use netwright_spec::args::{Number, Place};
use netwright_spec::problem::did_you_mean;
use netwright_spec::{ArgDef, ArgKind, Args, LayerDef, Value};
use proc_macro2::{Literal, TokenStream};
use quote::{ToTokens, quote};
use syn::{Expr, Ident, Lit, UnOp};

/// The arguments of a call, typed.
pub(super) struct Typed {
    pub(super) args: Args,
    pub(super) places: Vec<(&'static str, Extent)>,
    /// Whether all of them are right.
    pub(super) ok: bool,
}

impl Typed {
    /// No arguments.
    pub(super) fn none() -> Self {
        Typed { args: Args::new(), places: Vec::new(), ok: true }
    }

    /// Those of a shared layer, as its first application has them.
    pub(super) fn of(first: &Node) -> Self {
        let (args, places) = (first.args.clone(), first.arg_places.clone());
        Typed { args, places, ok: first.def.is_some() }
    }
}

impl Resolver<'_> {
    /// Types all arguments; each mistake is reported once, at its token.
    pub(super) fn args(&mut self, def: &'static LayerDef, call: &Call, place: Extent) -> Typed {
        let mut typed = Typed { args: Args::new(), places: Vec::new(), ok: true };
        self.group(def, &call.options, Place::Position, &mut typed);
        self.group(def, &call.values, Place::Value, &mut typed);
        for arg in def.args {
            if !typed.places.iter().any(|(name, _)| *name == arg.name) {
                self.default(def, arg, place, &mut typed);
            }
        }
        typed
    }

    /// The arguments of one kind of brackets: those by position first, in the layer's order.
    fn group(&mut self, def: &'static LayerDef, args: &[Arg], place: Place, typed: &mut Typed) {
        let mut positions = def.args.iter().filter(|arg| arg.place == place);
        let mut full = false;
        for arg in args {
            let found = match &arg.name {
                Some(name) => named(def, (name, arg), place, self.errors),
                None => positions.next().or_else(|| {
                    // Those behind the first one too many are the same mistake.
                    let first = !std::mem::replace(&mut full, true);
                    if first { extra(def, arg, place, self.errors) } else { None }
                }),
            };
            let value = found.and_then(|found| Some((found, self.once(found, arg, typed)?)));
            match value {
                Some((found, value)) => typed.args.set(found.name, value),
                None => typed.ok = false,
            }
        }
    }

    /// The value, unless the argument was given before.
    fn once(&mut self, def: &'static ArgDef, arg: &Arg, typed: &mut Typed) -> Option<Value> {
        let place = arg.name.as_ref().map_or(arg.place, |name| name.span().into());
        if typed.places.iter().any(|(name, _)| *name == def.name) {
            self.errors.push(place, format!("`{}` is given twice", def.name));
            return None;
        }
        typed.places.push((def.name, arg.place));
        self.value(def, arg)
    }

    fn default(&mut self, def: &LayerDef, arg: &'static ArgDef, place: Extent, typed: &mut Typed) {
        let Some(default) = arg.default else {
            if typed.ok {
                self.missing(def, arg, place);
            }
            typed.ok = false;
            return;
        };
        if let Some(value) = default.value() {
            typed.args.set(arg.name, value);
        }
    }

    fn missing(&mut self, def: &LayerDef, arg: &ArgDef, place: Extent) {
        self.errors.push_help(
            place,
            format!("`{}` needs its `{}`: {}", def.name, arg.name, arg.doc),
            format!("write `{}`", usage(def)),
        );
    }

    fn value(&mut self, def: &'static ArgDef, arg: &Arg) -> Option<Value> {
        match (&arg.value, def.kind) {
            (ArgValue::Error, _) => None,
            (ArgValue::Expr(expr), ArgKind::Number { .. }) => {
                self.number_value(def, expr, arg.place)
            }
            (ArgValue::Expr(Expr::Closure(_) | Expr::Path(_)), ArgKind::Function) => {
                let ArgValue::Expr(function) = &arg.value else { return None };
                Some(Value::Function(self.number(function.to_token_stream())))
            }
            (ArgValue::Size(size), ArgKind::Size { min }) => {
                self.not_word(def, size)?;
                Some(Value::Size(self.size(size, min)?))
            }
            (ArgValue::Size(size), ArgKind::Pair { min, same } | ArgKind::Triple { min, same }) => {
                self.size_or_same(def, size, min, same)
            }
            (ArgValue::Triple(sizes), ArgKind::Triple { min, .. }) => {
                match sizes.each_ref().map(|size| self.size(size, min)) {
                    [Some(d), Some(h), Some(w)] => Some(Value::Triple([d, h, w])),
                    _ => None,
                }
            }
            (ArgValue::Pair(h, w), ArgKind::Pair { min, .. }) => {
                let (h, w) = (self.size(h, min), self.size(w, min));
                Some(Value::Pair(h?, w?))
            }
            (ArgValue::Size(size), ArgKind::Flag) => match word(size).as_deref() {
                Some("true") => Some(Value::Flag(true)),
                Some("false") => Some(Value::Flag(false)),
                _ => self.wrong(def, arg),
            },
            (ArgValue::Size(size), ArgKind::SizeOr { min, words }) => match word(size) {
                Some(word) if words.contains(&word.as_str()) => Some(Value::Word(word)),
                _ => {
                    self.not_word(def, size)?;
                    Some(Value::Size(self.size(size, min)?))
                }
            },
            (ArgValue::Size(size), ArgKind::Word(words)) => match word(size) {
                Some(word) if words.contains(&word.as_str()) => Some(Value::Word(word)),
                _ => self.wrong(def, arg),
            },
            (ArgValue::Size(size), ArgKind::Layer) => match &size.kind {
                SizeKind::Path(_, Some(word)) => self.other_layer(def, word).map(Value::Layer),
                _ => self.wrong(def, arg),
            },
            (ArgValue::Shape(shape), ArgKind::Shape { min }) if !shape.index && !shape.broken => {
                let holes = shape.dims.iter().map(|size| match size.kind {
                    SizeKind::Infer => Some(None),
                    _ => self.size(size, min).map(Some),
                });
                holes.collect::<Vec<_>>().into_iter().collect::<Option<_>>().map(Value::Shape)
            }
            _ => self.wrong(def, arg),
        }
    }

    fn size_or_same(
        &mut self,
        def: &ArgDef,
        size: &SizeExpr,
        min: usize,
        same: bool,
    ) -> Option<Value> {
        if same && word(size).as_deref() == Some("same") {
            return Some(Value::Word("same".into()));
        }
        self.not_word(def, size)?;
        Some(Value::Size(self.size(size, min)?))
    }

    /// Lower-case words are no constants: `padding = sme` is a slip, not a name.
    fn not_word(&mut self, def: &ArgDef, size: &SizeExpr) -> Option<()> {
        let generics = &self.net.generics;
        match word(size) {
            Some(w)
                if w.starts_with(char::is_lowercase) && generics.iter().all(|g| g.name != w) =>
            {
                self.errors.push(
                    size.place,
                    format!("`{}` is {}, not `{w}`", def.name, def.kind.describe()),
                );
                None
            }
            _ => Some(()),
        }
    }

    fn wrong(&mut self, def: &ArgDef, arg: &Arg) -> Option<Value> {
        let found = shown(&arg.value);
        let text = format!("`{}` is {}, not {found}", def.name, def.kind.describe());
        self.errors.push(arg.place, text);
        None
    }

    fn number_value(&mut self, def: &ArgDef, expr: &Expr, place: Extent) -> Option<Value> {
        let ArgKind::Number { min, max, exclusive_min, exclusive_max } = def.kind else {
            return None;
        };
        if matches!(expr, Expr::Lit(lit) if !matches!(lit.lit, Lit::Float(_) | Lit::Int(_))) {
            let text = format!("`{}` is a number, not `{}`", def.name, expr.to_token_stream());
            self.errors.push(place, text);
            return None;
        }
        let range = range_text(def);
        let Some(x) = literal(expr) else {
            let tokens = expr.to_token_stream();
            // A constant stands outside of the impl and cannot read const generics.
            let generic = |one: &Generic| mentions(&tokens, &one.name.to_string());
            if self.net.generics.iter().any(generic) {
                return Some(Value::Number(Number::Named(self.number(tokens))));
            }
            let (named, constant) = self.evaluated_number(&tokens);
            if let Some(condition) = range_condition(&constant, def) {
                let text = format!("`{}` must be {range}", def.name);
                self.net.assertions.push(Assertion { condition, text, place, after: Vec::new() });
            }
            return Some(Value::Number(Number::Named(named)));
        };
        let fits = x.is_finite()
            && (if exclusive_min { x > min } else { x >= min })
            && (if exclusive_max { x < max } else { x <= max });
        if !fits {
            self.errors.push(place, format!("`{}` must be {range}, not {x}", def.name));
            return None;
        }
        Some(Value::Number(Number::Known(x)))
    }
}

/// The argument of this name in this kind of brackets.
fn named(
    def: &'static LayerDef,
    (name, value): (&Ident, &Arg),
    place: Place,
    errors: &mut Errors,
) -> Option<&'static ArgDef> {
    let text = name.to_string();
    let found = def.args.iter().find(|arg| arg.name == text);
    let in_round = |arg: &ArgDef| arg.place == Place::Value;
    match found {
        Some(arg) if in_round(arg) == (place == Place::Value) => found,
        Some(arg) if in_round(arg) => {
            errors.push_help(
                name.span(),
                format!("`{text}` is a run-time value and stands in round brackets"),
                format!("write `{}({text} = {})`", def.name, shown(&value.value).replace('`', "")),
            );
            None
        }
        Some(_) => {
            errors.push_help(
                name.span(),
                format!("`{text}` is known at compile time and stands in angle brackets"),
                format!("write `{}`", with_option(def, &text, &shown(&value.value))),
            );
            None
        }
        None => {
            let known = def.args.iter().map(|arg| arg.name);
            let help = match did_you_mean(&text, known) {
                Some(close) => format!("did you mean `{close}`?"),
                None => options_text(def),
            };
            errors.push_help(name.span(), format!("`{}` has no option `{text}`", def.name), help);
            None
        }
    }
}

fn extra(def: &LayerDef, arg: &Arg, place: Place, errors: &mut Errors) -> Option<&'static ArgDef> {
    let declared = |place| def.args.iter().filter(move |arg| arg.place == place);
    let (round, found) = (place == Place::Value, shown(&arg.value));
    if matches!(arg.value, ArgValue::Error) {
        return None;
    }
    if !round && declared(place).next().is_none() && declared(Place::Value).next().is_some() {
        errors.push_help(
            arg.place,
            format!("`{}` takes a run-time value, which stands in round brackets", def.name),
            format!("write `{}({})`", def.name, found.replace('`', "")),
        );
        return None;
    }
    let what = match (round, declared(place).count()) {
        (true, 0) => "nothing in round brackets".to_string(),
        (false, 0) => "no sizes".to_string(),
        (true, n) => format!("{} in round brackets", counted(n, "value")),
        (false, n) => format!("{} by position", counted(n, "size")),
    };
    let text = format!("`{}` takes {what}, so {found} is too much", def.name);
    errors.push_help(arg.place, text, format!("it is written `{}`", usage(def)));
    None
}

fn word(size: &SizeExpr) -> Option<String> {
    match &size.kind {
        SizeKind::Path(_, Some(ident)) => Some(ident.to_string()),
        _ => None,
    }
}

fn literal(expr: &Expr) -> Option<f64> {
    match expr {
        Expr::Lit(lit) => match &lit.lit {
            Lit::Float(x) => x.base10_parse().ok(),
            Lit::Int(n) => n.base10_parse::<u64>().ok().map(|n| n as f64),
            _ => None,
        },
        Expr::Unary(unary) if matches!(unary.op, UnOp::Neg(_)) => literal(&unary.expr).map(|x| -x),
        Expr::Group(group) => literal(&group.expr),
        _ => None,
    }
}

fn range_condition(tokens: &TokenStream, def: &ArgDef) -> Option<TokenStream> {
    let ArgKind::Number { min, max, exclusive_min, exclusive_max } = def.kind else { return None };
    let low = if exclusive_min { quote!(>) } else { quote!(>=) };
    let high = if exclusive_max { quote!(<) } else { quote!(<=) };
    let (min, max) = (float(min), float(max));
    Some(quote!({ let x: f64 = #tokens; x #low #min && x #high #max }))
}

fn float(x: f64) -> TokenStream {
    let magnitude = Literal::f64_suffixed(x.abs());
    if x < 0.0 { quote!(-#magnitude) } else { quote!(#magnitude) }
}
