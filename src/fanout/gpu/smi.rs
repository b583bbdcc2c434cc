//! GPUs as `nvidia-smi` tells of them.

use crate::fanout::ask::{Answer, ask, first_line};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What is asked, in this order. `compute_cap` is last: drivers before 510 do not know it.
const FIELDS: &str =
    "index,uuid,name,driver_version,memory.total,memory.used,utilization.gpu,compute_cap";

/// Longer than a driver takes that has to wake its GPUs first.
const PATIENCE: Duration = Duration::from_secs(30);

/// No name of a model, driver or GPU is longer.
const LONGEST: usize = 96;

/// One GPU.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Gpu {
    /// Its number, in the order of the bus.
    pub number: usize,
    /// `GPU-…`.
    pub uuid: String,
    /// "Tesla V100-SXM2-32GB".
    pub model: String,
    /// The driver's version.
    pub driver: String,
    /// Its memory, in MiB.
    pub memory_mib: Option<u64>,
    /// What is in use of it, by anybody.
    pub used_mib: Option<u64>,
    /// Percent of the last moments in which some kernel ran.
    pub utilisation: Option<f64>,
    /// "7.0".
    pub capability: Option<String>,
}

/// The GPUs of this machine, as far as this process may use them.
///
/// # Errors
/// In words, why there are none.
pub fn list() -> Result<Vec<Gpu>, String> {
    let query = |fields: &str| {
        let arguments = [
            format!("--query-gpu={fields}"),
            "--format=csv,noheader,nounits".to_owned(),
        ];
        ask("nvidia-smi", &arguments, PATIENCE)
    };
    let answer = match query(FIELDS) {
        // It names unknown fields, on either output.
        Answer::Failed(why) if why.is_empty() || why.contains("compute_cap") => {
            query(FIELDS.trim_end_matches(",compute_cap"))
        }
        answer => answer,
    };
    told(&answer)
}

fn told(answer: &Answer) -> Result<Vec<Gpu>, String> {
    match answer {
        Answer::Missing => Err("there is no nvidia-smi here".into()),
        Answer::TimedOut => Err("nvidia-smi does not answer".into()),
        Answer::Failed(why) => Err(format!("nvidia-smi fails: {}", plain(first_line(why)))),
        Answer::Printed(text) => match parse(text) {
            none if none.is_empty() => Err("nvidia-smi lists no GPU".into()),
            gpus => Ok(gpus),
        },
    }
}

/// Reads the list. Lines that tell of no GPU are passed over.
pub fn parse(text: &str) -> Vec<Gpu> {
    text.lines().filter_map(line).collect()
}

fn line(line: &str) -> Option<Gpu> {
    let fields: Vec<&str> = line.split(", ").map(str::trim).collect();
    let (&[index, uuid, model, driver, total, used, utilisation], rest) =
        fields.split_first_chunk()?;
    let capability = match rest {
        [] => None,
        [capability] => Some(*capability),
        _ => return None,
    };
    let number = index.parse().ok().filter(|number| *number < 1024)?;
    let known = |text: &str| !text.is_empty() && !text.starts_with('[');
    if !known(model) || !is_name(uuid) {
        return None;
    }
    let mib = |text: &str| text.parse().ok().filter(|mib| *mib < 1 << 32);
    Some(Gpu {
        number,
        uuid: plain(uuid),
        model: plain(model),
        driver: plain(driver),
        memory_mib: mib(total),
        used_mib: mib(used),
        utilisation: utilisation
            .parse()
            .ok()
            .filter(|percent| (0.0..=100.0).contains(percent)),
        capability: capability
            .filter(|text| is_version(text))
            .map(str::to_owned),
    })
}

fn is_name(text: &str) -> bool {
    let holds = |c: char| c.is_ascii_alphanumeric() || c == '-';
    (1..=LONGEST).contains(&text.len()) && text.chars().all(holds)
}

