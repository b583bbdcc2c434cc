//! Which images, and how many.

use super::TrialConfig;
use super::field::{Field, choice, field};
use super::task::TaskKind;

choice! {
    /// Where the images come from.
    pub enum Dataset {
        /// MNIST where its files are found, else procedural digits. Resolved before a trial gets its id.
        Auto = "auto",
        /// Procedural digits: no download needed.
        Digits = "digits",
        /// MNIST's four IDX files, in `ABLATE_DATA_DIR` or the cache folder.
        Mnist = "mnist",
        /// The user's own images: IDX or NumPy `.npy` files.
        Files = "files",
    }
}

choice! {
    /// The function that `task: gate` learns, of x1 and, but for `bump`, x2 in [−4, 4].
    pub enum Function {
        /// σ(x1 + 1) + σ(1 − x1).
        Bump = "bump",
        /// 0 where x1 < 0, else tanh(x2): x1 gates x2.
        Gated = "gated",
        /// sign(x1 · x2).
        Xor = "xor",
    }
}

impl Function {
    /// Numbers it is a function of.
    pub fn inputs(self) -> usize {
        match self {
            Self::Bump => 1,
            Self::Gated | Self::Xor => 2,
        }
    }
}

/// The images of a trial.
#[derive(Clone, Debug, PartialEq)]
pub struct DataConfig {
    /// Where the images come from.
    pub dataset: Dataset,
    /// Training images: the first ones of the training part.
    pub train: usize,
    /// Validation images: the next ones of the training part.
    pub valid: usize,
    /// Test images: the first ones of the test part.
    pub test: usize,
    /// `dataset: files`: path of the training (and validation) images.
    pub train_images: String,
    /// `dataset: files`: path of the test images.
    pub test_images: String,
    /// `task: gate`: the function that is learned.
    pub function: Function,
}

impl Default for DataConfig {
    fn default() -> Self {
        Self {
            dataset: Dataset::default(),
            train: 1000,
            valid: 0,
            test: 10_000,
            train_images: String::new(),
            test_images: String::new(),
            function: Function::default(),
        }
    }
}

fn images(config: &TrialConfig) -> bool {
    config.task.reads_images()
}

pub(super) const FIELDS: &[Field] = &[
    field!(data.dataset: Dataset, "where the images come from", active(c, images(c))),
    field!(data.function: Function, "gate: the function that is learned", active(c, c.task == TaskKind::Gate)),
    field!(data.train: usize, "number of training images (gate: points)", valid(n, *n > 0, "a whole number above 0"),
        active(c, c.task != TaskKind::Sequence)),
    field!(data.valid: usize, "number of validation images, taken after the training images", active(c, images(c))),
    field!(data.test: usize, "number of test images", valid(n, *n > 0, "a whole number above 0"), active(c, images(c))),
    field!(data.train_images: String, "path of the training images (IDX or .npy)",
        active(c, images(c) && c.data.dataset == Dataset::Files)),
    field!(data.test_images: String, "path of the test images (IDX or .npy)",
        active(c, images(c) && c.data.dataset == Dataset::Files)),
];

/// What must be known of the images before a plan can be made; [`crate::data::facts`] finds it out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataFacts {
    /// What `auto` stands for here; otherwise the dataset asked for.
    pub dataset: Dataset,
    /// Height and width.
    pub image: [usize; 2],
    /// Images in the training part.
    pub train_available: usize,
    /// Images in the test part.
    pub test_available: usize,
    /// Whether the class of every image is known. Classes need no digest of their own: where there are any, the images
    /// determine them.
    pub classes: bool,
    /// SHA-256 (hex) over the raw images, or the generator's name and version: part of every trial id.
    pub digest: String,
}

/// Places of the sentences of `task: sequence`.
const SENTENCE: usize = 5;

impl DataFacts {
    /// Of a task that reads no images: what it makes itself is a function of config and seed.
    pub fn without_images(config: &TrialConfig) -> Self {
        Self {
            dataset: config.data.dataset,
            image: match config.task {
                TaskKind::Gate => [1, config.data.function.inputs()],
                _ => [1, SENTENCE],
            },
            train_available: usize::MAX,
            test_available: usize::MAX,
            classes: false,
            digest: "none".into(),
        }
    }
}
