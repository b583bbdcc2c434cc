//! From a file to a profile that can be relied on: every value is checked that will stand in a script or a sum.

use super::{Partition, Profile, in_scratch};
use crate::error::{Error, Result};
use crate::harmless::harmless;
use crate::slurm::allowed::Allowed;
use crate::sweep::quote;
use std::io::Read as _;
use std::path::Path;

/// The profiles that are part of the program.
const BUILT_IN: [(&str, &str); 2] = [
    ("expanse", include_str!("../../../slurm/expanse.yaml")),
    ("local", include_str!("../../../slurm/local.yaml")),
];

/// Largest profile: 64 KiB.
const LARGEST: u64 = 1 << 16;

impl Profile {
    /// A built-in profile by its name, or one from a file (a name with a slash or `.yaml`).
    ///
    /// # Errors
    /// When there is none, or it is wrong.
    pub fn find(named: &str) -> Result<Self> {
        if let Some((name, text)) = BUILT_IN.iter().find(|(name, _)| *name == named) {
            return Self::parse(&format!("slurm/{name}.yaml"), text);
        }
        if !named.contains('/') && !named.ends_with(".yaml") {
            let names = BUILT_IN.map(|(name, _)| name);
            return Err(Error::Usage {
                problem: format!("there is no profile {}", quote(named)),
                next: format!("take {}, or the path of a YAML file", names.join(" or ")),
            });
        }
        let path = Path::new(named);
        let mut text = String::new();
        std::fs::File::open(path)
            .and_then(|file| file.take(LARGEST + 1).read_to_string(&mut text))
            .map_err(|error| Error::Usage {
                problem: format!("cannot read the profile {}: {error}", quote(named)),
                next: "check the path; slurm/expanse.yaml is one to copy".into(),
            })?;
        if text.len() as u64 > LARGEST {
            return Err(Error::Usage {
                problem: format!("the profile {} is larger than 64 KiB", quote(named)),
                next: "check the path; slurm/expanse.yaml is one to copy".into(),
            });
        }
        Self::parse(named, &text)
    }

    /// Checks the text of a profile; `file` is its name in messages.
    ///
    /// # Errors
    /// [`Error::Sweep`] with file:line:column; [`Error::Usage`] for values that cannot go into a script.
    pub fn parse(file: &str, text: &str) -> Result<Self> {
        let options = serde_yaml::options! {
            duplicate_keys: serde_yaml::DuplicateKeyPolicy::Error,
            strict_booleans: true,
            with_snippet: false,
        };
        let profile: Self = serde_yaml::from_str_with_options(text, options).map_err(|error| {
            let (line, column) = error
                .location()
                .map_or((1, 1), |at| (at.line(), at.column()));
            let message = error.to_string();
            let end = message.find(" at line ").unwrap_or(message.len());
            let text = format!("{file}:{line}:{column}: {}", &message[..end]);
            Error::Sweep(harmless(&text))
        })?;
        profile
            .check()
            .map_err(|problem| Error::Sweep(format!("{}: {problem}", harmless(file))))?;
        Ok(profile)
    }

    /// Whatever goes into a script is on its allow-list, and numbers make sense.
    fn check(&self) -> std::result::Result<(), String> {
        let allow = |kind: Allowed, value: &str| {
            kind.check(value)
                .map(drop)
                .map_err(|error| error.to_string())
        };
        allow(Allowed::PROFILE, &self.name)?;
        allow(Allowed::RESULTS, &self.results.replace("{user}", "user"))?;
        if let Some(scratch) = &self.scratch {
            allow(Allowed::PATH, &in_scratch(scratch, "user", "1"))?;
        }
        self.modules
            .iter()
            .chain(&self.cuda_modules)
            .try_for_each(|module| allow(Allowed::MODULE, module))?;
        for (name, value) in &self.environment {
            allow(Allowed::VARIABLE, name)?;
            allow(Allowed::VALUE, value)?;
        }
        let price = |su: f64| (0.0..1e6).contains(&su);
        if !price(self.minimum_su) {
            return Err("minimum_su: expected a number from 0 to 1e6".into());
        }
        if self.partitions.is_empty() {
            return Err("partitions: expected at least one".into());
        }
        for (name, partition) in &self.partitions {
            allow(Allowed::PARTITION, name)?;
            partition
                .check()
                .map_err(|problem| format!("partitions.{name}.{problem}"))?;
            if !price(partition.charge) {
                return Err(format!(
                    "partitions.{name}.charge: expected a number from 0 to 1e6"
                ));
            }
        }
        Ok(())
    }
}

