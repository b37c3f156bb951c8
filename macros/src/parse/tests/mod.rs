//! Reading declarations: right ones, wrong ones, and noise.

mod mistakes;
mod noise;
mod valid;

use quote::ToTokens;

use super::parse;
use crate::ast::{
    Arg, ArgValue, Body, Chain, Network, Port, ShapeExpr, SizeExpr, SizeKind, Step, StepKind, Term,
    Value,
};
use crate::diag::Errors;

fn read(text: &str) -> (Vec<Network>, Vec<String>) {
    let mut errors = Errors::new();
    let networks = parse(text.parse().unwrap(), &mut errors);
    (networks, errors.texts().into_iter().map(String::from).collect())
}

/// The only network of a declaration without mistakes, as text.
fn shown(text: &str) -> String {
    let (networks, errors) = read(text);
    assert_eq!(errors, [] as [String; 0], "{text}");
    networks.iter().map(network).collect::<Vec<_>>().join(" ")
}

/// The layers of a chain without mistakes.
fn layers(text: &str) -> String {
    let all = shown(&format!("struct Net([3]) {{ {text} }}"));
    all.trim_start_matches("Net([3]) ").to_string()
}

fn network(net: &Network) -> String {
    let ports = |ports: &[Port]| join(ports, port);
    let outputs =
        net.outputs.as_ref().map_or(String::new(), |outputs| format!(" -> ({})", ports(outputs)));
    let generics = net.generics.to_token_stream().to_string().replace(' ', "");
    let vis = net.vis.to_token_stream();
    let shared = net.shared.iter().map(|one| format!("layer {}; ", step(&one.step)));
    let head = format!(
        "{vis} {}{generics}({}){outputs} {}{}",
        net.name,
        ports(&net.inputs),
        shared.collect::<String>(),
        body(&net.body)
    );
    format!("{}{}", "#".repeat(net.attrs.len()), head.trim_start())
}

fn join<T>(items: &[T], one: impl Fn(&T) -> String) -> String {
    items.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn port(port: &Port) -> String {
    let name = port.name.as_ref().map_or(String::new(), |name| format!("{name}: "));
    name + &shape(&port.shape)
}

fn shape(shape: &ShapeExpr) -> String {
    let element = if shape.index { "usize; " } else { "" };
    format!("[{element}{}]", join(&shape.dims, size))
}

fn size(size: &SizeExpr) -> String {
    match &size.kind {
        SizeKind::Literal(number) => number.to_string(),
        SizeKind::Path(path, word) => {
            format!("{}{path}", if word.is_some() { "" } else { "path " })
        }
        SizeKind::Block(block) => format!("{{ {block} }}"),
        SizeKind::Infer => "_".to_string(),
        SizeKind::Error => "ERROR".to_string(),
    }
}

fn body(body: &Body) -> String {
    let Body::Graph(graph) = body else {
        let Body::Chain(layers) = body else { return String::new() };
        return chain(layers);
    };
    let lets = graph.lets.iter().map(|one| {
        let name =
            |name: &Option<syn::Ident>| name.as_ref().map_or("_".to_string(), ToString::to_string);
        let names = match one.names.as_slice() {
            [only] => name(only),
            several => format!("({})", join(several, name)),
        };
        format!("let {names} = {}; ", value(&one.value))
    });
    format!("{}({})", lets.collect::<String>(), join(&graph.outputs, value))
}

fn value(one: &Value) -> String {
    let terms = |terms: &[Term]| {
        let term = |term: &Term| format!("{} {}", term.sign, value(&term.value));
        format!("({})", terms.iter().map(term).collect::<Vec<_>>().join(" "))
    };
    match one {
        Value::Name(name) => name.to_string(),
        Value::Chain(from, layers) => match from.as_slice() {
            [from] => format!("{} => {}", value(from), chain(layers)),
            several => format!("({}) => {}", join(several, value), chain(layers)),
        },
        Value::Sum(all) | Value::Product(all) => terms(all),
        Value::Call(call) => {
            let options = call.options.iter().map(|option| format!("; {}", arg(option)));
            format!("{}({}{})", call.word, join(&call.values, value), options.collect::<String>())
        }
        Value::Number { lit, negative, .. } => {
            format!("{}{}", if *negative { "-" } else { "" }, lit.to_token_stream())
        }
        Value::Error(_) => "ERROR".to_string(),
    }
}

fn chain(chain: &Chain) -> String {
    format!("{{{}{}}}", if chain.poisoned { "POISONED " } else { "" }, join(&chain.steps, step))
}

fn step(step: &Step) -> String {
    let name = step.name.as_ref().map_or(String::new(), |name| format!("{name}: "));
    let stated =
        step.stated.as_ref().map_or(String::new(), |stated| " -> ".to_string() + &shape(stated));
    let kind = match &step.kind {
        StepKind::Layer(call) => {
            let path = call.path.to_token_stream();
            format!("{path}<{}>({})", join(&call.options, arg), join(&call.values, arg))
        }
        StepKind::Residual { keyword, body, skip } => {
            let skip =
                skip.as_ref().map_or(String::new(), |skip| " skip ".to_string() + &chain(skip));
            format!("{keyword} {}{skip}", chain(body))
        }
        StepKind::Parallel { keyword, branches } => format!("{keyword} {}", join(branches, chain)),
        StepKind::Repeat { count, body } => {
            format!("Repeat {} {}", size(count), chain(body))
        }
        StepKind::Error => "ERROR".to_string(),
    };
    name + &kind + &stated
}

fn arg(arg: &Arg) -> String {
    let name = arg.name.as_ref().map_or(String::new(), |name| format!("{name} = "));
    let value = match &arg.value {
        ArgValue::Size(one) => size(one),
        ArgValue::Pair(a, b) => format!("({}, {})", size(a), size(b)),
        ArgValue::Triple([a, b, c]) => format!("({}, {}, {})", size(a), size(b), size(c)),
        ArgValue::Shape(one) => shape(one),
        ArgValue::Expr(expr) => format!("`{}`", expr.to_token_stream()),
        ArgValue::Error => "ERROR".to_string(),
    };
    name + &value
}

/// The first line of each message.
fn first_lines(text: &str) -> Vec<String> {
    let lines = |text: String| text.lines().next().unwrap_or("").to_string();
    read(text).1.into_iter().map(lines).collect()
}

/// A whole declaration with one mistake.
fn declaration(text: &str, error: &str) {
    assert_eq!(first_lines(text), [error], "{text}");
}

/// A chain with one mistake.
fn mistake(text: &str, error: &str) {
    declaration(&format!("struct Net([3]) -> [1] {{ {text} }}"), error);
}
