//! Random arguments and inputs for every layer: no rule panics or overflows, and a named constant
//! or a type parameter is treated as the number it stands for.

use super::testing::infer_with;
use crate::Number;
use crate::args::{ArgDef, ArgKind, Args, Value};
use crate::catalogue;
use crate::dim::Dim;
use crate::layer::{Arity, Attr, Cond, Context, Deferred, Inferred, LayerDef, ParamInit};
use crate::problem::Problem;
use crate::shape::Shape;

type Given = Vec<(&'static str, Value)>;

/// Marsaglia's xorshift, and the sizes to choose from.
struct Random {
    state: u64,
    sizes: Vec<Dim>,
}

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state % n as u64) as usize
    }

    fn size(&mut self) -> Dim {
        let i = self.below(self.sizes.len());
        self.sizes[i].clone()
    }

    fn dims(&mut self, rank: usize) -> Vec<Dim> {
        (0..rank).map(|_| self.size()).collect()
    }

    fn value(&mut self, arg: &ArgDef) -> Value {
        match arg.kind {
            ArgKind::Pair { same: true, .. } if self.below(3) == 0 => Value::Word("same".into()),
            ArgKind::Triple { same: true, .. } if self.below(3) == 0 => Value::Word("same".into()),
            ArgKind::Triple { .. } if self.below(2) == 0 => {
                Value::Triple([(); 3].map(|()| self.size()))
            }
            ArgKind::Pair { .. } if self.below(2) == 0 => Value::Pair(self.size(), self.size()),
            ArgKind::SizeOr { words, .. } if self.below(3) == 0 => {
                Value::Word(words[self.below(words.len())].into())
            }
            ArgKind::Size { .. }
            | ArgKind::SizeOr { .. }
            | ArgKind::Pair { .. }
            | ArgKind::Triple { .. } => Value::Size(self.size()),
            ArgKind::Flag => Value::Flag(self.below(2) == 0),
            ArgKind::Word(words) => Value::Word(words[self.below(words.len())].into()),
            ArgKind::Number { .. } => Value::Number(Number::Named("RATE".into())),
            ArgKind::Function => Value::Function("|x| x".into()),
            ArgKind::Layer => Value::Layer("before".into()),
            ArgKind::Shape { .. } => {
                let rank = self.below(5);
                let mut dims: Vec<_> = self.dims(rank).into_iter().map(Some).collect();
                for dim in &mut dims {
                    *dim = dim.take().filter(|_| self.below(4) > 0);
                }
                Value::Shape(dims)
            }
        }
    }

    /// Required arguments, and a third of the others.
    fn given(&mut self, def: &LayerDef) -> Given {
        let mut given = Vec::new();
        for arg in def.args {
            let rare = ["layers", "dropout"].contains(&arg.name);
            if arg.default.is_none() || self.below(if rare { 20 } else { 3 }) == 0 {
                given.push((arg.name, self.value(arg)));
            }
        }
        given
    }

    /// Inputs; those of a layer that joins are often nearly alike.
    fn inputs(&mut self, def: &LayerDef) -> Vec<Shape> {
        let rank = self.below(6);
        let index = self.below(if def.name.starts_with("Embedding") { 2 } else { 20 }) == 1;
        let mut inputs = vec![Shape { index, dims: self.dims(rank) }];
        while def.arity != Arity::One && self.below(3) > 0 {
            let mut next = inputs[0].clone();
            match self.below(4) {
                0 if rank > 0 => next.dims[self.below(rank)] = self.size(),
                1 => next.dims = self.dims(rank),
                2 if rank > 0 => next.dims.truncate(rank - 1),
                _ => {}
            }
            inputs.push(next);
        }
        if matches!(def.arity, Arity::UpTo(_)) && self.below(3) == 0 {
            inputs.push(Shape::indices(Vec::new()));
        }
        inputs
    }
}

fn layer(random: &mut Random) -> &'static LayerDef {
    catalogue::ALL[random.below(catalogue::ALL.len())]
}

/// Whether no const generic stands in something computed, which stable Rust could not compile.
fn computable(dim: &Dim) -> bool {
    match dim {
        Dim::Computed(_, args) => args.iter().all(|arg| arg.generic().is_none() && computable(arg)),
        _ => true,
    }
}

#[test]
fn no_rule_panics_or_overflows() {
    let mut sizes: Vec<Dim> = [0, 1, 2, 3, 7, usize::MAX / 2, usize::MAX].map(Dim::Known).into();
    sizes.extend(["A", "B", "{ 2 * A }"].map(|name| Dim::Named(name.into())));
    sizes.extend(["N", "M"].map(|name| Dim::Generic(name.into())));
    sizes.extend(["S", "T"].map(|name| Dim::Type(name.into())));
    let mut random = Random { state: 0x9E37_79B9_7F4A_7C15, sizes };
    let mut accepted = vec![0; catalogue::ALL.len()];
    for _ in 0..20_000 {
        let def = layer(&mut random);
        let given = random.given(def);
        match infer_with(def, &given, &random.inputs(def)) {
            Err(problem) => assert!(problem.text.contains('`'), "{}", problem.text),
            Ok((got, _)) => {
                assert!(got.shape.dims.iter().all(computable), "{given:?} {}", got.shape);
                let is_declared = |name: &&str| def.params.contains(name);
                assert!(got.params.iter().all(|param| is_declared(&param.name)));
                let i = catalogue::ALL.iter().position(|other| other.name == def.name);
                accepted[i.unwrap()] += 1;
            }
        }
    }
    for (def, accepted) in catalogue::ALL.iter().zip(accepted) {
        assert!(accepted > 0, "no random input was right for {}", def.name);
    }
}

