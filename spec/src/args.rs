//! The arguments of a layer: what it declares, and what a user wrote, typed.

use crate::dim::Dim;

/// Where an argument stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In angle brackets by position: `Conv2d<32, 3>`. Positional arguments come first, in order.
    Position,
    /// In angle brackets by name: `stride = 2`.
    Option,
    /// In round brackets, by position or by name: `Dropout(0.3)`, `BatchNorm2d(eps = 1e-3)`.
    Value,
}

/// What may be written for an argument.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ArgKind {
    /// One size, at least `min`.
    Size {
        /// 1 for features, windows and strides, 0 for padding.
        min: usize,
    },
    /// One size for both axes, or `(height, width)`.
    Pair {
        /// As for `Size`.
        min: usize,
        /// Whether the word `same` is allowed too.
        same: bool,
    },
    /// One size for all three axes, or `(depth, height, width)`.
    Triple {
        /// As for `Size`.
        min: usize,
        /// Whether the word `same` is allowed too.
        same: bool,
    },
    /// One size, at least `min`, or one of these words.
    SizeOr {
        /// 0 for padding.
        min: usize,
        /// Words such as `same`.
        words: &'static [&'static str],
    },
    /// `true` or `false`.
    Flag,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A number: a literal or a constant expression of type `f64`.
    Number {
        /// The smallest allowed value.
        min: f64,
        /// The largest allowed value.
        max: f64,
        /// Whether `max` itself is excluded, and `min` too where it is `exclusive_min`.
        exclusive_max: bool,
        /// Whether `min` itself is excluded.
        exclusive_min: bool,
    },
    /// A shape or other sizes in square brackets, each at least `min`, or `_`.
    Shape {
        /// 1 for shapes, 0 for numbers of axes.
        min: usize,
    },
    /// A function of one number: a closure, or the path of a function.
    Function,
    /// The name of a layer before this one in the same network.
    Layer,
}

impl ArgKind {
    /// Any finite number.
    pub const ANY_NUMBER: ArgKind = ArgKind::Number {
        min: f64::MIN,
        max: f64::MAX,
        exclusive_max: false,
        exclusive_min: false,
    };
    /// A probability below one.
    pub const PROBABILITY: ArgKind =
        ArgKind::Number { min: 0.0, max: 1.0, exclusive_max: true, exclusive_min: false };
    /// A number from zero to one, both included.
    pub const FRACTION: ArgKind =
        ArgKind::Number { min: 0.0, max: 1.0, exclusive_max: false, exclusive_min: false };
    /// A number from zero on.
    pub const NOT_NEGATIVE: ArgKind =
        ArgKind::Number { min: 0.0, max: f64::MAX, exclusive_max: false, exclusive_min: false };
    /// A number above zero.
    pub const POSITIVE: ArgKind =
        ArgKind::Number { min: 0.0, max: f64::MAX, exclusive_max: false, exclusive_min: true };

    /// How the kind is called in a message: "`Conv2d`'s `stride` is {…}".
    pub fn describe(&self) -> String {
        match self {
            ArgKind::Size { .. } => "a size".into(),
            ArgKind::Pair { same: false, .. } => "a size or (height, width)".into(),
            ArgKind::Pair { same: true, .. } => "a size, (height, width) or `same`".into(),
            ArgKind::Triple { same: false, .. } => "a size or (depth, height, width)".into(),
            ArgKind::Triple { same: true, .. } => "a size, (depth, height, width) or `same`".into(),
            ArgKind::SizeOr { words, .. } => {
                format!("a size, {}", ArgKind::Word(words).describe().replace(" or ", ", or "))
            }
            ArgKind::Flag => "`true` or `false`".into(),
            ArgKind::Word(words) => {
                words.iter().map(|w| format!("`{w}`")).collect::<Vec<_>>().join(" or ")
            }
            ArgKind::Number { .. } => "a number".into(),
            ArgKind::Shape { .. } => "a shape in square brackets".into(),
            ArgKind::Function => "a function of one number, as `|x| x * x.sigmoid()`".into(),
            ArgKind::Layer => "the name of a layer".into(),
        }
    }
}

/// The default of an argument that may be left out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Default {
    /// A size, for all axes of a pair or a triple.
    Size(usize),
    /// A flag.
    Flag(bool),
    /// A word.
    Word(&'static str),
    /// A number.
    Number(f64),
    /// Nothing: [`Args`] has no entry, the shape rule decides.
    Absent,
}

impl Default {
    /// As an argument; `None` for [`Default::Absent`].
    pub fn value(self) -> Option<Value> {
        Some(match self {
            Default::Size(n) => Value::Size(Dim::Known(n)),
            Default::Flag(flag) => Value::Flag(flag),
            Default::Word(word) => Value::Word(word.into()),
            Default::Number(x) => Value::Number(Number::Known(x)),
            Default::Absent => return None,
        })
    }
}

/// One argument that a layer takes.
#[derive(Clone, Copy, Debug)]
pub struct ArgDef {
    /// Its name, as PyTorch calls it.
    pub name: &'static str,
    /// What may be written.
    pub kind: ArgKind,
    /// Where it is written.
    pub place: Place,
    /// `None`: it must be written.
    pub default: Option<Default>,
    /// What it means, for the documentation.
    pub doc: &'static str,
}

