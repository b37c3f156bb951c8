use super::expanded;
use std::io::Write;
use std::process::{Command, Stdio};

/// Whole expansions, to be read: `UPDATE_EXPECT=1 cargo test -p netwright-macros` writes them anew.
/// Without rustfmt there is nothing to read.
fn expands(name: &str, text: &str) {
    let path = format!("{}/src/tests/{name}.expanded", env!("CARGO_MANIFEST_DIR"));
    let Some(pretty) = pretty(&expanded(text)) else { return };
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, &pretty).unwrap();
    }
    assert_eq!(pretty, std::fs::read_to_string(path).unwrap());
}

#[test]
fn a_small_network() {
    expands(
        "small",
        "/// Two layers.
        pub struct Small<const CLASSES: usize>([SIDE, 2]) -> [CLASSES] {
            Flatten,
            fc: Linear<CLASSES>,
        }",
    );
}

#[test]
fn a_network_with_a_size_as_a_type() {
    expands(
        "generic",
        "pub struct Generic<Side: netwright::Size>([SHORT, Side]) -> [10] {
            Flatten,
            fc: Linear<{ Side - 2 }>,
            Reshape<[10]>,
        }",
    );
}

/// As rustfmt writes it, with a short name for the path of the runtime's items.
fn pretty(text: &str) -> Option<String> {
    let mut rustfmt = Command::new("rustfmt")
        .args(["--edition", "2024", "--config", "max_width=100,use_small_heuristics=Max"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .ok()?;
    let text = text.replace(":: netwright :: __private", "nw");
    rustfmt.stdin.take()?.write_all(text.as_bytes()).ok()?;
    let output = rustfmt.wait_with_output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}
