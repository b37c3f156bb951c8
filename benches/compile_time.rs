//! How long a user waits for `cargo build` after changing a network: programs with networks of
//! 10, 50 and 200 layers, dev profile, everything else already built.
//!
//! `cargo bench --bench compile_time` prints a table. Each figure is the median of several builds
//! of a program that declares the network, makes it, runs it, and trains it for a step; between
//! two builds one size in the declaration changes.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

const LAYERS: [usize; 3] = [10, 50, 200];
const BUILDS: usize = 5;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = root.join("target/compile_time");
    println!("| layers | cargo build after a change | cargo check |\n| ---: | ---: | ---: |");
    for layers in LAYERS {
        let program = Program::new(root, &folder, layers)?;
        let build = program.median("build")?;
        let check = program.median("check")?;
        println!("| {layers} | {:.2} s | {:.2} s |", build.as_secs_f64(), check.as_secs_f64());
    }
    Ok(())
}

/// A program of its own that depends on netwright.
struct Program {
    folder: PathBuf,
    target: PathBuf,
    layers: usize,
}

impl Program {
    fn new(root: &Path, folder: &Path, layers: usize) -> Result<Self> {
        let program = Program {
            folder: folder.join(format!("layers_{layers}")),
            target: folder.join("target"),
            layers,
        };
        std::fs::create_dir_all(program.folder.join("src"))?;
        let manifest = format!(
            "[package]\nname = \"layers_{layers}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
             [dependencies]\nnetwright = {{ path = {root:?} }}\n\n[workspace]\n",
        );
        std::fs::write(program.folder.join("Cargo.toml"), manifest)?;
        let lock = root.join("Cargo.lock");
        if lock.exists() {
            std::fs::copy(lock, program.folder.join("Cargo.lock"))?;
        }
        Ok(program)
    }

    fn median(&self, command: &str) -> Result<Duration> {
        self.run(command, 0)?;
        let mut times = (1..=BUILDS).map(|i| self.run(command, i)).collect::<Result<Vec<_>>>()?;
        times.sort();
        Ok(times[BUILDS / 2])
    }

    fn run(&self, command: &str, version: usize) -> Result<Duration> {
        std::fs::write(self.folder.join("src/main.rs"), source(self.layers, version))?;
        let start = Instant::now();
        let status = Command::new(env!("CARGO"))
            .args([command, "--quiet", "--offline"])
            .env("CARGO_TARGET_DIR", &self.target)
            .current_dir(&self.folder)
            .status()?;
        let time = start.elapsed();
        if status.success() { Ok(time) } else { Err(format!("cargo {command} failed").into()) }
    }
}

/// A program whose network has about this many layers, three in four of them with parameters of
/// their own shape.
fn source(layers: usize, version: usize) -> String {
    let mut body = String::new();
    for block in 0..layers / 4 {
        let channels = 4 + (block + version) % 13;
        let _ = writeln!(
            body,
            "        Conv2d<{channels}, 3, padding = 1>, Relu, Conv2d<{}, 1>, Relu,",
            channels + 2
        );
    }
    format!(
        "use netwright::prelude::*;\n\n\
         network! {{\n    struct Net([3, 16, 16]) -> [10] {{\n{body}        Flatten, Linear<10>,\n    }}\n}}\n\n\
         fn main() {{\n    \
             let device = Cpu::default();\n    \
             let mut net = Net::seeded(&device, {version});\n    \
             let x: Tensor<Rank4<2, 3, 16, 16>, f32, _> = device.zeros();\n    \
             let grads = net.alloc_grads();\n    \
             let loss = net.forward_mut(x.traced(grads)).square().mean();\n    \
             println!(\"{{}}\", loss.array());\n    \
             let _ = loss.backward();\n}}\n"
    )
}