impl Partition {
    fn check(&self) -> std::result::Result<(), String> {
        // Bounds that keep every product of them a number.
        let within = |n: Option<u32>, most: u32| n.is_some_and(|n| (1..=most).contains(&n));
        if !within(Some(self.nodes), 100_000) || !within(Some(self.cores.per_node), 4096) {
            return Err("nodes, cores.per_node: expected 1 to 100000 and 1 to 4096".into());
        }
        let Some(gpu) = &self.gpu else {
            return match within(self.memory_mb.per_core, 1_000_000) {
                true => Ok(()),
                false => Err("memory_mb.per_core: expected 1 to 1000000".into()),
            };
        };
        if !within(self.cores.per_gpu, 4096) || !within(self.memory_mb.per_gpu, 16_000_000) {
            return Err(
                "cores.per_gpu, memory_mb.per_gpu: expected 1 to 4096 and 1 to 16000000".into(),
            );
        }
        if !within(Some(gpu.per_node), 64) || !within(Some(gpu.per_job), 4096) {
            return Err("gpu: expected per_node from 1 to 64, per_job from 1 to 4096".into());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::slurm::profile::Requeue;

    const LOCAL: &str = BUILT_IN[1].1;

    /// Oracle: shared/reference/cluster.md.
    #[test]
    fn expanse_is_as_its_training_material_says() {
        let expanse = Profile::find("expanse").expect("built in");
        let facts = |name: &str| {
            let partition = expanse.partition(name).expect("there");
            let gpus = partition.gpu.as_ref().expect("GPUs");
            let Partition {
                walltime,
                nodes,
                running,
                queued,
                charge,
                ..
            } = partition;
            let hours = walltime.hours();
            (
                hours,
                *nodes,
                gpus.per_job,
                running.jobs,
                queued.jobs,
                queued.gpus,
                *charge,
            )
        };
        assert_eq!(
            facts("gpu-shared"),
            (48.0, 1, 3, Some(24), Some(24), Some(24), 1.0)
        );
        assert_eq!(facts("gpu"), (48.0, 4, 16, Some(4), Some(8), Some(32), 1.0));
        assert_eq!(facts("gpu-debug"), (0.5, 2, 2, Some(1), Some(2), None, 1.0));
        assert_eq!(
            facts("gpu-preempt"),
            (168.0, 1, 4, None, Some(24), Some(24), 0.8)
        );
        let preempt = expanse.partition("gpu-preempt").expect("there");
        assert_eq!(expanse.requeue(preempt), Requeue::Allowed);
        assert_eq!(expanse.requeue, Requeue::Refused);
    }

    #[test]
    fn every_built_in_profile_is_right() {
        for (name, _) in BUILT_IN {
            assert_eq!(Profile::find(name).expect("right").name, name);
        }
    }

    #[test]
    fn a_wrong_profile_is_refused_with_its_place() {
        let refused = |from: &str, to: &str| {
            let text = LOCAL.replacen(from, to, 1);
            assert_ne!(text, LOCAL);
            Profile::parse("site.yaml", &text).unwrap_err().to_string()
        };
        let line = 1 + LOCAL
            .lines()
            .position(|l| l == "account: optional")
            .expect("there");
        let unknown = refused("account: optional", "acount: optional");
        assert!(
            unknown.contains(&format!("site.yaml:{line}:")) && unknown.contains("acount"),
            "{unknown}"
        );
        for (from, to) in [
            ("account: optional", "account: maybe"),
            ("account: optional", "account: optional\naccount: required"),
            ("\"48:00:00\"", "for ever"),
            ("nodes: 1", "nodes: 0"),
            ("nodes: 1", "nodes: -1"),
            ("charge: 0.0", "charge: .nan"),
            ("requeue: false", "requeue: no"),
            ("modules: []", "modules: []\nmps: yes"),
        ] {
            let said = refused(from, to);
            assert!(said.starts_with("site.yaml:"), "{to}: {said}");
        }
    }

    #[test]
    fn what_would_have_a_meaning_in_a_script_is_refused() {
        for (from, to) in [
            ("results: results", "results: \"$(touch CANARY)\""),
            ("modules: []", "modules: [\"gcc; touch CANARY\"]"),
            ("environment: {}", "environment: { A: \"`touch CANARY`\" }"),
            ("environment: {}", "environment: { \"A B\": x }"),
            (
                "modules: []",
                "modules: []\ncuda_modules: [\"$(touch CANARY)\"]",
            ),
            (
                "modules: []",
                "modules: []\nscratch: \"/scratch/$(touch CANARY)\"",
            ),
            ("modules: []", "modules: []\nscratch: scratch"),
            ("name: local", "name: \"a\\n#SBATCH -A x\""),
            ("  gpu:", "  \"gpu\\n#SBATCH\":"),
        ] {
            let text = LOCAL.replacen(from, to, 1);
            assert_ne!(text, LOCAL, "{from}");
            assert!(Profile::parse("site.yaml", &text).is_err(), "{to}");
        }
    }

    #[test]
    fn unknown_profiles_and_partitions_are_refused_with_what_there_is() {
        let text = Profile::find("expense").unwrap_err().to_string();
        assert!(text.contains("expanse or local"), "{text}");
        let expanse = Profile::find("expanse").expect("built in");
        let text = expanse.partition("gpu_shared").unwrap_err().to_string();
        assert!(text.contains("did you mean gpu-shared?"), "{text}");
    }
}
