//! Values that are right one by one and wrong together.

use super::{Aim, Arch, Dataset, Residual, Rule, Select, Space, Tap, TaskKind, TrialConfig};

/// Values that do not fit together, found only when all of them are known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The field to blame.
    pub path: &'static str,
    /// What is wrong.
    pub problem: String,
}

impl Conflict {
    /// A conflict at a field.
    pub fn new(path: &'static str, problem: impl Into<String>) -> Self {
        Self {
            path,
            problem: problem.into(),
        }
    }
}

impl TrialConfig {
    /// Checks that hold between fields, for images of the given height and width.
    pub fn conflicts(&self, image: [usize; 2]) -> Vec<Conflict> {
        let mut found = match (self.task, self.model.arch) {
            (TaskKind::Denoise | TaskKind::Restore, Arch::Autoencoder) => {
                self.autoencoder_conflicts(image)
            }
            (TaskKind::Classify, Arch::Resnet | Arch::Cnn) => {
                halving_conflicts(self.model.arch, image)
            }
            (TaskKind::Diffuse, Arch::Unet) => self.unet_conflicts(image),
            (TaskKind::Classify, Arch::Mlp)
            | (TaskKind::Gate, Arch::Gate)
            | (TaskKind::Sequence, Arch::Attention) => Vec::new(),
            (task, arch) => {
                let fits: Vec<_> = answers(task).iter().map(|arch| arch.name()).collect();
                let problem = format!(
                    "{} does not answer the task {}, which takes {}",
                    arch.name(),
                    task.name(),
                    fits.join(" or ")
                );
                vec![Conflict::new("model.arch", problem)]
            }
        };
        if self.task == TaskKind::Restore && self.noise.start > self.noise.levels {
            let problem = format!("starts above the last of {} levels", self.noise.levels);
            found.push(Conflict::new("noise.start", problem));
        }
        if self.iterate.passes > 1
            && self.iterate.rule == Rule::Cold
            && (self.task, self.noise.aim) != (TaskKind::Restore, Aim::Clean)
        {
            let problem = "cold needs a network that predicts the clean image from every level: task: restore with noise.aim: clean";
            found.push(Conflict::new("iterate.rule", problem));
        }
        if self.task == TaskKind::Restore
            && self.iterate.rule == Rule::Cold
            && self.iterate.passes > self.noise.start.max(1)
        {
            let problem = format!(
                "cold is back at the clean image after noise.start = {} passes",
                self.noise.start
            );
            found.push(Conflict::new("iterate.passes", problem));
        }
        let resnet_only = matches!(
            self.model.residual,
            Residual::PreActivation | Residual::Concat
        );
        if resnet_only && self.model.arch != Arch::Resnet {
            let problem = format!("{} is a shortcut of resnet", self.model.residual.name());
            found.push(Conflict::new("model.residual", problem));
        }
        let remedy = match self.task.reads_images() {
            true => ": set data.valid".to_owned(),
            false => format!(", which the task {} does not have", self.task.name()),
        };
        if self.data.valid == 0 || !self.task.reads_images() {
            if self.train.select == Select::BestValid {
                let problem = format!("best_valid needs validation images{remedy}");
                found.push(Conflict::new("train.select", problem));
            }
            if self.train.patience.is_some() {
                let problem = format!("early stopping needs validation images{remedy}");
                found.push(Conflict::new("train.patience", problem));
            }
        }
        found
    }

    fn autoencoder_conflicts(&self, [height, width]: [usize; 2]) -> Vec<Conflict> {
        let model = &self.model;
        let levels = model.widths.len();
        let halves = |side: usize| side >> levels << levels == side && side >> levels > 0;
        if !halves(height) || !halves(width) {
            let problem = format!(
                "{levels} widths halve the image {levels} times, but {height}×{width} does not halve exactly that often"
            );
            return vec![Conflict::new("model.widths", problem)];
        }
        let mut found = Vec::new();
        if let Some(decoder) = &model.decoder
            && decoder.len() != levels
        {
            let problem = format!(
                "expected {levels} entries, one for each of model.widths, found {}",
                decoder.len()
            );
            found.push(Conflict::new("model.decoder", problem));
        }
        let allowed = self.skip_resolutions(height);
        for at in model.skip.at.iter().filter(|at| !allowed.contains(at)) {
            let problem = format!(
                "no map of height {at} can be joined here; possible with tap {}: {allowed:?}",
                model.skip.tap.name()
            );
            found.push(Conflict::new("model.skip.at", problem));
        }
        if !model.skip.at.is_sorted_by(|a, b| a < b) {
            let problem = "write each resolution once, smallest first";
            found.push(Conflict::new("model.skip.at", problem));
        }
        found
    }

    /// Height and width of what a diffusion network sees, for images of this size: the canvas, or the autoencoder's latents
    /// padded to 8×8.
    pub fn diffused(&self, image: [usize; 2]) -> [usize; 2] {
        match (self.diffusion.space, self.diffusion.canvas) {
            (Space::Latent, _) => [8, 8],
            (Space::Pixel, Some(side)) => [side, side],
            (Space::Pixel, None) => image,
        }
    }

