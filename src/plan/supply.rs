//! What a point asks of its data set and does not find there.

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

/// More images asked for than there are.
pub(super) fn shortages(config: &TrialConfig, facts: &DataFacts) -> Vec<Conflict> {
    let data = &config.data;
    let mut out = Vec::new();
    if !config.task.reads_images() {
        return out;
    }
    let diffuses = config.task == TaskKind::Diffuse;
    if diffuses && config.generate.images > data.test.min(data.train) {
        let problem = format!(
            "{} generated images are to be compared with as many test and training images, but data.test is {} and data.train {}",
            config.generate.images, data.test, data.train
        );
        let path = "generate.images";
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