impl ArgDef {
    /// An argument in angle brackets by position, which must be written.
    pub const fn position(name: &'static str, kind: ArgKind, doc: &'static str) -> Self {
        ArgDef { name, kind, place: Place::Position, default: None, doc }
    }

    /// An argument in angle brackets by name.
    pub const fn option(
        name: &'static str,
        kind: ArgKind,
        default: Default,
        doc: &'static str,
    ) -> Self {
        ArgDef { name, kind, place: Place::Option, default: Some(default), doc }
    }

    /// An argument in round brackets.
    pub const fn value(
        name: &'static str,
        kind: ArgKind,
        default: Default,
        doc: &'static str,
    ) -> Self {
        ArgDef { name, kind, place: Place::Value, default: Some(default), doc }
    }
}

/// A number that may be a constant expression of the user's.
#[derive(Clone, Debug, PartialEq)]
pub enum Number {
    /// A literal.
    Known(f64),
    /// A constant expression, as written.
    Named(String),
}

/// A typed argument.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// One size.
    Size(Dim),
    /// Height and width.
    Pair(Dim, Dim),
    /// Depth, height and width.
    Triple([Dim; 3]),
    /// A word, or `same` where a pair may be `same`.
    Word(String),
    /// `true` or `false`.
    Flag(bool),
    /// A number.
    Number(Number),
    /// A shape; `None` stands for `_`.
    Shape(Vec<Option<Dim>>),
    /// A function, as written.
    Function(String),
    /// The name of another layer.
    Layer(String),
}

/// All arguments of one layer, defaults filled in.
///
/// The getters return a neutral value for a name or type that the layer never declared: the shape
/// rule and its declaration stand in one file, and its unit tests catch the difference.
#[derive(Clone, Debug, Default)]
pub struct Args {
    values: Vec<(&'static str, Value)>,
}

impl Args {
    /// No arguments.
    pub fn new() -> Self {
        Args { values: Vec::new() }
    }

    /// These arguments of a layer, and its defaults for all others.
    pub fn of(declared: &[ArgDef], given: &[(&'static str, Value)]) -> Self {
        let mut args = Args { values: given.to_vec() };
        for arg in declared.iter().filter(|arg| given.iter().all(|(name, _)| *name != arg.name)) {
            if let Some(value) = arg.default.and_then(Default::value) {
                args.set(arg.name, value);
            }
        }
        args
    }

    /// Those of these names, for a layer that hands them on.
    pub fn only(&self, names: &[&str]) -> Vec<(&'static str, Value)> {
        self.values.iter().filter(|(name, _)| names.contains(name)).cloned().collect()
    }

    /// Adds an argument.
    pub fn set(&mut self, name: &'static str, value: Value) {
        self.values.push((name, value));
    }

    /// The argument's value.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.values.iter().find(|(n, _)| *n == name).map(|(_, v)| v)
    }

    /// A size.
    pub fn size(&self, name: &str) -> Dim {
        match self.get(name) {
            Some(Value::Size(dim)) => dim.clone(),
            _ => Dim::Known(0),
        }
    }

    /// Height and width; one size counts for both. `None` for a word or an absent argument.
    pub fn pair(&self, name: &str) -> Option<[Dim; 2]> {
        match self.get(name) {
            Some(Value::Pair(h, w)) => Some([h.clone(), w.clone()]),
            Some(Value::Size(dim)) => Some([dim.clone(), dim.clone()]),
            _ => None,
        }
    }

    /// Depth, height and width; one size counts for all. `None` for a word or an absent argument.
    pub fn triple(&self, name: &str) -> Option<[Dim; 3]> {
        match self.get(name) {
            Some(Value::Triple(sizes)) => Some(sizes.clone()),
            Some(Value::Size(dim)) => Some([dim.clone(), dim.clone(), dim.clone()]),
            _ => None,
        }
    }

    /// A flag.
    pub fn flag(&self, name: &str) -> bool {
        matches!(self.get(name), Some(Value::Flag(true)))
    }

    /// A word.
    pub fn word(&self, name: &str) -> &str {
        match self.get(name) {
            Some(Value::Word(word)) => word,
            _ => "",
        }
    }

    /// A number.
    pub fn number(&self, name: &str) -> Number {
        match self.get(name) {
            Some(Value::Number(number)) => number.clone(),
            _ => Number::Known(0.0),
        }
    }

    /// A function.
    pub fn function(&self, name: &str) -> String {
        match self.get(name) {
            Some(Value::Function(text)) => text.clone(),
            _ => String::new(),
        }
    }

    /// The name of another layer, where one was written.
    pub fn layer(&self, name: &str) -> Option<&str> {
        match self.get(name) {
            Some(Value::Layer(layer)) => Some(layer),
            _ => None,
        }
    }

    /// A shape with holes.
    pub fn shape(&self, name: &str) -> &[Option<Dim>] {
        match self.get(name) {
            Some(Value::Shape(dims)) => dims,
            _ => &[],
        }
    }
}
