use super::*;
use crate::graph::Port;

const fn node(name: &'static str, inputs: &'static [usize], params: [usize; 2]) -> Node {
    let [first, count] = params;
    Node { name, kind: "Linear", inputs, params: Params { first, count }, ..NO_NODE }
}

const fn param(name: &'static str) -> Param {
    Param { name, shape: &[2, 3], trainable: true, ..NO_PARAM }
}

const fn declared(
    name: &'static str,
    inputs: &'static [usize],
    layer: Declared,
    first: usize,
) -> Node {
    Node { inner: Some(Inner::Declared { layer, first }), ..node(name, inputs, [0, 0]) }
}

const ONE: &[Port] = &[Port { name: "input", shape: &[3], index: false }];
const OUT: Output = Output { name: "output", value: 0 };
static SCALE: Declared = Declared::Own(&[param("factor")]);

/// fc, a layer of the user's, fc again.
static INNER: Graph = Graph {
    name: "Inner",
    inputs: ONE,
    nodes: &[
        node("fc", &[0], [0, 2]),
        declared("scale", &[1], SCALE, 1),
        node("again", &[2], [0, 2]),
    ],
    outputs: &[Output { value: 3, ..OUT }],
    params: &[param("fc.weight"), param("fc.bias")],
};

/// Two inputs; the inner network twice with one set of parameters; a layer before and behind.
static OUTER: Graph = Graph {
    name: "Outer",
    inputs: &[ONE[0], ONE[0]],
    nodes: &[
        node("head", &[1], [0, 1]),
        declared("code", &[2], Declared::Network(&INNER), 1),
        declared("code_1", &[0], Declared::Network(&INNER), 1),
        node("add", &[3, 4], [1, 0]),
        node("tail", &[5], [1, 1]),
        node("head_1", &[6], [0, 1]),
    ],
    outputs: &[Output { value: 7, ..OUT }, Output { value: 3, ..OUT }],
    params: &[param("head.weight"), param("tail.weight")],
};

static OUTERMOST: Graph = Graph {
    name: "Outermost",
    inputs: ONE,
    nodes: &[declared("all", &[0], Declared::Network(&MIDDLE), 0)],
    outputs: &[Output { value: 1, ..OUT }],
    params: &[],
};

static MIDDLE: Graph = Graph {
    name: "Middle",
    nodes: &[declared("in", &[0], Declared::Network(&INNER), 0)],
    ..OUTERMOST
};