/// Layers whose axis decides the shape, so that it must be a number.
const NUMBERED: &[&str] =
    &["Concat", "Sum", "Mean", "Max", "Glu", "Swiglu", "Slice", "Select", "Squeeze", "Unsqueeze"];

/// The values of the named constants and the type parameters of the second test.
const NAMED: [(&str, usize); 6] = [("A", 1), ("B", 2), ("C", 4), ("D", 9), ("S", 2), ("T", 6)];

fn put(dim: &Dim) -> Dim {
    match dim {
        Dim::Named(name) | Dim::Type(name) => {
            NAMED.iter().find(|(n, _)| n == name).unwrap().1.into()
        }
        Dim::Computed(op, args) => {
            Dim::compute(*op, &args.iter().map(put).collect::<Vec<_>>()).unwrap()
        }
        _ => dim.clone(),
    }
}

fn put_all(dims: &[Dim]) -> Vec<Dim> {
    dims.iter().map(put).collect()
}

fn put_value(value: &Value) -> Value {
    match value {
        Value::Size(dim) => Value::Size(put(dim)),
        Value::Pair(h, w) => Value::Pair(put(h), put(w)),
        Value::Triple(sizes) => Value::Triple(sizes.each_ref().map(put)),
        Value::Shape(dims) => Value::Shape(dims.iter().map(|dim| dim.as_ref().map(put)).collect()),
        other => other.clone(),
    }
}

fn put_inferred(mut got: Inferred) -> Inferred {
    got.shape.dims = put_all(&got.shape.dims);
    got.tied.iter_mut().for_each(|tied| tied.dims = put_all(&tied.dims));
    for param in &mut got.params {
        param.dims = put_all(&param.dims);
        match &mut param.init {
            ParamInit::FanIn(dims) => *dims = put_all(dims),
            ParamInit::Glorot(dims) => *dims = dims.each_ref().map(put),
            ParamInit::NormalExceptRow(dim) => *dim = put(dim),
            _ => {}
        }
    }
    for (_, attr) in &mut got.attrs {
        match attr {
            Attr::Size(dim) => *dim = put(dim),
            Attr::Sizes(dims) => *dims = put_all(dims),
            _ => {}
        }
    }
    got
}

fn holds(deferred: &Deferred) -> bool {
    let cond = match &deferred.cond {
        Cond::Equal(a, b) => Cond::Equal(put(a), put(b)),
        Cond::AtMost(a, b) => Cond::AtMost(put(a), put(b)),
        Cond::Divides(a, b) => Cond::Divides(put(a), put(b)),
    };
    let args = Args::new();
    let mut context = Context::new("Any", &args, &[]);
    context.require(cond, Problem::new("")).is_ok() && context.deferred.is_empty()
}

#[test]
fn a_named_size_is_the_number_it_stands_for() {
    let mut sizes: Vec<Dim> = [1, 2, 3, 4, 8, 9].map(Dim::Known).into();
    sizes.extend(NAMED[..4].iter().map(|(name, _)| Dim::Named((*name).into())));
    sizes.extend(NAMED[4..].iter().map(|(name, _)| Dim::Type((*name).into())));
    let mut random = Random { state: 0x2545_F491_4F6C_DD1D, sizes };
    let (mut same, mut refused) = (0, 0);
    for _ in 0..20_000 {
        let def = layer(&mut random);
        let given = random.given(def);
        // These decide the rank or which size changes, so they must be numbers.
        let decides = |name: &str| {
            ["axes", "axis0", "axis1", "num_layers", "layers"].contains(&name)
                || (name == "axis" && NUMBERED.contains(&def.name))
        };
        let named = |value: &Value| matches!(value, Value::Size(Dim::Named(_) | Dim::Type(_)));
        let wrong = |(name, value): &(&str, Value)| decides(name) && named(value);
        if def.name == "Permute" || given.iter().any(wrong) {
            continue;
        }
        let inputs = random.inputs(def);
        let numbers: Given = given.iter().map(|(n, value)| (*n, put_value(value))).collect();
        let known: Vec<Shape> =
            inputs.iter().map(|s| Shape { index: s.index, dims: put_all(&s.dims) }).collect();
        let now = infer_with(def, &numbers, &known).map(|(got, _)| got);
        let later = infer_with(def, &given, &inputs)
            .ok()
            .filter(|(_, deferred)| deferred.iter().all(holds))
            .map(|(got, _)| put_inferred(got));
        assert_eq!(later, now.clone().ok(), "{} {given:?} {inputs:?}: {now:?}", def.name);
        *if now.is_ok() { &mut same } else { &mut refused } += 1;
    }
    assert!(same > 4000 && refused > 4000, "{same} {refused}");
}
