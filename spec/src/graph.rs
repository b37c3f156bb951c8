//! A network as static data. `network!` writes one [`Graph`] for each declaration, and everything
//! that looks at a network as a whole (summary, execution, files, drawing) is a function over it.

use crate::scalar::Function;

/// A whole network.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Graph {
    /// The name of the declared type.
    pub name: &'static str,
    /// What goes in. Values are numbered: inputs first, then the output of each node.
    pub inputs: &'static [Port],
    /// What is done, in an order in which it can be done.
    pub nodes: &'static [Node],
    /// What comes out.
    pub outputs: &'static [Output],
    /// All parameters, in the order of the nodes.
    pub params: &'static [Param],
}

/// An input.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Port {
    /// Its name; `input` where the declaration gives none.
    pub name: &'static str,
    /// The shape of one sample.
    pub shape: &'static [usize],
    /// Indices instead of floats.
    pub index: bool,
}

/// An output.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Output {
    /// Its name; `output` where the declaration gives none.
    pub name: &'static str,
    /// The number of the value.
    pub value: usize,
}

/// One operation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Node {
    /// The user's name, or the layer's with a number: `conv2d_1`.
    pub name: &'static str,
    /// The layer: `Conv2d`.
    pub kind: &'static str,
    /// The numbers of the values it takes.
    pub inputs: &'static [usize],
    /// The shape of one sample of its output.
    pub shape: &'static [usize],
    /// Attributes, such as `stride`.
    pub attrs: &'static [(&'static str, Attr)],
    /// Its own parameters: `params[first .. first + count]` of the graph.
    pub params: Params,
    /// The number of a parameter that another node brings and this one reads, too, as the first of
    /// all that it reads: a weight that is tied to another layer's.
    pub tied: Option<usize>,
    /// The line in the source file where it is declared.
    pub line: u32,
    /// What it is if it is no layer of the catalogue.
    pub inner: Option<Inner>,
}

/// A node that is no layer of the catalogue.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Inner {
    /// A network, or a layer of the user's, as `network!` writes it: its own parameters are not yet
    /// among the graph's, and the node has no `params`. [`crate::inline`] puts it in.
    Declared {
        /// What is known of it.
        layer: Declared,
        /// The number of the node whose parameters it has: its own, unless it is a shared layer's
        /// later application.
        first: usize,
    },
    /// A layer of the user's, whose forward the model knows: its number among all of them.
    Own(usize),
}

/// What a type that stands in a network as a layer is made of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Declared {
    /// Another network.
    Network(&'static Graph),
    /// A layer with these parameters and a forward of its own.
    Own(&'static [Param]),
    /// So many of them, one behind the other, each with parameters of its own.
    Repeated(&'static Declared, usize),
}

/// A range of the graph's parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Params {
    /// The first one's number.
    pub first: usize,
    /// How many.
    pub count: usize,
}

/// An attribute.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Attr {
    /// One size.
    Size(usize),
    /// Several sizes.
    Sizes(&'static [usize]),
    /// A number.
    Number(f64),
    /// A flag.
    Flag(bool),
    /// A word.
    Word(&'static str),
    /// A function of one number.
    Function(Function),
}

/// One parameter or buffer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Param {
    /// `conv2d_1.weight`
    pub name: &'static str,
    /// Its shape.
    pub shape: &'static [usize],
    /// Its values at the beginning.
    pub init: Init,
    /// Whether it is trained; a buffer (running statistics) is not.
    pub trainable: bool,
}

/// Initial values of a parameter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Init {
    /// All zero.
    Zeros,
    /// All one.
    Ones,
    /// Uniform in ±1/√`fan_in`: what PyTorch's `kaiming_uniform_(a = √5)` gives, its default for
    /// the weights and biases of linear layers and convolutions.
    FanIn(usize),
    /// Uniform in ±√(6 / (rows + columns)), of a weight of so many of both: what PyTorch's
    /// `xavier_uniform_` gives.
    Glorot(usize, usize),
    /// Normal with mean 0 and this standard deviation; 1 is PyTorch's default for embeddings.
    Normal(f64),
    /// Normal with mean 0 and variance 1, with zeros in this row of a table: that of padding.
    NormalExceptRow(usize),
    /// Uniform between this and its negative.
    Uniform(f64),
    /// All the same number.
    Constant(f64),
}

