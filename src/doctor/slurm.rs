//! Slurm and its partitions, beside what a site's profile says of them.

mod partition;

use super::Finding;
use crate::error::ExitCode;
use crate::fanout::ask::{Answer, ask, first_line};
use partition::{Partition, limit};
use std::time::Duration;

const TOPIC: &str = "slurm";
const LIMIT: Duration = Duration::from_secs(60);

/// What a profile says of a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// Its name.
    pub name: String,
    /// The longest that a job may run there.
    pub walltime: Duration,
    /// The most nodes of a job.
    pub nodes: u32,
}

/// Whether Slurm answers, and is as the profile says.
pub fn check(profile: Option<&[Expected]>) -> Vec<Finding> {
    let version = ask("sinfo", &["--version"], LIMIT);
    let partitions = match version {
        Answer::Printed(_) => ask("scontrol", &["show", "partition", "-o"], LIMIT),
        _ => Answer::Missing,
    };
    let (there, found) = answers(&version, &partitions);
    let mut findings = vec![found];
    findings.extend(there.iter().flat_map(|there| {
        match profile {
            Some(profile) => profile
                .iter()
                .map(|expected| compare(expected, there))
                .collect(),
            None => Vec::new(),
        }
    }));
    findings
}

/// The partitions, where Slurm tells them.
fn answers(version: &Answer, partitions: &Answer) -> (Option<Vec<Partition>>, Finding) {
    let absent = |found: String| {
        let mend = "nothing to do: `ablate run` needs no Slurm, only `ablate submit` does";
        (None, Finding::note(TOPIC, found, mend))
    };
    let version = match version {
        Answer::Printed(version) => version,
        Answer::Missing => return absent("none on this machine".into()),
        Answer::Failed(why) => {
            return absent(format!("installed, but not set up: {}", first_line(why)));
        }
        Answer::TimedOut => return absent("installed, but `sinfo --version` does not end".into()),
    };
    let broken = |found: String| {
        let mend = "see `sinfo`; ask the cluster's support when it fails, too";
        (
            None,
            Finding::problem(
                TOPIC,
                ExitCode::Machine,
                format!("{version}: {found}"),
                mend,
            ),
        )
    };
    match partitions {
        Answer::Printed(text) => {
            let there: Vec<_> = text.lines().filter_map(Partition::parse).collect();
            let names: Vec<_> = there
                .iter()
                .map(|partition| partition.name.as_str())
                .collect();
            let found = format!("{version}, partitions: {}", names.join(", "));
            (Some(there), Finding::ok(TOPIC, found))
        }
        Answer::Failed(why) => broken(first_line(why).to_owned()),
        Answer::TimedOut => broken("its controller does not answer".into()),
        Answer::Missing => broken("sinfo is here, but scontrol is not".into()),
    }
}

fn compare(expected: &Expected, there: &[Partition]) -> Finding {
    const TOPIC: &str = "partition";
    let name = &expected.name;
    let Some(found) = there.iter().find(|partition| partition.name == *name) else {
        return Finding::note(
            TOPIC,
            format!("{name} is in the profile, but not in this Slurm (or hidden from you)"),
            "choose another --partition, or mend the profile: `scontrol show partition`",
        );
    };
    let mut tighter = Vec::new();
    if found
        .walltime
        .is_some_and(|limit| limit < expected.walltime)
    {
        tighter.push(format!("{} of walltime", limit(found.walltime)));
    }
    if found.nodes.is_some_and(|limit| limit < expected.nodes) {
        tighter.push(format!("{} nodes a job", found.nodes.unwrap_or_default()));
    }
    if !tighter.is_empty() {
        return Finding::problem(
            TOPIC,
            ExitCode::Machine,
            format!(
                "{name} gives only {}, less than the profile says",
                tighter.join(" and ")
            ),
            "mend the profile: Slurm would refuse what it allows",
        );
    }
    if found.up {
        Finding::ok(
            TOPIC,
            format!("{name} is up and gives what the profile says"),
        )
    } else {
        let mend = "jobs wait until it is up again: `sinfo -s`";
        Finding::note(TOPIC, format!("{name} is not up"), mend)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;

    const HOUR: Duration = Duration::from_secs(3600);

    fn expected(name: &str, hours: u32, nodes: u32) -> Expected {
        Expected {
            name: name.into(),
            walltime: HOUR * hours,
            nodes,
        }
    }

    #[test]
    fn a_profile_that_allows_more_than_slurm_is_a_problem() {
        let gpu = Partition {
            name: "gpu".into(),
            walltime: Some(HOUR * 24),
            nodes: Some(4),
            up: true,
        };
        let verdict = |expected: &Expected| compare(expected, std::slice::from_ref(&gpu)).verdict;
        let problem = Verdict::Problem(ExitCode::Machine);
        assert_eq!(verdict(&expected("gpu", 24, 4)), Verdict::Ok);
        assert_eq!(verdict(&expected("gpu", 12, 2)), Verdict::Ok);
        assert_eq!(verdict(&expected("gpu", 25, 4)), problem);
        assert_eq!(verdict(&expected("gpu", 24, 5)), problem);
        assert_eq!(verdict(&expected("debug", 1, 1)), Verdict::Note);
        let down = Partition { up: false, ..gpu };
        assert_eq!(
            compare(&expected("gpu", 1, 1), &[down]).verdict,
            Verdict::Note
        );
    }

    #[test]
    fn a_machine_without_slurm_is_fine_and_a_controller_that_is_gone_is_not() {
        let version = Answer::Printed("slurm-wlm 22.05.8".into());
        let verdict =
            |version: &Answer, partitions: &Answer| answers(version, partitions).1.verdict;
        assert_eq!(verdict(&Answer::Missing, &Answer::Missing), Verdict::Note);
        let problem = Verdict::Problem(ExitCode::Machine);
        for answer in [Answer::TimedOut, Answer::Failed("connect failure".into())] {
            assert_eq!(verdict(&version, &answer), problem);
        }
        let (there, found) = answers(
            &version,
            &Answer::Printed("PartitionName=gpu State=UP".into()),
        );
        assert_eq!(found.verdict, Verdict::Ok);
        assert_eq!(there.map(|there| there.len()), Some(1));
    }
}