type Row = (&'static str, Vec<usize>, Params, Option<Inner>);

fn rows(graph: &Graph) -> Vec<Row> {
    graph.nodes.iter().map(|n| (n.name, n.inputs.to_vec(), n.params, n.inner)).collect()
}

fn params(first: usize, count: usize) -> Params {
    Params { first, count }
}

#[test]
fn values_and_parameters_are_numbered_anew() {
    let flat = inlined(&OUTER);
    assert_eq!(
        rows(flat),
        [
            ("head", vec![1], params(0, 1), None),
            ("code.fc", vec![2], params(1, 2), None),
            ("code.scale", vec![3], params(3, 1), Some(Inner::Own(0))),
            ("code.again", vec![4], params(1, 2), None),
            ("code_1.fc", vec![0], params(1, 2), None),
            ("code_1.scale", vec![6], params(3, 1), Some(Inner::Own(1))),
            ("code_1.again", vec![7], params(1, 2), None),
            ("add", vec![5, 8], params(4, 0), None),
            ("tail", vec![9], params(4, 1), None),
            ("head_1", vec![10], params(0, 1), None),
        ]
    );
    let names: Vec<_> = flat.params.iter().map(|param| param.name).collect();
    let expected =
        ["head.weight", "code.fc.weight", "code.fc.bias", "code.scale.factor", "tail.weight"];
    assert_eq!(names, expected);
    let outputs: Vec<_> = flat.outputs.iter().map(|output| output.value).collect();
    assert_eq!(outputs, [11, 5]);
    assert!(std::ptr::eq(inlined(&OUTER), flat) && std::ptr::eq(inlined(flat), flat));
}

#[test]
fn constants_are_the_same() {
    const ROOM: Room = room(&OUTER);
    static POOLS: Pools<{ ROOM.inputs }, { ROOM.text }> =
        pools::<{ ROOM.inputs }, { ROOM.text }, { ROOM.values }>(&OUTER);
    static LISTS: Lists<{ ROOM.nodes }, { ROOM.params }, 2> =
        lists::<{ ROOM.nodes }, { ROOM.params }, 2, { ROOM.values }>(
            &OUTER,
            &POOLS.inputs,
            &POOLS.text,
        );
    let flat = inlined(&OUTER);
    assert_eq!(&LISTS.nodes[..], flat.nodes);
    assert_eq!(&LISTS.params[..], flat.params);
    assert_eq!(&LISTS.outputs[..], flat.outputs);
}

/// Its second layer reads the first one's weight.
static TIED: Graph = Graph {
    name: "Tied",
    nodes: &[
        declared("scale", &[0], SCALE, 0),
        node("words", &[1], [0, 1]),
        Node { tied: Some(0), ..node("decoder", &[2], [1, 1]) },
    ],
    outputs: &[Output { value: 3, ..OUT }],
    params: &[param("words.weight"), param("decoder.bias")],
    ..OUTERMOST
};

#[test]
fn tied_parameters_are_numbered_anew() {
    static ALL: Graph = Graph {
        nodes: &[
            declared("a", &[0], Declared::Network(&TIED), 0),
            declared("b", &[1], Declared::Network(&TIED), 1),
            declared("c", &[2], Declared::Network(&TIED), 0),
            node("more", &[3], [0, 2]),
            Node { tied: Some(0), ..node("last", &[4], [2, 0]) },
        ],
        outputs: &[Output { value: 5, ..OUT }],
        params: &[param("more.weight"), param("more.bias")],
        ..OUTERMOST
    };
    let flat = inlined(&ALL);
    let name = |param: usize| flat.params[param].name;
    let tied = flat.nodes.iter().filter_map(|node| {
        Some((node.name, node.tied.map(name)?, node.reads().skip(1).map(name).collect()))
    });
    assert_eq!(
        tied.collect::<Vec<(_, _, Vec<_>)>>(),
        [
            ("a.decoder", "a.words.weight", vec!["a.decoder.bias"]),
            ("b.decoder", "b.words.weight", vec!["b.decoder.bias"]),
            ("c.decoder", "a.words.weight", vec!["a.decoder.bias"]),
            ("last", "more.weight", vec![]),
        ]
    );
}

/// A network that is complete already stands in another one, twice.
#[test]
fn layers_of_the_users_are_numbered_through() {
    static FLAT: Graph = Graph {
        nodes: &[Node { inner: Some(Inner::Own(0)), ..node("own", &[0], [0, 1]) }],
        params: &[param("own.factor")],
        ..OUTERMOST
    };
    static TWICE: Graph = Graph {
        nodes: &[
            declared("a", &[0], Declared::Network(&FLAT), 0),
            declared("b", &[1], Declared::Network(&FLAT), 1),
            declared("c", &[2], SCALE, 2),
        ],
        outputs: &[Output { value: 3, ..OUT }],
        ..OUTERMOST
    };
    let own = |n| Some(Inner::Own(n));
    assert_eq!(
        rows(inlined(&TWICE)),
        [
            ("a.own", vec![0], params(0, 1), own(0)),
            ("b.own", vec![1], params(1, 1), own(1)),
            ("c", vec![2], params(2, 1), own(2)),
        ]
    );
    let names: Vec<_> = inlined(&TWICE).params.iter().map(|param| param.name).collect();
    assert_eq!(names, ["a.own.factor", "b.own.factor", "c.factor"]);
}

#[test]
fn a_repeated_layer_has_parameters_for_each_time() {
    static SMALL: Graph =
        Graph { nodes: &[node("fc", &[0], [0, 1])], params: &[param("fc.weight")], ..OUTERMOST };
    static NET: Declared = Declared::Network(&SMALL);
    static DEEP: Graph = Graph {
        nodes: &[
            declared("a", &[0], Declared::Repeated(&NET, 11), 0),
            declared("b", &[1], Declared::Repeated(&SCALE, 2), 1),
            declared("none", &[2], Declared::Repeated(&SCALE, 0), 2),
            node("tail", &[3], [0, 1]),
        ],
        outputs: &[Output { value: 4, ..OUT }],
        params: &[param("tail.weight")],
        ..OUTERMOST
    };
    let flat = inlined(&DEEP);
    let names: Vec<_> = flat.nodes.iter().map(|node| node.name).collect();
    assert_eq!((names[0], names[9]), ("a.0.fc", "a.9.fc"));
    assert_eq!(names[10..], ["a.10.fc", "b.0", "b.1", "tail"]);
    assert_eq!((flat.params[10].name, flat.params[12].name), ("a.10.fc.weight", "b.1.factor"));
    let last = &rows(flat)[13];
    assert_eq!(last, &("tail", vec![13], params(13, 1), None));
    assert_eq!((DEEP.trainable(), flat.trainable(), flat.params.len()), (14 * 6, 14 * 6, 14));
}

#[test]
fn networks_stand_in_networks_in_networks() {
    let flat = inlined(&OUTERMOST);
    let names: Vec<_> = flat.nodes.iter().map(|node| node.name).collect();
    assert_eq!(names, ["all.in.fc", "all.in.scale", "all.in.again"]);
    assert_eq!(flat.params[2].name, "all.in.scale.factor");
    assert_eq!(flat.outputs[0].value, 3);
}

#[test]
fn trained_numbers_are_counted_once_before_and_after() {
    assert_eq!((OUTER.trainable(), inlined(&OUTER).trainable()), (5 * 6, 5 * 6));
}
