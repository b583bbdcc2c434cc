//! Images and their corruption: where they come from, how noise is drawn, in which order they are visited.
//!
//! A new data set is one new file with `facts` and `load`, and one match arm in each of the two functions here.

mod classes;
pub mod digits;
pub mod fetch;
mod files;
mod idx;
mod layout;
pub mod mnist;
mod noise;
mod npy;
mod order;
mod pen;
mod places;
mod published;
pub mod sheet;
mod source;
mod strokes;
mod verdict;

pub use classes::Classes;
pub use noise::{corrupt, corrupt_one};
pub use order::order;
pub use places::Places;
pub use published::Published;

use crate::config::{DataConfig, DataFacts, Dataset};
use crate::error::{Error, Result};
use std::path::Path;

/// Grey images with values in [0, 1].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Images {
    /// How many.
    pub n: usize,
    /// Height.
    pub h: usize,
    /// Width.
    pub w: usize,
    /// Row-major, n·h·w long.
    pub pixels: Vec<f32>,
}

impl Images {
    /// Cuts off the images from `at` on and returns them; none when there are no more than `at`.
    fn split_off(&mut self, at: usize) -> Self {
        let at = at.min(self.n);
        let rest = Self {
            n: self.n - at,
            h: self.h,
            w: self.w,
            pixels: self.pixels.split_off(at * self.h * self.w),
        };
        self.n = at;
        rest
    }
}

/// A part of a data set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Split {
    /// Trained on.
    Train,
    /// For choosing epochs; never trained on.
    Valid,
    /// Reported.
    Test,
}

impl Split {
    /// The name in random keys and in records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Valid => "valid",
            Self::Test => "test",
        }
    }
}

/// The images of a trial.
#[derive(Clone, Debug, Default)]
pub struct Splits {
    /// Trained on.
    pub train: Images,
    /// For model selection; may be empty.
    pub valid: Images,
    /// Reported.
    pub test: Images,
    /// Their classes, where [`classes`] was asked for them.
    pub classes: Option<Classes>,
}

/// What a plan must know of the data, cheaply where it can be: MNIST's files are only looked for (their content is
/// checked by [`load`]), the user's own files are read whole because their digest is part of every trial id.
///
/// # Errors
/// [`Error::Data`] when files are missing or damaged. How many images are asked for is the plan's to judge: it knows
/// where the number is written.
pub fn facts(config: &DataConfig) -> Result<DataFacts> {
    let places = Places::from_env();
    match resolve(config.dataset, &places) {
        Dataset::Mnist => mnist::facts(&places),
        Dataset::Files => files::facts(config),
        Dataset::Digits | Dataset::Auto => Ok(digits::facts()),
    }
}

/// As [`facts`], for who only looks at results that were made with these images: `auto` stands for what they are recorded to be,
/// and MNIST need not be here.
///
/// # Errors
/// As [`facts`], of the user's own files.
pub fn facts_as_recorded(config: &DataConfig, recorded: Option<Dataset>) -> Result<DataFacts> {
    match (config.dataset, recorded) {
        (Dataset::Mnist, _) | (Dataset::Auto, Some(Dataset::Mnist)) => Ok(mnist::published()),
        (Dataset::Auto, Some(Dataset::Digits)) => Ok(digits::facts()),
        _ => facts(config),
    }
}

/// Loads the images: the first `train` of the training part, the next `valid` ones, the first `test` of the
/// test part. Their classes are left out: see [`classes`].
///
/// # Errors
/// As [`facts`]; [`Error::Data`] too when there are fewer images than asked for.
pub fn load(config: &DataConfig) -> Result<Splits> {
    let places = Places::from_env();
    match resolve(config.dataset, &places) {
        Dataset::Mnist => mnist::load(config, &places),
        Dataset::Files => files::load(config),
        Dataset::Digits | Dataset::Auto => digits::load(config),
    }
}

