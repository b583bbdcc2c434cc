//! Our side of `make bench`: the real trainer, one optimiser step at a time on command (see `peers/protocol.rs`).

#[path = "peers/protocol.rs"]
mod protocol;

use ablate::config::TrialConfig;
use ablate::data::{self, Split, Splits};
use ablate::metric::Due;
use ablate::model::{Io, Model, cost};
use ablate::nn::ops::dispatch;
use ablate::nn::{on_gpu, use_gpu, use_precision, wait};
use ablate::task::{self, Network, Task};
use ablate::train::{Ended, Event, Job, MICRO_BATCH, Observer, Support, run};
use clap::Parser;
use protocol::{Outcome, Peer, milliseconds, refuse, serve};
use serde_json::{Map, Value, json};
use std::ops::Range;
use std::panic::resume_unwind;
use std::process::exit;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

const SEED: u64 = 0;
/// As many steps an epoch as the lecture's 1000 images make; on a GPU, where an epoch's end waits for it, more.
const STEPS_PER_EPOCH: usize = 8;
const STEPS_PER_EPOCH_ON_GPU: usize = 100;
/// Longer than any measurement.
const EPOCHS: usize = 1_000_000;

#[derive(Parser)]
struct Args {
    /// R4s, R4, R5, R6 or R10, that of `jobs/ddpm.yaml` (science.md §1)
    #[arg(long)]
    net: String,
    #[arg(long, default_value_t = 1)]
    threads: usize,
    #[arg(long, default_value_t = 128)]
    batch: usize,
    /// train.precision
    #[arg(long, default_value = "f32")]
    dtype: String,
    /// Train on this GPU, of those that the process sees
    #[arg(long)]
    gpu: Option<usize>,
}

/// The settings in which a net differs from the defaults, as a sweep file names them.
fn settings(net: &str) -> Option<Value> {
    Some(match net {
        "R4s" => json!({
            "model.widths": [16, 32], "model.bottleneck": "none", "model.decoder": [16, 16],
            "model.skip.at": [14], "model.skip.tap": "after_pool",
        }),
        "R4" => json!({}),
        "R5" => json!({ "model.skip.at": [14, 28] }),
        "R6" => json!({
            "task": "classify", "model.arch": "resnet", "model.blocks": 6, "model.residual": "add",
        }),
        "R10" => json!({
            "task": "diffuse", "model.arch": "unet", "model.widths": [16, 32, 32], "model.depth": 2,
            "model.residual": "add", "model.skip.at": [7, 14, 28], "model.attention_at": [7],
            "diffusion.schedule": "cosine", "generate.images": 0,
        }),
        _ => return None,
    })
}

/// The trial, or what this build does not know of it.
fn config(args: &Args) -> Result<TrialConfig, String> {
    let net = settings(&args.net).ok_or_else(|| format!("there is no net {}", args.net))?;
    let mut all: Map<String, Value> = net.as_object().cloned().unwrap_or_default();
    let steps = match args.gpu {
        None => STEPS_PER_EPOCH,
        Some(_) => STEPS_PER_EPOCH_ON_GPU,
    };
    let common = json!({
        "data.dataset": "digits", "data.train": args.batch * steps, "data.test": args.batch,
        "train.batch": args.batch, "train.epochs": EPOCHS,
        "train.evaluate_every": EPOCHS, "train.samples_every": EPOCHS,
    });
    all.extend(common.as_object().cloned().unwrap_or_default());
    if args.dtype != "f32" {
        all.insert("train.precision".into(), args.dtype.clone().into());
    }
    TrialConfig::from_flat(&all)
}

/// Lets the trial take the steps that were asked for, and times them.
struct Gate {
    asked: Receiver<usize>,
    done: Sender<Vec<f64>>,
    /// Steps of the current request.
    steps: usize,
    times: Vec<f64>,
    /// The current step.
    started: Instant,
}

impl Gate {
    /// The times of a request. On a GPU steps are only begun when they are told: it is waited for, and each has its share.
    fn taken(&mut self) -> Vec<f64> {
        let mut times = std::mem::take(&mut self.times);
        if on_gpu() {
            let waiting = Instant::now();
            if let Err(error) = wait() {
                eprintln!("{error}");
            }
            let all = times.iter().sum::<f64>() + milliseconds(waiting);
            let share = all / times.len() as f64;
            times.fill(share);
        }
        times
    }
}

impl Observer for Gate {
    fn tell(&mut self, event: Event) {
        if !matches!(event, Event::Step { .. }) {
            return;
        }
        self.times.push(milliseconds(self.started));
        if self.times.len() >= self.steps {
            // Closed channels: the process is about to end.
            let times = self.taken();
            let _ = self.done.send(times);
            self.steps = self.asked.recv().unwrap_or(1);
        }
        self.started = Instant::now();
    }
    fn stop_requested(&self) -> bool {
        false
    }
}

