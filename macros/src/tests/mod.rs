//! The whole compiler on text, without rustc: which mistakes it finds, what it makes, and that it
//! never panics.

mod expanding;
mod expansion;
mod fuzz;
mod generic;
pub(crate) mod layers;
mod mistakes;

use crate::driver;

/// The messages for a declaration, each with the line and column it points at.
fn errors_of(text: &str) -> Vec<String> {
    let (_, errors) = driver::understand(text.parse().unwrap());
    let places = errors.spans().map(|span| (span.start().line, span.start().column));
    let lines = places.zip(errors.texts());
    lines.map(|((line, column), text)| format!("{line}:{column} {text}")).collect()
}

/// The messages for the layers of `struct Net([3, 8, 8])` without their places.
fn errors_in(layers: &str) -> Vec<String> {
    let text = format!("struct Net([3, 8, 8]) {{ {layers} }}");
    let (_, errors) = driver::understand(text.parse().unwrap());
    errors.texts().into_iter().map(String::from).collect()
}

/// The same for `struct Net<Side: Size, const N: usize>([3, Side, Side])`.
fn errors_in_generic(layers: &str) -> Vec<String> {
    let text = format!("struct Net<Side: Size, const N: usize>([3, Side, Side]) {{ {layers} }}");
    let (_, errors) = driver::understand(text.parse().unwrap());
    errors.texts().into_iter().map(String::from).collect()
}

/// What the numbers of its type parameters must satisfy.
fn bounds_in(layers: &str) -> Vec<String> {
    let text = format!("struct Net<Side: Size>([3, Side, Side]) {{ {layers} }}");
    let (nets, errors) = driver::understand(text.parse().unwrap());
    assert_eq!(errors.texts(), [] as [&str; 0], "{layers}");
    nets[0].bounds.iter().map(|bound| bound.problem.text.clone()).collect()
}

/// What a declaration becomes, formatted a little.
fn expanded(text: &str) -> String {
    driver::network(text.parse().unwrap()).to_string()
}
