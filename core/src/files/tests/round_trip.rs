use super::*;
use safetensors::SafeTensors;

fn comes_back<E: Float>()
where
    Cpu: Backend<E>,
{
    let directory = directory();
    let path = directory.path().join("tiny.safetensors");
    let net = tiny::<E>(SOME);
    net.save(&path).unwrap();
    let mut other = tiny::<E>([1.0; 10]);
    other.load(&path).unwrap();
    assert_eq!(bits(&other), bits(&net));
    assert_eq!(names(&directory), ["tiny.safetensors"]);
}

#[test]
fn every_bit_comes_back() {
    comes_back::<f32>();
    comes_back::<f64>();
}

#[test]
fn the_same_network_gives_the_same_bytes() {
    assert_eq!(saved(), saved());
}

#[test]
fn the_reference_implementation_reads_it() {
    let bytes = saved();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let (length, header) = SafeTensors::read_metadata(&bytes).unwrap();
    assert_eq!(length % 8, 0, "numbers are aligned");
    assert_eq!(header.offset_keys(), ["linear_1.weight", "linear_1.bias", "norm.running_mean"]);
    let weight = file.tensor("linear_1.weight").unwrap();
    assert_eq!((weight.dtype(), weight.shape()), (safetensors::Dtype::F32, &[2, 3][..]));
    let metadata = header.metadata().as_ref().unwrap();
    assert_eq!(metadata["format"], "netwright");
    assert_eq!(metadata["version"], "1");
    assert_eq!(metadata["network"], "Tiny");
    assert_eq!(metadata["topology"], topology(&TINY));
    assert_eq!(metadata.len(), 4);
}

#[test]
fn the_topology_is_all_of_the_graph_but_its_lines() {
    let nodes = [
        r#"{"name":"linear_1","kind":"Linear","inputs":[0],"shape":[2],"attrs":{"size":2,"sizes":[1,2],"#,
        r#""whole":2.0,"small":1e-5,"all":{"number":"inf"},"flag":true,"word":"sa\"me"},"#,
        r#""params":{"first":0,"count":2}},"#,
        r#"{"name":"norm","kind":"BatchNorm1d","inputs":[1],"shape":[2],"attrs":{},"#,
        r#""params":{"first":2,"count":1}}"#,
    ];
    let params = [
        r#"{"name":"linear_1.weight","shape":[2,3],"init":{"fan_in":3},"trainable":true},"#,
        r#"{"name":"linear_1.bias","shape":[2],"init":"ones","trainable":true},"#,
        r#"{"name":"norm.running_mean","shape":[2],"init":"zeros","trainable":false}"#,
    ];
    let expected = format!(
        r#"{{"name":"Tiny","inputs":[{{"name":"input","shape":[3],"index":false}}],"nodes":[{}],"outputs":[{{"name":"output","value":2}}],"params":[{}]}}"#,
        nodes.concat(),
        params.concat()
    );
    assert_eq!(topology(&TINY), expected);
    let read: serde_json::Value = serde_json::from_str(&expected).unwrap();
    assert!(read["nodes"][0]["attrs"]["whole"].is_f64());
    assert!(read["nodes"][0]["attrs"]["size"].is_u64());
}