/// Trains until the process ends.
fn train(job: &Job<'_>, mut gate: Gate) -> ! {
    match run(job, &mut gate) {
        Err(error) => eprintln!("{error}"),
        Ok(Ended::Finished(result)) => eprintln!("training ended: {}", result.message),
        Ok(Ended::Stopped { .. }) => eprintln!("training stopped"),
    }
    exit(1)
}

/// The forward passes of an evaluation of one batch.
struct Evaluator<'a> {
    network: Model,
    task: Box<dyn Task + 'a>,
    threads: usize,
}

impl<'a> Evaluator<'a> {
    fn new(job: &'a Job<'a>) -> Outcome<Self> {
        let (model, io) = (&job.config.model, Io::of(job.config, job.image));
        Ok(Self {
            network: Model::new(model, io, job.config.train.init, job.seed)?,
            task: task::build(job.config, job.seed, job.splits, Support::NONE)?,
            threads: job.threads,
        })
    }

    /// What an evaluation does with a batch, its measures included (the peers' is the forward pass alone).
    fn pass(&self) -> Outcome<()> {
        let (n, next) = (self.task.measured(Split::Test), AtomicUsize::new(0));
        let (network, task): (&dyn Network, _) = (&self.network, &*self.task);
        let piece = |images: Range<usize>| task.measure(network, Split::Test, images, Due::Each);
        let work = || -> ablate::Result<()> {
            loop {
                let start = next.fetch_add(MICRO_BATCH, Ordering::Relaxed);
                if start >= n {
                    return Ok(());
                }
                piece(start..n.min(start + MICRO_BATCH))?;
            }
        };
        thread::scope(|scope| {
            let helpers: Vec<_> = (1..self.threads).map(|_| scope.spawn(work)).collect();
            let mine = work();
            for helper in helpers {
                helper.join().unwrap_or_else(|panic| resume_unwind(panic))?;
            }
            mine
        })?;
        Ok(())
    }
}

struct Ours<'a> {
    job: &'a Job<'a>,
    ask: Sender<usize>,
    done: Receiver<Vec<f64>>,
    /// Made at the first evaluation, so that a process that only trains has the memory of one.
    evaluator: Option<Evaluator<'a>>,
}

impl Peer for Ours<'_> {
    fn train(&mut self, steps: usize) -> Outcome<Vec<f64>> {
        self.ask.send(steps)?;
        Ok(self.done.recv()?)
    }

    fn evaluate(&mut self, passes: usize) -> Outcome<Vec<f64>> {
        let evaluator = match self.evaluator.take() {
            Some(evaluator) => evaluator,
            None => Evaluator::new(self.job)?,
        };
        let evaluator = self.evaluator.insert(evaluator);
        let time = |_| {
            let started = Instant::now();
            evaluator.pass()?;
            Ok(milliseconds(started))
        };
        (0..passes).map(time).collect()
    }
}

fn main() -> Outcome<()> {
    let args = Args::parse();
    let config = match config(&args) {
        Ok(config) => config,
        Err(why) => {
            return refuse(&format!(
                "this build has no {} {}: {why}",
                args.dtype, args.net
            ));
        }
    };
    if let Some(number) = args.gpu {
        use_gpu(number)?;
    }
    if let Err(why) = use_precision(config.train.precision) {
        let why = why.to_string();
        return refuse(why.lines().next().unwrap_or_default());
    }
    let mut splits: Splits = data::load(&config.data)?;
    if config.task.reads_classes() {
        splits.classes = Some(data::classes(&config.data)?);
    }
    let image = [splits.train.h, splits.train.w];
    let cost = cost(&config.model, Io::of(&config, image));
    let job = Job {
        id: "0".repeat(64),
        config: &config,
        seed: SEED,
        splits: &splits,
        support: Support::NONE,
        image,
        // Nothing is ever saved there.
        checkpoints: std::env::temp_dir().join(format!("ablate-step-{}", std::process::id())),
        attempt: 1,
        threads: args.threads,
        checkpoint_every: Duration::MAX,
    };
    let (ask, asked) = channel();
    let (finished, done) = channel();
    let gate = Gate {
        asked,
        done: finished,
        steps: 1,
        times: Vec::new(),
        started: Instant::now(),
    };
    thread::scope(|scope| {
        scope.spawn(|| train(&job, gate));
        // The first step, which also sets everything up.
        let first = done.recv()?;
        let ready = json!({
            "net": args.net, "params": cost.params, "macs": cost.macs, "threads": args.threads,
            "dispatch": dispatch(), "first_step_ms": first[0],
        });
        let mut peer = Ours {
            job: &job,
            ask,
            done,
            evaluator: None,
        };
        if let Err(error) = serve(ready, &mut peer) {
            eprintln!("{error}");
            exit(1);
        }
        // Without waiting for the trainer, which would train on.
        exit(0)
    })
}
