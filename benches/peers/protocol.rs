//! What `benches/bench.py` says to a peer, and hears: one line each way, so that peers can take turns.
//!
//! The peer first says `{"ready": {…}}` or `{"refused": "why"}`. Then `train K` and `eval K` are answered by a list of K
//! times in milliseconds (an optimiser step; a forward pass over one batch), `peak` by the most memory that this process
//! has held in MB, and `quit` or the end of the input by the end of the process. `benches/peers/torch_peer.py` speaks it too.

use serde_json::{Value, json};
use std::error::Error;
use std::io::{Write as _, stdin, stdout};
use std::time::Instant;

/// Errors end the process with their text.
pub type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// What is measured.
pub trait Peer {
    /// Times of so many optimiser steps, in milliseconds.
    fn train(&mut self, steps: usize) -> Outcome<Vec<f64>>;
    /// Times of so many forward passes over a batch, in milliseconds.
    fn evaluate(&mut self, passes: usize) -> Outcome<Vec<f64>>;
}

/// Serves until `quit`.
pub fn serve(ready: Value, peer: &mut dyn Peer) -> Outcome<()> {
    say(&json!({ "ready": ready }))?;
    for line in stdin().lines() {
        let line = line?;
        let (command, count) = line.split_once(' ').unwrap_or((&line, "0"));
        match command {
            "train" => say(&json!(peer.train(count.parse()?)?))?,
            "eval" => say(&json!(peer.evaluate(count.parse()?)?))?,
            "peak" => say(&json!(peak_memory()))?,
            "quit" => break,
            _ => return Err(format!("there is no command {line}").into()),
        }
    }
    Ok(())
}

/// Says why there is nothing to measure.
pub fn refuse(why: &str) -> Outcome<()> {
    say(&json!({ "refused": why }))
}

fn say(line: &Value) -> Outcome<()> {
    let mut out = stdout().lock();
    writeln!(out, "{line}")?;
    Ok(out.flush()?)
}

/// Milliseconds since then.
pub fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e3
}

/// The most memory that this process has held, in MB (10^6 bytes); null where the kernel does not tell.
fn peak_memory() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kib: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib * 1024.0 / 1e6)
}
