use super::expanded;
use std::io::Write;
use std::process::{Command, Stdio};

/// A whole expansion, to be read: `UPDATE_EXPECT=1 cargo test -p netwright-macros` writes it anew.
/// Without rustfmt there is nothing to read.
#[test]
fn a_small_network() {
    let text = expanded(
        "/// Two layers.
        pub struct Small<const CLASSES: usize>([SIDE, 2]) -> [CLASSES] {
            Flatten,
            fc: Linear<CLASSES>,
        }",
    );
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/tests/small.expanded");
    let Some(pretty) = pretty(&text) else { return };
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(path, &pretty).unwrap();
    }
    assert_eq!(pretty, std::fs::read_to_string(path).unwrap());
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