impl Graph {
    /// How many numbers are trained: buffers are not counted.
    pub const fn trainable(&self) -> usize {
        let mut total = trainable(self.params);
        let mut i = 0;
        while i < self.nodes.len() {
            if let Some(Inner::Declared { layer, first }) = self.nodes[i].inner
                && first == i
            {
                total = crate::size::add(total, layer.trainable());
            }
            i += 1;
        }
        total
    }

    /// The parameters of a node, but for a tied one.
    pub fn params_of(&self, node: &Node) -> &'static [Param] {
        self.params.get(node.params.first..node.params.first + node.params.count).unwrap_or(&[])
    }

    /// Whether nothing is ever taken of this parameter but some of its rows, those of indices: all
    /// others have no gradient then.
    pub fn is_table(&self, param: usize) -> bool {
        let mut takers = self.nodes.iter().filter(|node| node.reads().any(|read| read == param));
        let rows = |node: &Node| matches!(node.kind, "Embedding" | "EmbeddingBag");
        takers.next().is_some_and(rows) && takers.all(rows)
    }

    /// The shape of a value's samples: an input's or a node's.
    pub const fn shape_of(&self, value: usize) -> &'static [usize] {
        let inputs = self.inputs.len();
        if value < inputs {
            self.inputs[value].shape
        } else if value - inputs < self.nodes.len() {
            self.nodes[value - inputs].shape
        } else {
            &[]
        }
    }
}

impl Param {
    /// The elements that get no gradient although it is trained: the row of a table's padding.
    pub fn still(&self) -> core::ops::Range<usize> {
        match (self.init, self.shape) {
            (Init::NormalExceptRow(row), &[_, width]) => row * width..(row + 1) * width,
            _ => 0..0,
        }
    }
}

impl Declared {
    /// How many numbers of it are trained.
    pub const fn trainable(self) -> usize {
        match self {
            Declared::Network(graph) => graph.trainable(),
            Declared::Own(params) => trainable(params),
            Declared::Repeated(layer, times) => crate::size::mul(layer.trainable(), times),
        }
    }
}

const fn trainable(params: &[Param]) -> usize {
    let mut total = 0;
    let mut i = 0;
    while i < params.len() {
        if params[i].trainable {
            total = crate::size::add(total, crate::size::product(params[i].shape));
        }
        i += 1;
    }
    total
}

impl Node {
    /// The numbers of all parameters that it reads, in the order of its layer's.
    pub fn reads(&self) -> impl Iterator<Item = usize> + use<> {
        let Params { first, count } = self.params;
        self.tied.into_iter().chain(first..first + count)
    }

    /// An attribute's value.
    pub fn attr(&self, name: &str) -> Option<Attr> {
        self.attrs.iter().find(|(n, _)| *n == name).map(|(_, attr)| *attr)
    }

    /// An attribute that is a size; zero if there is none.
    pub fn size(&self, name: &str) -> usize {
        match self.attr(name) {
            Some(Attr::Size(n)) => n,
            _ => 0,
        }
    }

    /// An attribute that is a list of sizes.
    pub fn sizes(&self, name: &str) -> &'static [usize] {
        match self.attr(name) {
            Some(Attr::Sizes(sizes)) => sizes,
            _ => &[],
        }
    }

    /// An attribute that is a number; zero if there is none.
    pub fn number(&self, name: &str) -> f64 {
        match self.attr(name) {
            Some(Attr::Number(x)) => x,
            _ => 0.0,
        }
    }

    /// An attribute that is a flag.
    pub fn flag(&self, name: &str) -> bool {
        matches!(self.attr(name), Some(Attr::Flag(true)))
    }

    /// An attribute that is a function.
    pub fn function(&self, name: &str) -> Option<Function> {
        match self.attr(name) {
            Some(Attr::Function(function)) => Some(function),
            _ => None,
        }
    }

    /// An attribute that is a word.
    pub fn word(&self, name: &str) -> &'static str {
        match self.attr(name) {
            Some(Attr::Word(word)) => word,
            _ => "",
        }
    }
}
