//! Every name in trial files, shards and `sweep.h5`, and the format version; `results/README.md` explains them.

/// Version of the layout. A reader refuses any other.
pub const FORMAT: u64 = 1;

/// Root attributes of every file.
pub mod root {
    /// The format version: an unsigned integer.
    pub const FORMAT: &str = "ablate_format";
    /// What the file is: [`super::kind`].
    pub const KIND: &str = "kind";
    /// Name of the sweep.
    pub const NAME: &str = "name";
    /// Question of the sweep.
    pub const QUESTION: &str = "question";
    /// The sweep file as written.
    pub const YAML: &str = "yaml";
    /// Version of ablate that wrote the file.
    pub const ABLATE_VERSION: &str = "ablate_version";
    /// Commit of ablate that wrote the file.
    pub const GIT_REV: &str = "git_rev";
    /// The newest `ended` of all trials in the file.
    pub const CREATED: &str = "created";
    /// JSON list of the axes' field paths.
    pub const AXES: &str = "axes";
    /// JSON list of the names of final metrics.
    pub const METRICS: &str = "metrics";
    /// JSON object of what is compared, or `null`.
    pub const COMPARE: &str = "compare";
    /// SHA-256 over all that the file was merged from.
    pub const MERGED_DIGEST: &str = "merged_digest";
}

/// Values of [`root::KIND`].
pub mod kind {
    /// One committed trial.
    pub const TRIAL: &str = "trial";
    /// Up to 256 committed trials.
    pub const SHARD: &str = "shard";
    /// `sweep.h5`.
    pub const SWEEP: &str = "sweep";
}

/// Group of the table of trials, in `sweep.h5`.
pub const TRIALS: &str = "trials";
/// Group of the table of evaluations, in the `sweep.h5` of a sweep that has some. Its columns are those of [`TRIALS`]; `index`
/// is that of the trial whose network is used. Its attributes [`root::AXES`] and [`root::METRICS`] name its axes and metrics.
pub const EVALUATIONS: &str = "evaluations";
/// Group of the trials' own groups, in every file.
pub const TRIAL: &str = "trial";

/// The axis that says what kind of control an arm is; there only where a sweep asks for controls.
pub const CONTROL: &str = "control";

/// Its value, as JSON text, at arms that are no controls.
pub const NO_CONTROL: &str = "\"none\"";

/// Columns of [`TRIALS`]; the axes and final metrics are further columns, under their own names.
pub mod column {
    /// 64 hex digits.
    pub const ID: &str = "id";
    /// Position in the plan.
    pub const INDEX: &str = "index";
    /// The seed.
    pub const SEED: &str = "seed";
    /// Name of the outcome.
    pub const OUTCOME: &str = "outcome";
    /// All axis values of the row: a JSON list in the order of [`super::root::AXES`].
    pub const AXES: &str = "axes";
    /// Number of parameters.
    pub const PARAMS: &str = "params";
    /// Multiply-accumulates of one forward pass.
    pub const MACS: &str = "macs";
    /// Seconds of training and evaluation.
    pub const WALL_SECONDS: &str = "wall_seconds";
    /// Kind of device.
    pub const DEVICE: &str = "device";
    /// The machine.
    pub const HOST: &str = "host";
    /// Number of the attempt that committed it.
    pub const ATTEMPT: &str = "attempt";
    /// All of the above.
    pub const ALL: [&str; 11] = [
        ID,
        INDEX,
        SEED,
        OUTCOME,
        AXES,
        PARAMS,
        MACS,
        WALL_SECONDS,
        DEVICE,
        HOST,
        ATTEMPT,
    ];
}

/// Attributes of the group of one trial.
pub mod trial {
    /// 64 hex digits.
    pub const ID: &str = "id";
    /// The seed.
    pub const SEED: &str = "seed";
    /// Resolved config: flat JSON.
    pub const CONFIG: &str = "config";
    /// Name of the outcome.
    pub const OUTCOME: &str = "outcome";
    /// Why it diverged; empty otherwise.
    pub const MESSAGE: &str = "message";
    /// Digest of the data that the trial read.
    pub const DATA_DIGEST: &str = "data_digest";
    /// Number of the attempt that committed it.
    pub const ATTEMPT: &str = "attempt";
    /// RFC 3339, UTC.
    pub const STARTED: &str = "started";
    /// RFC 3339, UTC.
    pub const ENDED: &str = "ended";
    /// Number of parameters.
    pub const PARAMS: &str = "params";
    /// Multiply-accumulates of one forward pass.
    pub const MACS: &str = "macs";
    /// Seconds of training and evaluation.
    pub const WALL_SECONDS: &str = "wall_seconds";
    /// CPU features that the kernels used.
    pub const DISPATCH: &str = "dispatch";
    /// SHA-256 over the final parameters.
    pub const PARAMETERS_DIGEST: &str = "parameters_digest";
    /// What must be equal for equal trials: [`crate::record::digest::logical`].
    pub const DIGEST: &str = "digest";
    /// All that is stored: [`crate::record::digest::content`].
    pub const CONTENT_DIGEST: &str = "content_digest";
}

/// Group of a trial: one text attribute for each fact about machine and versions.
pub const ENVIRONMENT: &str = "environment";
/// Group of a trial: one number attribute for each final metric.
pub const METRICS: &str = "metrics";
/// Group of a trial: one column of numbers for each thing measured every epoch.
pub const EPOCHS: &str = "epochs";
/// Group of a trial: pictures.
pub const SAMPLES: &str = "samples";
/// Group of a trial: final parameters, when kept.
pub const WEIGHTS: &str = "weights";
/// Attribute of pictures: the epochs they were taken after.
pub const SAMPLE_EPOCHS: &str = "epochs";
/// The column of epoch times, which equal trials may differ in.
pub const SECONDS: &str = "seconds";
/// The column against which viewers plot.
pub const EPOCH: &str = "epoch";
/// The column that viewers plot first.
pub const TRAIN_LOSS: &str = "train_loss";

/// Attributes that make viewers draw: NeXus (NXdata) and the HDF5 Image specification 1.2.
pub mod viewer {
    /// Class of a group.
    pub const NX_CLASS: &str = "NX_class";
    /// Child to show first.
    pub const DEFAULT: &str = "default";
    /// Column to plot.
    pub const SIGNAL: &str = "signal";
    /// Column to plot it against.
    pub const AXES: &str = "axes";
    /// The pictures' attributes.
    pub const IMAGE: [(&str, &str); 3] = [
        ("CLASS", "IMAGE"),
        ("IMAGE_VERSION", "1.2"),
        ("IMAGE_SUBCLASS", "IMAGE_GRAYSCALE"),
    ];
}