/// The classes of the same images.
///
/// # Errors
/// As [`load`]; [`Error::Data`] too where classes are not known.
pub fn classes(config: &DataConfig) -> Result<Classes> {
    let places = Places::from_env();
    match resolve(config.dataset, &places) {
        Dataset::Mnist => mnist::classes(config, &places),
        Dataset::Files => Err(files::no_classes(config)),
        Dataset::Digits | Dataset::Auto => digits::classes(config),
    }
}

/// The first images of an IDX or `.npy` file, as many as are there, at most `count`.
///
/// # Errors
/// [`Error::Data`] when it is no such file or damaged.
pub fn first_of_file(path: &Path, count: usize) -> Result<Images> {
    Ok(files::read(path, count)?.first)
}

/// What `auto` stands for with these places.
fn resolve(dataset: Dataset, places: &Places) -> Dataset {
    match dataset {
        Dataset::Auto if mnist::have_images(places) => Dataset::Mnist,
        Dataset::Auto => Dataset::Digits,
        asked => asked,
    }
}

/// Refuses to give fewer images than asked for; paths and what is there: the training part, then the test part.
fn enough(config: &DataConfig, paths: [&Path; 2], available: [usize; 2]) -> Result<()> {
    let wanted = [
        (
            "data.train + data.valid",
            config.train.saturating_add(config.valid),
        ),
        ("data.test", config.test),
    ];
    for ((field, wanted), (path, available)) in
        wanted.into_iter().zip(paths.into_iter().zip(available))
    {
        if wanted > available {
            return Err(Error::Data {
                path: path.to_owned(),
                problem: format!("{field} asks for {wanted} images, {available} are there"),
                next: format!("lower {field}, or give a larger file"),
            });
        }
    }
    Ok(())
}

/// Divides the start of the training part into training and validation images.
fn split(config: &DataConfig, mut train: Images, test: Images) -> Splits {
    let valid = train.split_off(config.train);
    Splits {
        train,
        valid,
        test,
        classes: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn auto_is_mnist_where_both_image_files_are_and_digits_elsewhere() {
        let root = tempfile::tempdir().unwrap();
        let places = Places {
            folders: vec![root.path().to_owned()],
            cache: None,
        };
        for file in mnist::files().iter().take(2) {
            assert_eq!(resolve(Dataset::Auto, &places), Dataset::Digits);
            std::fs::write(root.path().join(format!("{}.gz", file.name)), b"").unwrap();
        }
        assert_eq!(resolve(Dataset::Auto, &places), Dataset::Mnist);
        assert_eq!(resolve(Dataset::Digits, &places), Dataset::Digits);
    }

    #[test]
    fn validation_images_follow_the_training_images() {
        let part = |values: &[f32]| Images {
            n: values.len(),
            h: 1,
            w: 1,
            pixels: values.to_vec(),
        };
        let config = DataConfig {
            train: 2,
            valid: 1,
            ..DataConfig::default()
        };
        let splits = split(&config, part(&[0.1, 0.2, 0.3]), part(&[0.4]));
        assert_eq!(splits.train, part(&[0.1, 0.2]));
        assert_eq!(splits.valid, part(&[0.3]));
        assert_eq!(splits.test, part(&[0.4]));
    }

    #[test]
    fn asking_for_more_than_there_is_names_the_field_and_both_numbers() {
        let config = DataConfig {
            train: 2,
            valid: 1,
            test: 3,
            ..DataConfig::default()
        };
        let enough = |available| enough(&config, ["a", "b"].map(Path::new), available);
        let reason = |available| enough(available).unwrap_err().to_string();
        let few = reason([2, 3]);
        assert!(
            few.starts_with("a: data.train + data.valid asks for 3 images, 2 are there"),
            "{few}"
        );
        let few = reason([3, 2]);
        assert!(
            few.starts_with("b: data.test asks for 3 images, 2 are there"),
            "{few}"
        );
        assert!(enough([3, 3]).is_ok());
    }
}
