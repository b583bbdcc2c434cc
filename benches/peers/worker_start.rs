//! How long a worker takes from its start to the end of its first step (see `protocol.rs`: one `train` is one worker).
//!
//! It plays the supervisor: starts `ablate worker`, hands it the first trial of a sweep and waits for its first sign of
//! life, which is sent after the first step.

mod protocol;

use ablate::data;
use ablate::fanout::message::{FromWorker, Heard, Hello, ToWorker, read, write};
use ablate::plan::Plan;
use ablate::record::Folder;
use ablate::sweep::Sweep;
use clap::Parser;
use protocol::{Outcome, Peer, milliseconds, refuse, serve};
use serde_json::json;
use std::io::{BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

#[derive(Parser)]
struct Args {
    /// The sweep whose first trial is trained
    #[arg(long)]
    sweep: PathBuf,
    /// An empty folder for checkpoints
    #[arg(long)]
    results: PathBuf,
}

struct Starts {
    folder: Folder,
    trial: String,
}

impl Starts {
    fn worker(&self) -> std::io::Result<Child> {
        Command::new(env!("CARGO_BIN_EXE_ablate"))
            .args([
                "worker",
                "--threads",
                "1",
                "--checkpoint-every",
                "60",
                "--parent",
            ])
            .arg(std::process::id().to_string())
            .arg("--folder")
            .arg(self.folder.root())
            .env("RAYON_NUM_THREADS", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
    }

    /// Milliseconds from the start of a worker to its first step's end.
    fn first_step(&self) -> Outcome<f64> {
        let started = Instant::now();
        let mut worker = self.worker()?;
        let waited = self.wait_for_step(&mut worker, started);
        worker.kill()?;
        worker.wait()?;
        waited
    }

    fn wait_for_step(&self, worker: &mut Child, started: Instant) -> Outcome<f64> {
        let pipes = (worker.stdin.take(), worker.stdout.take());
        let (Some(mut input), Some(output)) = pipes else {
            return Err("the worker has no pipes".into());
        };
        self.greet(&mut input)?;
        let mut output = BufReader::new(output);
        loop {
            match read(&mut output) {
                Heard::Message(FromWorker::Step { .. }) => return Ok(milliseconds(started)),
                Heard::Message(FromWorker::Failed(failure)) => return Err(failure.message.into()),
                Heard::Message(_) => {}
                other => return Err(format!("the worker said {other:?}").into()),
            }
        }
    }

    fn greet(&self, input: &mut impl Write) -> std::io::Result<()> {
        write(input, &ToWorker::Hello(Hello::ours()))?;
        let trial = self.trial.clone();
        write(input, &ToWorker::Train { trial })
    }
}

impl Peer for Starts {
    fn train(&mut self, starts: usize) -> Outcome<Vec<f64>> {
        (0..starts).map(|_| self.first_step()).collect()
    }

    fn evaluate(&mut self, _: usize) -> Outcome<Vec<f64>> {
        Err("a start has no evaluation".into())
    }
}

fn main() -> Outcome<()> {
    let args = Args::parse();
    let sweep = Sweep::load(&args.sweep)?;
    let plan = match Plan::build(&sweep, Plan::MAX_TRIALS, &data::facts) {
        Ok(plan) => plan,
        Err(error) => return refuse(&error.to_string()),
    };
    let mut starts = Starts {
        folder: Folder::create(&args.results, &sweep.name)?,
        // The arm with the skip, as the row says.
        trial: plan.trial(1).to_json(),
    };
    // Verifies the data, which later starts need not.
    let first = starts.first_step()?;
    serve(json!({ "first_start_ms": first }), &mut starts)
}
