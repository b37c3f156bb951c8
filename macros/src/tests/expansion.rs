use super::expanded;

/// A whole expansion, to be read: `UPDATE_EXPECT=1 cargo test -p netwright-macros` writes it anew.
#[test]
fn a_small_network() {
    let text = expanded(
        "/// Two layers.
        pub struct Small<const CLASSES: usize>([SIDE, 2]) -> [CLASSES] {
            Flatten,
            fc: Linear<CLASSES>,
        }",
    );
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/tests/small.expanded.rs");
    let pretty = pretty(&text);
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(path, &pretty).unwrap();
    }
    assert_eq!(pretty, std::fs::read_to_string(path).unwrap());
}

/// One line for each statement or item, indented by its braces.
fn pretty(text: &str) -> String {
    let (mut out, mut depth) = (String::new(), 0_usize);
    let new_line = |out: &mut String, depth: usize| {
        out.truncate(out.trim_end().len());
        out.push('\n');
        out.push_str(&"    ".repeat(depth));
    };
    for word in text.split(' ') {
        if word.starts_with('}') {
            depth = depth.saturating_sub(1);
            new_line(&mut out, depth);
        }
        out.push_str(word);
        out.push(' ');
        depth += usize::from(word.ends_with('{'));
        if word.ends_with(['{', '}', ';']) || word == "]" && is_attribute(&out) {
            new_line(&mut out, depth);
        }
    }
    tight(&out)
}

fn is_attribute(out: &str) -> bool {
    out.lines().last().is_some_and(|line| line.trim_start().starts_with("# ["))
}

/// Without most of the spaces that a token stream prints.
fn tight(text: &str) -> String {
    let pairs = [
        (" :: ", "::"),
        (":: ", "::"),
        (" < ", "<"),
        (" >", ">"),
        ("< ", "<"),
        (" ,", ","),
        ("& ", "&"),
        (" ;", ";"),
        ("( ", "("),
        (" )", ")"),
        (" (", "("),
        (" : ", ": "),
        ("# [", "#["),
        (" . ", "."),
        (" ! ", "! "),
    ];
    pairs.iter().fold(text.to_string(), |text, (from, to)| text.replace(from, to))
}
