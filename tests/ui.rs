//! What a mistake looks like: one file for each, with the compiler's words beside it.
//!
//! `TRYBUILD=overwrite cargo test --test ui` writes the words anew; read them before you commit.

use std::process::Command;

#[test]
fn mistakes() {
    if !blessed_toolchain() {
        return;
    }
    trybuild::TestCases::new().compile_fail("tests/ui/**/*.rs");
}

/// Other compilers draw the same errors a little differently.
fn blessed_toolchain() -> bool {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(rustc).arg("--version").output();
    version.is_ok_and(|out| String::from_utf8_lossy(&out.stdout).starts_with("rustc 1.95."))
}