/// `7.0`.
fn is_version(text: &str) -> bool {
    let digits =
        |part: &str| (1..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    text.split_once('.')
        .is_some_and(|(major, minor)| digits(major) && digits(minor))
}

/// What any program may say, made fit for records and terminals: short, and printable ASCII.
fn plain(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            ' '..='~' => c,
            _ => '?',
        })
        .take(LONGEST)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The format is that of NVIDIA's documentation of `nvidia-smi --query-gpu`; no GPU was asked.
    const V100: &str = "0, GPU-5c0f3a1e-9a31-2b67-8a0d-2f6d1c7e4b90, Tesla V100-SXM2-32GB, 525.85.12, 32768, 3, 0, 7.0";
    const A100: &str = "1, GPU-0a1b2c3d-1111-2222-3333-444455556666, NVIDIA A100-SXM4-80GB, 535.129.03, 81920, 1024, 97, 8.0";
    const H200: &str = "2, GPU-ffffffff-1111-2222-3333-444455556666, NVIDIA H200, 570.86.15, 143771, 0, [N/A], 9.0";

    #[test]
    fn the_gpus_of_three_generations_are_read() {
        let gpus = parse(&format!("{V100}\n{A100}\r\n{H200}\n"));
        let facts: Vec<_> = gpus
            .iter()
            .map(|gpu| {
                (
                    gpu.number,
                    gpu.model.as_str(),
                    gpu.driver.as_str(),
                    gpu.memory_mib,
                    gpu.used_mib,
                    gpu.utilisation,
                    gpu.capability.as_deref(),
                )
            })
            .collect();
        assert_eq!(
            facts,
            [
                (
                    0,
                    "Tesla V100-SXM2-32GB",
                    "525.85.12",
                    Some(32_768),
                    Some(3),
                    Some(0.0),
                    Some("7.0")
                ),
                (
                    1,
                    "NVIDIA A100-SXM4-80GB",
                    "535.129.03",
                    Some(81_920),
                    Some(1024),
                    Some(97.0),
                    Some("8.0")
                ),
                (
                    2,
                    "NVIDIA H200",
                    "570.86.15",
                    Some(143_771),
                    Some(0),
                    None,
                    Some("9.0")
                ),
            ]
        );
    }

    #[test]
    fn an_old_driver_tells_no_compute_capability() {
        let old = V100.trim_end_matches(", 7.0");
        let gpus = parse(old);
        assert_eq!((gpus.len(), &gpus[0].capability), (1, &None));
    }

    #[test]
    fn what_is_no_gpu_is_passed_over_and_what_is_hostile_stays_short_and_plain() {
        for text in [
            "",
            "No devices were found",
            "0",
            ", , , , , , , ",
            "-1, GPU-a, X, 1, 1, 1, 1, 7.0",
            "99999999999999999999, GPU-a, X, 1, 1, 1, 1, 7.0",
            "0, GPU-a, [Unknown Error], 1, 1, 1, 1, 7.0",
            "0, ../../x, X, 1, 1, 1, 1, 7.0",
            "0, GPU-a, X, 1, 1, 1, 1, 7.0, more",
        ] {
            assert_eq!(parse(text), [], "{text}");
        }
        let long = "x".repeat(10_000);
        let gpus = parse(&format!(
            "0, GPU-a, \u{1b}[2J{long}\u{202e}, d\u{7}, -5, 1e400, 1000, 7.0.1"
        ));
        let gpu = &gpus[0];
        assert_eq!((gpu.model.len(), gpu.driver.as_str()), (LONGEST, "d?"));
        assert!(gpu.model.starts_with("?[2Jxxx"));
        assert_eq!(
            (gpu.memory_mib, gpu.used_mib, gpu.utilisation),
            (None, None, None)
        );
        assert_eq!(gpu.capability, None);
    }

    #[test]
    fn that_there_is_none_is_told_in_words() {
        let why = |answer| told(&answer).expect_err("none");
        assert_eq!(why(Answer::Missing), "there is no nvidia-smi here");
        assert_eq!(
            why(Answer::Printed(String::new())),
            "nvidia-smi lists no GPU"
        );
        let failed =
            "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.\u{1b}";
        assert!(why(Answer::Failed(failed.into())).ends_with("NVIDIA driver.?"));
    }
}
