//! Layers that give several values, and layers that are made of others.

use super::errors_of;
use crate::driver;
use crate::ir::Net;

fn net(layers: &str) -> Net {
    let lengths = if layers.contains("(x, n)") { ", n: [usize]" } else { "" };
    let text = format!("struct Net(x: [3, 4]{lengths}) {{ {layers} }}");
    let (mut nets, errors) = driver::understand(text.parse().unwrap());
    assert_eq!(errors.texts(), [] as [&str; 0], "{layers}");
    nets.remove(0)
}

/// `name: Kind(values) shape` of each node, and what comes out.
fn nodes(layers: &str) -> Vec<String> {
    let net = net(layers);
    let node = |node: &crate::ir::Node| {
        let inputs: Vec<String> = node.inputs.iter().map(ToString::to_string).collect();
        let shape = &node.inferred.as_ref().unwrap().shape;
        format!("{}: {}({}) {shape}", node.name, node.def.unwrap().name, inputs.join(" "))
    };
    let outputs = net.outputs.iter().map(|output| format!("{:?}", output.value.unwrap()));
    net.nodes.iter().map(node).chain(outputs).collect()
}

#[test]
fn outputs_are_taken_out_of_one_value() {
    assert_eq!(
        nodes(
            "let (y, h, c) = (x, n) => r: Recurrent; concat((y => Flatten), h, (c => Reshape<[1]>))"
        ),
        [
            "r: Recurrent(0 1) [17]",
            "r_output_flat: Slice(2) [12]",
            "r_output: Reshape(3) [3, 4]",
            "r_h: Slice(2) [4]",
            "r_c_flat: Slice(2) [1]",
            "r_c: Reshape(6) []",
            "flatten_1: Flatten(4) [12]",
            "reshape_1: Reshape(7) [1]",
            "concat_1: Concat(8 5 9) [17]",
            "10",
        ]
    );
}

#[test]
fn what_nothing_uses_is_not_taken_out() {
    assert_eq!(
        nodes("let (_, h, _) = x => Relu, r: Recurrent; h + h"),
        [
            "relu_1: Relu(0) [3, 4]",
            "r: Recurrent(1) [17]",
            "r_h: Slice(2) [4]",
            "add_1: Add(3 3) [4]",
            "4"
        ]
    );
    assert_eq!(nodes("let y = x => r: Recurrent; y"), ["r: Recurrent(0) [3, 4]", "1"]);
}

#[test]
fn a_layer_of_layers_becomes_its_parts() {
    assert_eq!(
        nodes("x => t: Twice"),
        [
            "t_first: Recurrent(0) [17]",
            "t_first_output_flat: Slice(1) [12]",
            "t_first_output: Reshape(2) [3, 4]",
            "t_second: Recurrent(3) [3, 4]",
            "t: Add(0 4) [3, 4]",
            "5",
        ]
    );
    assert_eq!(
        nodes("let (y, h) = x => Relu, Twice -> [3, 4]; concat((y => Flatten), h) => Relu")[4..],
        [
            "twice_1_first_h: Slice(2) [4]",
            "twice_1_second: Recurrent(4) [3, 4]",
            "twice_1: Add(1 6) [3, 4]",
            "flatten_1: Flatten(7) [12]",
            "concat_1: Concat(8 5) [16]",
            "relu_2: Relu(9) [16]",
            "10",
        ]
    );
}

#[test]
fn shared_ones_have_the_parameters_of_the_first() {
    let net = net("layer t: Twice; let (y, h) = x => t; concat((y => t, Flatten), h)");
    let shares = net.nodes.iter().filter_map(|node| {
        let params = &node.inferred.as_ref().unwrap().params;
        let first = node.shares.filter(|_| !params.is_empty())?;
        Some((node.name.as_str(), net.nodes[first].name.as_str()))
    });
    let shares: Vec<_> = shares.collect();
    assert_eq!(shares, [("t_1_first", "t_first"), ("t_1_second", "t_second")]);
}

#[test]
fn mistakes_in_names() {
    let errors = |layers: &str| {
        let errors = errors_of(&format!("struct Net(x: [3, 4]) {{ {layers} }}"));
        assert_eq!(errors.len(), 1, "{layers}: {errors:?}");
        errors[0].clone()
    };
    assert_eq!(
        errors("let (y, h) = x => Recurrent; y + h"),
        "1:28 `Recurrent` gives 3 values, but here are 2 names\nhelp: write one for each, `let \
         (output, h, c) = …`, with `_` for what nothing uses; or a single name for the first"
    );
    assert_eq!(
        errors("let (y, h) = x => Relu; y + h"),
        "1:28 `Relu` gives one value, but here are 2 names\nhelp: write `let a = …`"
    );
    let one = "1:28 2 names for one value\nhelp: a layer of the catalogue may give several";
    assert!(errors("let (y, h) = x + x; y + h").starts_with(one));
    assert!(errors("let (y, h) = x => Residual { Relu }; y + h").starts_with(one));
    assert!(errors("let (y, h) = x => Own -> [3]; y + h").starts_with(one));
    assert_eq!(
        errors("let (y, h, _) = x => Recurrent; y"),
        "1:32 the value `h` is never used\nhelp: write `_` in its place, or use it in what follows"
    );
    assert!(errors("let (y, y, _) = x => Recurrent; y").contains("`y` is defined twice"));
    assert!(errors("let (_, _) = x => Recurrent; x").contains("expected names, found none"));
    assert!(errors("let (y, _, h + c) = x => Recurrent; y").contains("expected `,` between names"));
    assert!(errors("let (y, h) = z => Recurrent; y + h").contains("there is no value `z`"));
    assert!(errors("let (y, h, _) = x => Liner<3>; y + h").contains("no layer `Liner`"));
    assert!(
        errors("let a = x => t: Twice; let b = x => t_first: Flatten; concat((a => Flatten), b)")
            .contains("`Twice` makes a layer `t_first`, but that name is taken")
    );
}
