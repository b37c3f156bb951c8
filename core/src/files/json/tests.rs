use super::*;
use crate::rng::Rng;
use serde_json::Value;

/// The same tree as the referee has it.
fn same(ours: &Json, theirs: &Value) -> bool {
    match (ours, theirs) {
        (Json::Word("null"), Value::Null) => true,
        (Json::Word(word), Value::Bool(flag)) => *word == ["false", "true"][usize::from(*flag)],
        (Json::Number(digits), Value::Number(number)) => {
            digits.parse::<f64>().ok() == number.as_f64()
        }
        (Json::Text(ours), Value::String(theirs)) => ours == theirs,
        (Json::List(ours), Value::Array(theirs)) => {
            ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(a, b)| same(a, b))
        }
        (table @ Json::Table(ours), Value::Object(theirs)) => {
            let all = ours.iter().all(|(key, _)| theirs.contains_key(key));
            all && theirs.iter().all(|(key, b)| table.get(key).is_some_and(|a| same(a, b)))
        }
        _ => false,
    }
}

#[track_caller]
fn assert_agrees(bytes: &[u8]) {
    let (ours, theirs) = (Json::parse(bytes), serde_json::from_slice::<Value>(bytes));
    let agrees = match (&ours, &theirs) {
        (Ok(ours), Ok(theirs)) => same(ours, theirs),
        (Err(_), Err(_)) => true,
        _ => false,
    };
    assert!(agrees, "{}: {ours:?}, {theirs:?}", String::from_utf8_lossy(bytes));
}

const EXAMPLE: &str = concat!(
    r#" {"__metadata__":{"format":"a\n\"\u00e4\ud83d\ude00\/\\"},"fc.weight":{"dtype":"F32","#,
    r#""shape":[10,3,0],"data_offsets":[0,-1.5e+3, 12E2 ,0.25]},"x":[null,true,false,[],{},"ä😀"]} "#
);

#[test]
fn agrees_with_the_referee() {
    assert_agrees(EXAMPLE.as_bytes());
    for text in [
        "",
        " ",
        "{",
        "[1,]",
        "{,}",
        "[1 2]",
        "{\"a\" 1}",
        "{\"a\":1,}",
        "nul",
        "01",
        "1.",
        ".5",
        "-",
        "1e",
        "+1",
        "-0",
        "\"",
        "\"\\",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\u+123\"",
        "\"\\ud800\"",
        "\"\\ud800\\u0041\"",
        "\"\\udc00\"",
        "\"a\nb\"",
        "1 1",
        "{\"a\":1,\"a\":2}",
        "\u{feff}1",
        "\"\\u00äb\"",
        "{1:2}",
    ] {
        assert_agrees(text.as_bytes());
    }
    assert_agrees(b"\"\xff\"");
}

#[test]
fn agrees_on_damaged_text() {
    let mut rng = Rng::seeded(1, 0);
    for _ in 0..20_000 {
        let mut bytes = EXAMPLE.as_bytes().to_vec();
        for _ in 0..1 + rng.below(3) {
            let at = rng.below(bytes.len());
            match rng.below(3) {
                0 => drop(bytes.remove(at)),
                1 => bytes[at] = b"\"\\{}[]:,0e.u \n\xc3"[rng.below(15)],
                _ => bytes.truncate(bytes.len() - at / 8),
            }
        }
        assert_agrees(&bytes);
    }
}

#[test]
fn depth_is_limited() {
    assert!(Json::parse("[".repeat(1_000_000).as_bytes()).is_err());
    assert!(Json::parse(("[".repeat(100) + &"]".repeat(100)).as_bytes()).is_ok());
    assert!(Json::parse(("[".repeat(101) + &"]".repeat(101)).as_bytes()).is_err());
}

#[test]
fn quoted_text_is_the_referees() {
    let text: String = ('\0'..='\u{2ff}').chain("😀\u{2028}".chars()).collect();
    assert_eq!(quoted(&text), Value::from(text.as_str()).to_string());
    assert_eq!(Json::parse(quoted(&text).as_bytes()), Ok(Json::Text(text)));
}

#[test]
fn sizes_are_whole_and_fit() {
    let sizes = |text: &str| Json::parse(text.as_bytes()).unwrap().as_sizes();
    assert_eq!(sizes("[3,0,18446744073709551615]"), Some(vec![3, 0, usize::MAX]));
    for text in ["[-1]", "[1.0]", "[18446744073709551616]", "[\"1\"]", "{}"] {
        assert_eq!(sizes(text), None, "{text}");
    }
}
