//! The machine and the build that train a trial, as its record names them. Of the environment only what is named here: it may
//! hold secrets.

use super::fault;
use super::gpu::smi::Gpu;
use crate::plan::Device;
use std::collections::BTreeMap;
use std::fs::read_to_string;

/// Host name; "unknown" where the system does not tell.
pub fn host() -> String {
    read_to_string("/proc/sys/kernel/hostname")
        .map_or_else(|_| "unknown".to_owned(), |name| name.trim().to_owned())
}

/// The GPU of a worker.
#[derive(Clone, Debug, PartialEq)]
pub struct OwnGpu {
    /// Its number among those that the worker sees.
    pub number: usize,
    /// What its supervisor knows of it, by nvidia-smi; nothing of a part of a GPU.
    pub known: Option<Gpu>,
}

impl OwnGpu {
    /// What a record says of it. What nvidia-smi does not tell is left out. Whether the same trial gives the same bits
    /// again here was not tried, and is not assumed.
    fn facts(&self) -> BTreeMap<String, String> {
        let known = self.known.clone().unwrap_or_default();
        let mib = known.memory_mib.map(|mib| mib.to_string());
        let pretended =
            fault::pretends_gpu().then(|| "it was the processor (ABLATE_FAULT)".to_owned());
        let facts = [
            ("gpu", Some(self.number.to_string())),
            ("gpu_model", Some(known.model)),
            ("gpu_driver", Some(known.driver)),
            ("gpu_memory_mib", mib),
            ("gpu_compute_capability", known.capability),
            ("gpu_deterministic", Some("not measured".to_owned())),
            ("gpu_pretended", pretended),
        ];
        let told = facts.into_iter().filter_map(|(name, value)| {
            let value = value.filter(|value| !value.is_empty())?;
            Some((name.to_owned(), value))
        });
        told.collect()
    }
}

/// The environment map of a record.
pub fn environment(threads: usize, gpu: Option<&OwnGpu>) -> BTreeMap<String, String> {
    let device = match gpu {
        Some(_) => Device::Cuda,
        None => Device::Cpu,
    };
    let system = read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    [
        ("host", host()),
        ("cpu", cpu()),
        ("os", format!("{} {}", std::env::consts::OS, system.trim())),
        ("arch", std::env::consts::ARCH.to_owned()),
        ("threads", threads.to_string()),
        ("device", device.name().to_owned()),
        ("ablate_version", env!("CARGO_PKG_VERSION").to_owned()),
        ("git_rev", env!("ABLATE_GIT_REV").to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into_iter()
    .chain(place())
    .chain(gpu.map(OwnGpu::facts).unwrap_or_default())
    .collect()
}

/// The Slurm job that this process is part of, and how often Slurm started it again.
fn place() -> impl Iterator<Item = (String, String)> {
    let named = [
        ("slurm_job_id", "SLURM_JOB_ID"),
        ("slurm_restart_count", "SLURM_RESTART_COUNT"),
    ];
    named.into_iter().filter_map(|(name, variable)| {
        let value = std::env::var(variable).ok()?;
        let number = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
        number.then(|| (name.to_owned(), value))
    })
}

/// Model name of the first processor.
fn cpu() -> String {
    let info = read_to_string("/proc/cpuinfo").unwrap_or_default();
    let line = info.lines().find(|line| line.starts_with("model name"));
    let name = line.and_then(|line| line.split_once(':'));
    name.map_or("unknown", |(_, name)| name.trim()).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_names_the_gpu_and_what_was_not_measured() {
        let known = Gpu {
            model: "Tesla V100-SXM2-32GB".into(),
            driver: "525.85.12".into(),
            memory_mib: Some(32_768),
            capability: Some("7.0".into()),
            ..Gpu::default()
        };
        let of = |known| environment(1, Some(&OwnGpu { number: 1, known }));
        let facts = of(Some(known));
        for (name, value) in [
            ("device", "cuda"),
            ("gpu", "1"),
            ("gpu_model", "Tesla V100-SXM2-32GB"),
            ("gpu_driver", "525.85.12"),
            ("gpu_memory_mib", "32768"),
            ("gpu_compute_capability", "7.0"),
            ("gpu_deterministic", "not measured"),
        ] {
            assert_eq!(facts.get(name).map(String::as_str), Some(value), "{name}");
        }
        assert!(!of(None).contains_key("gpu_model"));
        let plain = environment(1, None);
        assert_eq!(plain.get("device").map(String::as_str), Some("cpu"));
        assert!(!plain.keys().any(|name| name.starts_with("gpu")));
    }
}
