//! What a point asks of its data set and does not find there.

use super::artefact::{Artefact, Role};
use crate::config::{Conflict, DataFacts, Dataset, TaskKind, TrialConfig};

/// Images of a task that needs classes, without any.
pub(super) fn without_classes(config: &TrialConfig, facts: &DataFacts) -> Option<Conflict> {
    if !config.task.reads_classes() || facts.classes {
        return None;
    }
    let remedy = match facts.dataset {
        Dataset::Mnist => "its label files were not found: run `ablate data fetch mnist`",
        _ => "take mnist or digits",
    };
    let problem = format!(
        "the task {} needs the class of every image, which {} does not give; {remedy}",
        config.task.name(),
        facts.dataset.name()
    );
    Some(Conflict {
        path: "data.dataset",
        problem,
    })
}

/// What a network that is trained first asks of the images, blamed on what asks for that network.
pub(super) fn before(first: &Artefact, facts: &DataFacts) -> Vec<Conflict> {
    let path = match first.role {
        Role::Judge => "generate.images",
        Role::Codec => "diffusion.space",
    };
    let mut found = first.config.conflicts(facts.image);
    found.extend(without_classes(&first.config, facts));
    let blamed = |conflict: Conflict| Conflict {
        path,
        problem: format!(
            "for this {} is trained first: {}",
            first.role.description(),
            conflict.problem
        ),
    };
    found.into_iter().map(blamed).collect()
}

/// More images asked for than there are.
pub(super) fn shortages(config: &TrialConfig, facts: &DataFacts) -> Vec<Conflict> {
    let data = &config.data;
    let mut out = Vec::new();
    if !config.task.reads_images() {
        return out;
    }
    let diffuses = config.task == TaskKind::Diffuse;
    if diffuses && config.generate.images > data.test / 2 {
        let problem = format!(
            "{} generated images are compared with as many test images, and those with as many others, but data.test is {}: \
             at most {} can be",
            config.generate.images,
            data.test,
            data.test / 2
        );
        let path = "generate.images";
        out.push(Conflict { path, problem });
    }
    if diffuses && config.diffusion.bits_images > data.test {
        let problem = format!(
            "the bits of more images than data.test, {}, are asked for",
            data.test
        );
        let path = "diffusion.bits_images";
        out.push(Conflict { path, problem });
    }
    let wanted = data.train.saturating_add(data.valid);
    if wanted > facts.train_available {
        let problem = format!(
            "{} training and {} validation images are asked for, but {} has {}",
            data.train,
            data.valid,
            facts.dataset.name(),
            facts.train_available
        );
        let path = if data.valid > data.train {
            "data.valid"
        } else {
            "data.train"
        };
        out.push(Conflict { path, problem });
    }
    if data.test > facts.test_available {
        let (name, has) = (facts.dataset.name(), facts.test_available);
        let problem = format!(
            "{} test images are asked for, but {name} has {has}",
            data.test
        );
        out.push(Conflict {
            path: "data.test",
            problem,
        });
    }
    out
}