    fn unet_conflicts(&self, image: [usize; 2]) -> Vec<Conflict> {
        let mut found = Vec::new();
        let size = self.diffused(image);
        let levels = self.model.widths.len();
        let fits =
            |side: usize| side >> (levels - 1) << (levels - 1) == side && side >> (levels - 1) > 0;
        if !size.into_iter().all(fits) {
            let problem = format!(
                "{levels} widths halve the maps {} times, but {}×{} do not halve exactly that often",
                levels - 1,
                size[0],
                size[1]
            );
            found.push(Conflict::new("model.widths", problem));
            return found;
        }
        if size
            .iter()
            .zip(image)
            .any(|(side, image)| self.diffusion.space == Space::Pixel && *side < image)
        {
            let problem = "is smaller than the images";
            found.push(Conflict::new("diffusion.canvas", problem));
        }
        if self.diffusion.space == Space::Latent && image != [28, 28] {
            let problem = "latents are made of images of 28×28";
            found.push(Conflict::new("diffusion.space", problem));
        }
        let heights: Vec<usize> = (0..levels).rev().map(|level| size[0] >> level).collect();
        for (path, at) in [
            ("model.skip.at", &self.model.skip.at),
            ("model.attention_at", &self.model.attention_at),
        ] {
            if let Some(wrong) = at.iter().find(|at| !heights.contains(at)) {
                let problem = format!("there is no map of height {wrong}; possible: {heights:?}");
                found.push(Conflict::new(path, problem));
            }
            if !at.is_sorted_by(|a, b| a < b) {
                found.push(Conflict::new(
                    path,
                    "write each resolution once, smallest first",
                ));
            }
        }
        found
    }

    /// Paths that `dataset: files` needs and that are not there: to be checked before the images are looked at.
    pub fn missing_paths(&self) -> Vec<Conflict> {
        let paths = [
            ("data.train_images", &self.data.train_images),
            ("data.test_images", &self.data.test_images),
        ];
        let missing = |(_, value): &(_, &String)| {
            self.task.reads_images() && self.data.dataset == Dataset::Files && value.is_empty()
        };
        let conflict = |(path, _)| Conflict::new(path, "dataset: files needs this path");
        paths.into_iter().filter(missing).map(conflict).collect()
    }

    /// The resolutions (heights) at which a skip can join, for images of this height, smallest first.
    pub fn skip_resolutions(&self, height: usize) -> Vec<usize> {
        let levels = self.model.widths.len();
        let smallest = height >> levels;
        (0..=levels)
            .map(|level| smallest << level)
            .filter(|&at| match self.model.skip.tap {
                Tap::BeforePool => at > smallest,
                Tap::AfterPool => at < height && (at > smallest || self.model.bottleneck.is_some()),
            })
            .collect()
    }
}

/// The networks that a task can train.
fn answers(task: TaskKind) -> &'static [Arch] {
    match task {
        TaskKind::Denoise | TaskKind::Restore => &[Arch::Autoencoder],
        TaskKind::Classify => &[Arch::Resnet, Arch::Mlp, Arch::Cnn],
        TaskKind::Diffuse => &[Arch::Unet],
        TaskKind::Gate => &[Arch::Gate],
        TaskKind::Sequence => &[Arch::Attention],
    }
}

/// Its one pool halves the image; before it the two convolutions of a cnn cut two pixels off each side.
fn halving_conflicts(arch: Arch, [height, width]: [usize; 2]) -> Vec<Conflict> {
    let name = arch.name();
    if height % 2 != 0 || width % 2 != 0 {
        let problem =
            format!("{name} halves the image, but {height}×{width} does not halve exactly");
        return vec![Conflict::new("model.arch", problem)];
    }
    let least = match arch {
        Arch::Cnn => 6,
        _ => 2,
    };
    if height < least || width < least {
        let problem =
            format!("{name} needs images of {least}×{least} or more, these are {height}×{width}");
        return vec![Conflict::new("model.arch", problem)];
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_that_do_not_halve_are_conflicts() {
        let mut config = TrialConfig::default();
        assert_eq!(config.conflicts([28, 28]), []);
        assert_eq!(config.conflicts([28, 30])[0].path, "model.widths");
        config.model.widths = vec![8; 3];
        assert_eq!(config.conflicts([28, 28])[0].path, "model.widths");
    }

    #[test]
    fn skips_join_only_where_there_is_a_map() {
        let mut config = TrialConfig::default();
        assert_eq!(config.skip_resolutions(28), [14, 28]);
        config.model.skip.tap = Tap::AfterPool;
        assert_eq!(config.skip_resolutions(28), [7, 14]);
        config.model.bottleneck = None;
        assert_eq!(config.skip_resolutions(28), [14]);
        config.model.skip.at = vec![28];
        assert!(config.conflicts([28, 28])[0].problem.contains("[14]"));
    }

    #[test]
    fn a_network_that_does_not_answer_the_task_is_a_conflict() {
        let mut config = TrialConfig::default();
        let of = |config: &TrialConfig, image| {
            let found = config.conflicts(image);
            found
                .iter()
                .map(|conflict| conflict.path)
                .collect::<Vec<_>>()
        };
        config.task = TaskKind::Classify;
        assert_eq!(of(&config, [28, 28]), ["model.arch"]);
        config.model.arch = Arch::Resnet;
        config.model.widths = vec![8; 3];
        assert_eq!(of(&config, [28, 28]), [""; 0], "it has no widths");
        assert_eq!(of(&config, [28, 27]), ["model.arch"]);
        assert_eq!(of(&config, [4, 4]), [""; 0]);
        config.model.arch = Arch::Cnn;
        assert_eq!(
            of(&config, [4, 28]),
            ["model.arch"],
            "nothing is left of it"
        );
        assert_eq!(of(&config, [6, 6]), [""; 0]);
        config.model.arch = Arch::Resnet;
        config.task = TaskKind::Denoise;
        assert_eq!(of(&config, [28, 28]), ["model.arch"]);
    }
}
