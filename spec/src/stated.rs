//! Whether a network that stands in another one as a layer is what its declaration says: known when
//! the compiler evaluates constants, and said in the words of all other messages.

use crate::graph::{Declared, Graph, Port};

/// A message that is put together while constants are evaluated.
#[derive(Clone, Copy)]
pub struct Text {
    bytes: [u8; Text::LONGEST],
    len: usize,
}

impl Text {
    /// What does not fit is cut off.
    const LONGEST: usize = 600;

    const fn new() -> Self {
        Text { bytes: [0; Text::LONGEST], len: 0 }
    }

    /// The message.
    pub const fn as_str(&self) -> &str {
        match std::str::from_utf8(self.bytes.split_at(self.len).0) {
            Ok(text) => text,
            Err(_) => "",
        }
    }

    const fn add(mut self, text: &str) -> Self {
        let bytes = text.as_bytes();
        if self.len + bytes.len() > Text::LONGEST {
            return self;
        }
        let mut i = 0;
        while i < bytes.len() {
            self.bytes[self.len] = bytes[i];
            self.len += 1;
            i += 1;
        }
        self
    }

    const fn number(mut self, n: usize) -> Self {
        if n >= 10 {
            self = self.number(n / 10);
        }
        self.add(DIGITS.split_at(n % 10).1.split_at(1).0)
    }

    const fn shape(mut self, index: bool, shape: &[usize]) -> Self {
        self = self.add(match (index, shape.len()) {
            (true, 0) => "[usize",
            (true, _) => "[usize; ",
            (false, _) => "[",
        });
        let mut i = 0;
        while i < shape.len() {
            if i > 0 {
                self = self.add(", ");
            }
            self = self.number(shape[i]);
            i += 1;
        }
        self.add("]")
    }
}

const DIGITS: &str = "0123456789";

/// What a network has one of, if it stands in another one.
const fn only(graph: &Graph) -> Option<Port> {
    if graph.inputs.len() == 1 && graph.outputs.len() == 1 { Some(graph.inputs[0]) } else { None }
}

/// Whether the layer takes this shape, as far as it is known: a layer of the user's may take any.
pub const fn takes(layer: Declared, index: bool, shape: &[usize]) -> bool {
    match layer {
        Declared::Own(_) => true,
        Declared::Repeated(layer, _) => takes(*layer, index, shape),
        Declared::Network(graph) => match only(graph) {
            Some(port) => port.index == index && equal(port.shape, shape),
            None => false,
        },
    }
}

/// Whether the layer gives this shape, as far as it is known. A network that does not stand here at
/// all is the mistake of [`takes`].
pub const fn gives(layer: Declared, shape: &[usize]) -> bool {
    match layer {
        Declared::Own(_) => true,
        Declared::Repeated(layer, _) => gives(*layer, shape),
        Declared::Network(graph) => match only(graph) {
            Some(_) => equal(graph.shape_of(graph.outputs[0].value), shape),
            None => true,
        },
    }
}

/// Whether the layer gives the shape that it takes, if it is repeated.
pub const fn keeps(layer: Declared, from: &[usize], to: &[usize]) -> bool {
    match layer {
        Declared::Repeated(..) => equal(from, to),
        Declared::Network(_) | Declared::Own(_) => true,
    }
}

/// What is said where [`takes`] is false: `` `Encoder` takes [1, 8, 8], but …``
pub const fn takes_text(name: &str, layer: Declared, but: &str) -> Text {
    let text = Text::new().add("`").add(name);
    let Some(graph) = network(layer) else { return text };
    match only(graph) {
        Some(port) => text.add("` takes ").shape(port.index, port.shape).add(but),
        None => text
            .add("` has ")
            .number(graph.inputs.len())
            .add(if graph.inputs.len() == 1 { " input and " } else { " inputs and " })
            .number(graph.outputs.len())
            .add(if graph.outputs.len() == 1 { " output" } else { " outputs" })
            .add(": a network that stands in another one as a layer has one of each"),
    }
}

/// What is said where [`gives`] is false: `the stated shape is [64], but …`
pub const fn gives_text(name: &str, layer: Declared, stated: &str) -> Text {
    let text = Text::new().add("the stated shape is ").add(stated).add(", but `").add(name);
    let Some(graph) = network(layer) else { return text };
    let shape = graph.shape_of(graph.outputs[0].value);
    text.add("` gives ").shape(false, shape).add("\nhelp: write `-> ").shape(false, shape).add("`")
}

const fn network(layer: Declared) -> Option<&'static Graph> {
    match layer {
        Declared::Network(graph) => Some(graph),
        Declared::Repeated(layer, _) => network(*layer),
        Declared::Own(_) => None,
    }
}

const fn equal(a: &[usize], b: &[usize]) -> bool {
    let mut i = 0;
    while i < a.len() && i < b.len() && a[i] == b[i] {
        i += 1;
    }
    i == a.len() && i == b.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::{Node, Output, Params};

    const NODE: Node = Node {
        name: "flatten_1",
        kind: "Flatten",
        inputs: &[0],
        shape: &[64],
        attrs: &[],
        params: Params { first: 0, count: 0 },
        tied: None,
        line: 1,
        inner: None,
    };
    const INPUT: Port = Port { name: "input", shape: &[1, 8, 8], index: false };
    static NET: Graph = Graph {
        name: "Net",
        inputs: &[INPUT],
        nodes: &[NODE],
        outputs: &[Output { name: "output", value: 1 }],
        params: &[],
    };
    static TWO: Graph = Graph { inputs: &[INPUT, INPUT], ..NET };

    #[test]
    fn networks_are_compared_and_layers_of_the_users_are_not() {
        let net = Declared::Network(&NET);
        assert!(takes(net, false, &[1, 8, 8]) && gives(net, &[64]));
        assert!(!takes(net, true, &[1, 8, 8]) && !takes(net, false, &[1, 8]));
        assert!(!takes(net, false, &[1, 8, 9]) && !gives(net, &[64, 1]));
        static REPEATED: Declared = Declared::Repeated(&Declared::Network(&NET), 3);
        assert!(takes(REPEATED, false, &[1, 8, 8]) && !gives(REPEATED, &[63]));
        assert!(
            !keeps(REPEATED, &[1], &[2]) && keeps(REPEATED, &[1], &[1]) && keeps(net, &[1], &[2])
        );
        assert!(takes(Declared::Own(&[]), false, &[3]) && gives(Declared::Own(&[]), &[3]));
        assert!(!takes(Declared::Network(&TWO), false, &[1, 8, 8]));
        assert!(gives(Declared::Network(&TWO), &[3]));
    }

    #[test]
    fn messages_tell_both_shapes() {
        let but = ", but the network's input is [4, 8, 8]";
        let text = takes_text("Net", Declared::Network(&NET), but);
        assert_eq!(text.as_str(), "`Net` takes [1, 8, 8], but the network's input is [4, 8, 8]");
        let text = takes_text("Net", Declared::Network(&TWO), but);
        assert!(text.as_str().starts_with("`Net` has 2 inputs and 1 output: a network"));
        let text = gives_text("Net", Declared::Network(&NET), "[63]");
        let expected = "the stated shape is [63], but `Net` gives [64]\nhelp: write `-> [64]`";
        assert_eq!(text.as_str(), expected);
        let long = "x".repeat(Text::LONGEST);
        let cut = takes_text(&long, Declared::Network(&NET), but);
        assert_eq!(cut.as_str(), "`` takes [1, 8, 8], but the network's input is [4, 8, 8]");
    }
}
