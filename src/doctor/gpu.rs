//! GPUs and their driver, as nvidia-smi sees them.

use super::Finding;
use crate::error::ExitCode;
use crate::fanout::ask::{Answer, ask, first_line};
use std::time::Duration;

const TOPIC: &str = "gpu";
const QUERY: [&str; 2] = [
    "--query-gpu=name,memory.total,driver_version",
    "--format=csv,noheader",
];

/// The GPUs of this machine.
pub fn check() -> Vec<Finding> {
    verdicts(&ask("nvidia-smi", &QUERY, Duration::from_secs(30)))
}

fn verdicts(answer: &Answer) -> Vec<Finding> {
    let broken = |found: String| {
        let mend = "ask for a GPU (`--gpus`), or see why the driver does not answer: `nvidia-smi`";
        vec![Finding::problem(TOPIC, ExitCode::Machine, found, mend)]
    };
    match answer {
        Answer::Missing => vec![Finding::ok(
            TOPIC,
            "none here; trials train on the processor",
        )],
        Answer::TimedOut => broken("nvidia-smi does not answer".into()),
        Answer::Failed(why) => broken(format!("nvidia-smi fails: {}", first_line(why))),
        Answer::Printed(text) if text.is_empty() => broken("a driver, but no GPU".into()),
        Answer::Printed(text) => text.lines().map(gpu).collect(),
    }
}

fn gpu(line: &str) -> Finding {
    match line.split(", ").collect::<Vec<_>>()[..] {
        [name, memory, driver] => Finding::ok(TOPIC, format!("{name}, {memory}, driver {driver}")),
        _ => Finding::ok(TOPIC, line),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;

    #[test]
    fn a_machine_without_gpus_is_fine_and_a_broken_driver_is_not() {
        let verdict = |answer| verdicts(&answer)[0].verdict;
        assert_eq!(verdict(Answer::Missing), Verdict::Ok);
        let broken = [
            Answer::TimedOut,
            Answer::Failed("no driver".into()),
            Answer::Printed(String::new()),
        ];
        for answer in broken {
            assert_eq!(verdict(answer), Verdict::Problem(ExitCode::Machine));
        }
    }

    #[test]
    fn each_gpu_has_its_line() {
        let text = "Tesla V100-SXM2-32GB, 32768 MiB, 525.85.12\nsomething else";
        let findings = verdicts(&Answer::Printed(text.into()));
        assert_eq!(
            findings[0].found,
            "Tesla V100-SXM2-32GB, 32768 MiB, driver 525.85.12"
        );
        assert_eq!(findings[1].found, "something else");
    }
}
