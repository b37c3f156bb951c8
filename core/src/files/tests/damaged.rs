use super::*;

#[test]
fn a_file_cut_off_anywhere_is_refused() {
    let directory = directory();
    let whole = saved();
    for length in 0..whole.len() {
        let path = file(&directory, &whole[..length]);
        let problem = refused(&path);
        assert!(problem.starts_with("is cut off"), "{length}: {problem}");
    }
    let path = file(&directory, &[&whole[..], &[0]].concat());
    let expected =
        format!("goes on after its end: {} bytes expected, {} found", whole.len(), whole.len() + 1);
    assert_eq!(refused(&path), expected);
}

/// Any outcome is fine (a digit of the topology is as good as another) but a panic.
#[test]
fn a_damaged_header_never_panics() {
    let directory = directory();
    let whole = saved();
    let header = 8 + u64::from_le_bytes(whole[..8].try_into().unwrap()) as usize;
    let mut rng = Rng::seeded(2026, 0);
    let mut refusals = 0;
    for _ in 0..2_000 {
        let mut bytes = whole.clone();
        bytes[rng.below(header)] = rng.below(256) as u8;
        let path = file(&directory, &bytes);
        let mut net = untouched();
        match net.load(&path) {
            Ok(_) => assert_eq!(bits(&net), bits(&tiny::<f32>(SOME))),
            Err(error) => {
                refusals += 1;
                assert_eq!(bits(&net), bits(&untouched()), "{error}");
                problem(error, &path);
            }
        }
    }
    assert!((500..2_000).contains(&refusals), "{refusals}");
}

/// Sizes that nothing must be allocated for.
#[test]
fn impossible_sizes_are_refused() {
    let directory = directory();
    let with = |length: u64, json: &str| {
        refused(&file(&directory, &[&length.to_le_bytes(), json.as_bytes()].concat()))
    };
    let json = |shape: &str, from: &str, to: &str| {
        let json = format!(
            r#"{{"linear_1.weight":{{"dtype":"F32","shape":{shape},"data_offsets":[{from},{to}]}}}}"#
        );
        with(json.len() as u64, &json)
    };
    let (most, large) = (u64::MAX.to_string(), "400000000000000000");
    assert!(with(u64::MAX, "{}").contains("its header would have 18446744073709551615 bytes"));
    assert_eq!(
        with(99_999_999, "{}"),
        "is cut off inside its header: 100000007 bytes expected, 10 found"
    );
    assert!(json("[100000000000000000]", "0", large).starts_with("is cut off: 40000000"));
    assert!(json(&format!("[{most},{most}]"), "0", &most).contains("overflow"));
    assert!(json("[2,3]", "0", &most).contains("invalid shape, data type, or offset"));
    assert!(json("[2,3]", "24", "0").contains("invalid offset"));
    assert!(json("[-1]", "0", "4").contains("damaged"));
    assert!(with(2, "[]").contains("damaged"));
    let nested = "[".repeat(100_000);
    assert!(with(nested.len() as u64, &nested).contains("damaged"));
}

#[test]
fn overlapping_tensors_are_refused() {
    let json = r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},
                   "b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}"#;
    let directory = directory();
    let bytes = [&(json.len() as u64).to_le_bytes(), json.as_bytes(), &[0; 12]].concat();
    let problem = refused(&file(&directory, &bytes));
    assert_eq!(problem, "is not a safetensors file, or is damaged: invalid offset for tensor `b`");
}

/// One of them would be loaded without a word, and the other one by another program.
#[test]
fn a_name_that_is_there_twice_is_refused() {
    let json = r#"{"linear_1.weight":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},
                   "linear_1.bias":{"dtype":"F32","shape":[2],"data_offsets":[24,32]},
                   "norm.running_mean":{"dtype":"F32","shape":[2],"data_offsets":[32,40]},
                   "linear_1.bias":{"dtype":"F32","shape":[2],"data_offsets":[40,48]}}"#;
    let directory = directory();
    let bytes = [&(json.len() as u64).to_le_bytes(), json.as_bytes(), &[0; 48]].concat();
    assert_eq!(
        refused(&file(&directory, &bytes)),
        "is not a safetensors file, or is damaged: it has tensor `linear_1.bias` twice"
    );
    assert!(safetensors::SafeTensors::deserialize(&bytes).is_err());
}

/// A terminal obeys some names.
#[test]
fn names_in_errors_have_no_control_characters() {
    let directory = directory();
    for entry in [
        r#"{"dtype":"F32","shape":[2],"data_offsets":[4,12]}"#,
        r#"{"dtype":"F32","shape":[2],"data_offsets":[0,4]}"#,
        r#"{"dtype":"F32\u001b","shape":[2],"data_offsets":[0,8]}"#,
        r#"{"dtype":"F32","shape":[18446744073709551615,2],"data_offsets":[0,8]}"#,
        r#"{"shape":[2],"data_offsets":[0,8]}"#,
        r#"{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"\u001b[2J":
           {"dtype":"F32","shape":[2],"data_offsets":[8,16]}"#,
    ] {
        let json = format!(r#"{{"\u001b[2J":{entry}}}"#);
        let bytes = [&(json.len() as u64).to_le_bytes(), json.as_bytes(), &[0; 16]].concat();
        let problem = refused(&file(&directory, &bytes));
        assert!(problem.contains(r"\u{1b}[2J"), "{problem}");
        assert!(!problem.contains(char::is_control), "{problem}");
    }
}

#[test]
fn other_files_are_named() {
    let directory = directory();
    let problem = |bytes: &[u8]| refused(&file(&directory, bytes));
    assert!(problem(b"PK\x03\x04\0\0\x08\x08\0\0").contains("`torch.save`"));
    assert!(problem(b"{\n  \"weight_map\": {}").contains("JSON\n  help: if it says which files"));
    assert!(problem(b"version https://git-lfs.github.com").contains("Git LFS"));
    assert!(problem(b"<!DOCTYPE html>").contains("a web page"));
    let missing = directory.path().join("none.safetensors");
    assert!(refused(&missing).starts_with("cannot be opened: "));
    assert!(refused(directory.path()).starts_with("cannot be "));
}

#[test]
fn a_later_layout_is_refused() {
    let text = String::from_utf8_lossy(&saved()).into_owned();
    let at = text.find(r#""version":"1""#).unwrap() + 11;
    let mut bytes = saved();
    bytes[at] = b'2';
    let directory = directory();
    assert_eq!(
        refused(&file(&directory, &bytes)),
        "has version `2` of netwright's layout, but only version `1` can be read"
    );
}
