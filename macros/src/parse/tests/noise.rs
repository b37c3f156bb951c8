use super::{first_lines, read};

#[test]
fn deep_nesting() {
    for (open, close) in [("(", ")"), ("[", "]"), ("Residual {", "}"), ("{", "}"), ("D((", "))")] {
        for depth in [20, 30, 60, 63, 64, 65, 1000] {
            let text = format!("{} A {}", open.repeat(depth), close.repeat(depth));
            let (_, errors) = read(&format!("struct N([3]) {{ {text} }}"));
            let deep = errors.iter().any(|error| error.starts_with("nested too deeply"));
            let brackets = depth * if open.starts_with('D') { 2 } else { 1 };
            assert_eq!(deep, brackets >= 64, "{open} {depth}: {errors:?}");
        }
    }
    let value = |value: String| first_lines(&format!("struct N([3]) {{ D({value}) }}"));
    assert_eq!(value(format!("{}3", "-".repeat(100_000))), ["this value is too long"]);
    assert_eq!(value(format!("{}3", "- ".repeat(127))), [] as [&str; 0]);
    assert_eq!(value(format!("{}3{}", "(-".repeat(60), ")".repeat(60))), [] as [&str; 0]);
    for (open, close) in [("[", "]"), ("{ ", "}"), ("(-", ")"), ("|a| ", ""), ("if a {", "}")] {
        let nested = |depth| value(format!("{}3{}", open.repeat(depth), close.repeat(depth)));
        assert_eq!(nested(31), [] as [&str; 0], "{open}");
        assert!((32..70).all(|depth| nested(depth).len() < 2), "{open}");
    }
    let attribute =
        |minus| first_lines(&format!("#[a = {}3] struct N([3]) {{ A }}", "-".repeat(minus)));
    assert_eq!(attribute(250), [] as [&str; 0]);
    assert_eq!(attribute(100_000).len(), 1);
}
