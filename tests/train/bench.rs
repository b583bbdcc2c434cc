//! A trial small enough to be run hundreds of times, a network to match, and listeners.

use ablate::config::{LrSchedule, Resample, Select, TrialConfig, Weights};
use ablate::data::{Images, Splits};
use ablate::error::Result;
use ablate::model::Cost;
use ablate::nn::Parameters;
use ablate::outcome::{Table, TrialResult, Weight};
use ablate::task::Network;
use ablate::train::{Ended, Event, Job, Observer, Support, run_network};
use candle_core::Tensor;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

pub const SIDE: usize = 12;
/// 50 training images in batches of 40: micro-batches of 16, 16, 8 and of 10.
pub const STEPS_PER_EPOCH: u64 = 2;
pub const EPOCHS: u64 = 3;
pub const STEPS: u64 = EPOCHS * STEPS_PER_EPOCH;

/// logits = gain·x + bias, with a gain for every pixel.
pub struct Pixelwise(Parameters);

impl Pixelwise {
    pub fn new() -> Self {
        let mut parameters = Parameters::default();
        let weight = |shape: Vec<usize>, start: f32| Weight {
            values: (0..shape.iter().product())
                .map(|i: usize| start + i as f32 / 100.0)
                .collect(),
            shape,
        };
        parameters
            .add("gain".into(), weight(vec![SIDE, SIDE, 1], 0.5))
            .expect("a new name");
        parameters
            .add("bias".into(), weight(vec![1], -0.5))
            .expect("a new name");
        Self(parameters)
    }
}

impl Network for Pixelwise {
    fn forward(&self, images: &Tensor) -> Result<Tensor> {
        let [gain, bias] = ["gain", "bias"].map(|name| self.0.0[name].as_tensor());
        Ok(images.broadcast_mul(gain)?.broadcast_add(bias)?)
    }
    fn parameters(&self) -> &Parameters {
        &self.0
    }
}

/// Keeps every image that the network is shown, as bits, and takes its time.
pub struct Witness {
    network: Pixelwise,
    nap: Duration,
    pub seen: Mutex<Vec<Vec<u32>>>,
}

impl Witness {
    /// That takes so long at least for each micro-batch.
    pub fn new(nap: Duration) -> Self {
        Self {
            network: Pixelwise::new(),
            nap,
            seen: Mutex::default(),
        }
    }
}

impl Network for Witness {
    fn forward(&self, images: &Tensor) -> Result<Tensor> {
        std::thread::sleep(self.nap);
        let pixels: Vec<f32> = images.flatten_all()?.to_vec1()?;
        let pixels = pixels.into_iter().map(f32::to_bits).collect();
        self.seen.lock().expect("nobody panicked").push(pixels);
        self.network.forward(images)
    }
    fn parameters(&self) -> &Parameters {
        self.network.parameters()
    }
}

/// Grey images by formula.
pub fn images(n: usize, shift: usize) -> Images {
    let pixel = |at: usize| {
        let (image, y, x) = (at / (SIDE * SIDE) + shift, at / SIDE % SIDE, at % SIDE);
        if (y + image) % 5 < 2 {
            ((x * 37 + image * 11) % 256) as f32 / 255.0
        } else {
            0.0
        }
    };
    Images {
        n,
        h: SIDE,
        w: SIDE,
        pixels: (0..n * SIDE * SIDE).map(pixel).collect(),
    }
}

/// Everything that has state, at once: Adam, warm-up and cosine, clipping, fresh noise, validation and selection.
pub struct Bench {
    pub config: TrialConfig,
    pub splits: Splits,
    pub support: Support,
    pub seed: u64,
    pub threads: usize,
    pub checkpoint_every: Duration,
}

