use netwright::prelude::*;

#[derive(Clone, Layer)]
enum Scale { A, B }

fn main() {}
