//! Figures of whole processes: peak memory of a training, start to first prediction of a saved model,
//! and how a training step grows with its batch. W1 of `workloads.rs` throughout.
//!
//! `cargo bench --bench process`; peak memory is read from `/proc`, so on Linux alone.

#[path = "networks/mod.rs"]
mod networks;

use networks::Cnn;
use netwright::data::{Batch, Column};
use netwright::prelude::*;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// What a child of this process does, and with which file.
const ROLE: &str = "NETWRIGHT_BENCH_ROLE";
const FILE: &str = "NETWRIGHT_BENCH_FILE";

fn main() -> Result<()> {
    let role = std::env::var(ROLE).unwrap_or_default();
    let file = std::env::var_os(FILE).unwrap_or_default();
    match role.as_str() {
        "nothing" => Ok(()),
        "train" => train(),
        "predict" => predict(Path::new(&file)),
        _ => report(),
    }
}

fn report() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("w1.safetensors");
    Cnn::<f32, Cpu>::seeded(&Cpu::default(), 0).save(&file)?;
    let peak = String::from_utf8(child("train", &file).output()?.stdout)?;
    println!("peak memory of a training at batch 128: {} MB (target: below 60)", peak.trim());
    let (start, nothing) = (spawned("predict", &file)?, spawned("nothing", &file)?);
    println!(
        "start to first prediction of a saved model: {:.1} ms (target: below 20), of which an empty \
         process takes {:.1} ms",
        start.as_secs_f64() * 1e3,
        nothing.as_secs_f64() * 1e3
    );
    growth()
}

fn child(role: &str, file: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap_or_default());
    command.env(ROLE, role).env(FILE, file);
    command
}

/// The median of 50 processes, from before the start to after the end.
fn spawned(role: &str, file: &Path) -> Result<Duration> {
    let mut times = Vec::new();
    for _ in 0..50 {
        let start = Instant::now();
        if !child(role, file).status()?.success() {
            return Err(format!("the process that was to {role} failed").into());
        }
        times.push(start.elapsed());
    }
    times.sort_unstable();
    Ok(times[25])
}

/// Twenty steps at batch 128, then the highest memory that the process ever had, in MB.
fn train() -> Result<()> {
    let (mut net, mut adam) = (Cnn::<f32, Cpu>::seeded(&Cpu::default(), 0), Adam::default());
    let batch = batch(128)?;
    for _ in 0..20 {
        net.step(&batch, CrossEntropy, &mut adam)?;
    }
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with("VmHWM")).ok_or("no VmHWM")?;
    let kib: f64 = line.split_whitespace().nth(1).ok_or("no number")?.parse()?;
    println!("{:.1}", kib * 1024.0 / 1e6);
    Ok(())
}

fn predict(file: &Path) -> Result<()> {
    let mut net = Cnn::<f32, Cpu>::seeded(&Cpu::default(), 1);
    net.load(file)?;
    let scores = net.predict(&Column::floats(vec![0.5; 3 * 32 * 32], &[3, 32, 32])?)?;
    std::hint::black_box(scores);
    Ok(())
}

/// Repeatable numbers in ±1.
fn batch(samples: usize) -> Result<Batch> {
    let mut state = 1_u32;
    let mut number = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    let floats = (0..samples * 3 * 32 * 32).map(|_| number()).collect();
    let labels = (0..samples).map(|i| i * 7 % 10).collect();
    Ok(Batch {
        inputs: vec![Column::floats(floats, &[3, 32, 32])?],
        targets: vec![Column::labels(labels)],
    })
}

/// The cost of a step must grow linearly: the last column stays or falls.
fn growth() -> Result<()> {
    println!("\n| batch | training step, ms | us for a sample |\n| ---: | ---: | ---: |");
    for samples in [16, 32, 64, 128, 256, 512, 1024] {
        let (mut net, mut adam) = (Cnn::<f32, Cpu>::seeded(&Cpu::default(), 0), Adam::default());
        let batch = batch(samples)?;
        let (mut times, begin) = (Vec::new(), Instant::now());
        while times.len() < 9 || begin.elapsed() < Duration::from_secs(1) {
            let start = Instant::now();
            net.step(&batch, CrossEntropy, &mut adam)?;
            times.push(start.elapsed());
        }
        times.sort_unstable();
        let ms = times[times.len() / 2].as_secs_f64() * 1e3;
        println!("| {samples} | {ms:.2} | {:.1} |", ms * 1e3 / samples as f64);
    }
    Ok(())
}
