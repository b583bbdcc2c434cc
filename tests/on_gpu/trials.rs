//! Small trials of every optimiser, with what the processor makes of them.

use ablate::config::TrialConfig;
use ablate::data::{self, Splits};
use ablate::outcome::TrialResult;
use ablate::train::{Ended, Event, Job, Observer, Support, run};
use serde_json::{Map, Value, json};
use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;

/// Steps of a trial: one an epoch, so that a result has the loss of each.
pub const STEPS: usize = 20;

/// A trial by name, and the settings in which it differs from the defaults.
pub struct Trial {
    pub name: &'static str,
    pub config: TrialConfig,
    splits: Splits,
}

impl Trial {
    fn new(name: &'static str, settings: Value) -> Self {
        let mut all: Map<String, Value> = json!({
            "data.dataset": "digits", "data.train": 64, "data.test": 32,
            "train.batch": 64, "train.epochs": STEPS, "train.evaluate_every": STEPS,
            "train.samples_every": STEPS, "train.clip": 1.0, "train.ema": 0.9,
        })
        .as_object()
        .cloned()
        .unwrap_or_default();
        all.extend(settings.as_object().cloned().unwrap_or_default());
        let config = TrialConfig::from_flat(&all).expect("a config");
        let mut splits = data::load(&config.data).expect("drawn digits");
        if config.task.reads_classes() {
            splits.classes = Some(data::classes(&config.data).expect("their classes"));
        }
        Self {
            name,
            config,
            splits,
        }
    }

    /// An autoencoder by Adam, in three steps an epoch.
    pub fn in_several_steps() -> Self {
        let settings = json!({ "model.widths": [8, 16], "model.bottleneck": 4, "model.decoder": [16, 8],
            "model.skip.at": [14, 28], "train.batch": 24, "train.epochs": 4, "train.evaluate_every": 1 });
        Self::new("an autoencoder in batches", settings)
    }

    /// One that goes wrong.
    pub fn diverging() -> Self {
        let settings = json!({ "model.widths": [8], "model.bottleneck": "none", "model.decoder": [8],
            "train.batch": 16, "train.epochs": 5, "train.lr": 1e30, "train.optimizer": "sgd",
            "train.clip": "none", "train.ema": "none" });
        Self::new("a learning rate of 1e30", settings)
    }

    /// An attempt with checkpoints below `root`, which ends itself after so many steps.
    pub fn attempt(&self, root: &Path, attempt: u32, steps: usize) -> Ended {
        let job = Job {
            id: "ab".repeat(32),
            config: &self.config,
            seed: 3,
            splits: &self.splits,
            support: Support::NONE,
            image: [self.splits.train.h, self.splits.train.w],
            checkpoints: root.to_owned(),
            attempt,
            threads: 1,
            checkpoint_every: Duration::MAX,
        };
        run(&job, &mut Patience { left: steps }).expect("no error")
    }

    /// To its end.
    pub fn result(&self) -> TrialResult {
        let root = tempfile::tempdir().expect("a folder");
        match self.attempt(root.path(), 1, usize::MAX) {
            Ended::Finished(result) => result,
            Ended::Stopped { step } => panic!("{}: stopped at step {step}", self.name),
        }
    }
}

/// Asks to stop after so many steps.
struct Patience {
    left: usize,
}

impl Observer for Patience {
    fn tell(&mut self, event: Event) {
        if let Event::Step { .. } = event {
            self.left = self.left.saturating_sub(1);
        }
    }
    fn stop_requested(&self) -> bool {
        self.left == 0
    }
}

/// A network of each kind that differs in what the GPU does for it.
pub fn trials() -> [Trial; 4] {
    [
        Trial::new(
            "an autoencoder by Adam",
            json!({ "model.widths": [8, 16], "model.bottleneck": 4, "model.decoder": [16, 8],
                "model.skip.at": [14, 28] }),
        ),
        Trial::new(
            "a residual network with batch normalisation by SGD",
            json!({ "task": "classify", "model.arch": "resnet", "model.blocks": 2, "model.residual": "add",
                "model.norm": "batch", "train.optimizer": "sgd", "train.lr": 0.01 }),
        ),
        Trial::new(
            "a U-Net by AdamW",
            json!({ "task": "diffuse", "model.arch": "unet", "model.widths": [8, 16], "model.residual": "add",
                "model.skip.at": [14, 28], "model.attention_at": [14], "train.optimizer": "adamw",
                "diffusion.schedule": "cosine", "generate.images": 0 }),
        ),
        Trial::new(
            "a cnn with dropout",
            json!({ "task": "classify", "model.arch": "cnn", "model.size": "large" }),
        ),
    ]
}

/// What the processor makes of all of them, and of the one that diverges: trained once, before a GPU is opened.
pub fn on_processor() -> &'static (Vec<TrialResult>, TrialResult) {
    static TRAINED: OnceLock<(Vec<TrialResult>, TrialResult)> = OnceLock::new();
    TRAINED.get_or_init(|| {
        let results = trials().iter().map(Trial::result).collect();
        (results, Trial::diverging().result())
    })
}