impl Bench {
    pub fn new() -> Self {
        let mut config = TrialConfig::default();
        config.noise.resample = Resample::Fresh;
        let train = &mut config.train;
        train.epochs = EPOCHS as usize;
        train.batch = 40;
        train.lr = 0.05;
        train.lr_schedule = LrSchedule::Cosine;
        train.warmup_steps = 2;
        train.clip = Some(0.02);
        train.samples_every = 2;
        train.select = Select::BestValid;
        train.weights = Weights::Keep;
        Self {
            config,
            splits: Splits {
                train: images(50, 0),
                valid: images(20, 100),
                test: images(30, 200),
                classes: None,
            },
            support: Support::default(),
            seed: 7,
            threads: 1,
            checkpoint_every: Duration::MAX,
        }
    }

    /// Trained on black and validated on white images: the first epoch is the best.
    pub fn getting_worse() -> Self {
        let mut bench = Self::new();
        bench.splits.train.pixels.fill(0.0);
        bench.splits.valid.pixels.fill(1.0);
        bench
    }

    /// Evaluated with a moving average of the parameters.
    pub fn averaged(mut self) -> Self {
        self.config.train.ema = Some(0.6);
        self
    }

    /// One attempt, with checkpoints below `root`.
    pub fn attempt(&self, root: &Path, attempt: u32, observer: &mut dyn Observer) -> Result<Ended> {
        self.attempt_with(&Pixelwise::new(), root, attempt, observer)
    }

    pub fn attempt_with(
        &self,
        network: &dyn Network,
        root: &Path,
        attempt: u32,
        observer: &mut dyn Observer,
    ) -> Result<Ended> {
        let cost = Cost {
            params: 145,
            macs: 144,
        };
        run_network(&self.job(root, attempt), network, cost, observer)
    }

    pub fn job<'a>(&'a self, root: &Path, attempt: u32) -> Job<'a> {
        Job {
            id: "ab".repeat(32),
            config: &self.config,
            seed: self.seed,
            splits: &self.splits,
            support: &self.support,
            image: [self.splits.train.h, self.splits.train.w],
            checkpoints: root.to_owned(),
            attempt,
            threads: self.threads,
            checkpoint_every: self.checkpoint_every,
        }
    }

    /// The result of a run that nothing interrupts.
    pub fn result(&self) -> TrialResult {
        let root = tempfile::tempdir().expect("a folder");
        finished(self.attempt(root.path(), 1, &mut Listener::default()))
    }
}

/// Keeps what it hears and may ask to stop after some steps.
#[derive(Default)]
pub struct Listener {
    pub events: Vec<Event>,
    pub stop_after: Option<usize>,
}

impl Listener {
    pub fn stopping_after(steps: usize) -> Self {
        Self {
            stop_after: Some(steps),
            ..Self::default()
        }
    }

    pub fn steps(&self) -> usize {
        let is_step = |event: &&Event| matches!(event, Event::Step { .. });
        self.events.iter().filter(is_step).count()
    }
}

impl Observer for Listener {
    fn tell(&mut self, event: Event) {
        self.events.push(event);
    }
    fn stop_requested(&self) -> bool {
        self.stop_after.is_some_and(|steps| self.steps() >= steps)
    }
}

pub fn finished(ended: Result<Ended>) -> TrialResult {
    match ended.expect("ended") {
        Ended::Finished(result) => result,
        Ended::Stopped { step } => panic!("stopped at step {step}"),
    }
}

pub fn stopped(ended: Result<Ended>) -> u64 {
    match ended.expect("ended") {
        Ended::Finished(_) => panic!("finished"),
        Ended::Stopped { step } => step,
    }
}

/// All of a result but its seconds, as text that is equal only when every number is (NaN included).
pub fn bits(mut result: TrialResult) -> String {
    result.wall_seconds = 0.0;
    let mut epochs = Table::default();
    for (name, values) in result
        .epochs
        .columns()
        .filter(|(name, _)| *name != "seconds")
    {
        epochs.insert(name, values.to_vec());
    }
    result.epochs = epochs;
    format!("{result:?}")
}
