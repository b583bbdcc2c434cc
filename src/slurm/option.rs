//! Further options for sbatch that the user gives: whatever does not contradict the plan.

use super::allowed::Allowed;
use crate::error::{Error, Result};
use crate::sweep::quote;

/// Options that the plan decides, with what to say instead; those without are none of a sweep's business.
const TAKEN: [(&str, &str); 31] = [
    ("account", "--account before the --"),
    ("array", ""),
    ("begin", ""),
    ("batch", ""),
    ("chdir", ""),
    ("cpus-per-gpu", "--cores before the --"),
    ("cpus-per-task", "--cores before the --"),
    ("dependency", ""),
    ("error", ""),
    ("gpus", "--gpus before the --"),
    ("gpus-per-node", "--gpus before the --"),
    ("gpus-per-task", "--gpus before the --"),
    ("gres", "--gpus before the --"),
    ("input", ""),
    ("job-name", ""),
    (
        "mem",
        "--gpus or --cores before the --: memory comes with them",
    ),
    (
        "mem-per-cpu",
        "--cores before the --: memory comes with them",
    ),
    (
        "mem-per-gpu",
        "--gpus before the --: memory comes with them",
    ),
    ("nodes", "--nodes before the --"),
    ("no-requeue", ""),
    ("ntasks", "--tasks-per-node and --nodes before the --"),
    ("ntasks-per-node", "--tasks-per-node before the --"),
    ("open-mode", ""),
    ("output", ""),
    ("parsable", ""),
    ("partition", "--partition before the --"),
    ("requeue", ""),
    ("signal", ""),
    ("time", "--time before the --"),
    ("wait", ""),
    ("wrap", ""),
];

/// The option itself, when it may be passed on.
///
/// # Errors
/// [`Error::Usage`] for a word that is no `--name` or `--name=value` on the allow-list, and for options that ablate sets itself.
pub fn check(word: &str) -> Result<&str> {
    Allowed::OPTION.check(word)?;
    let name = word
        .strip_prefix("--")
        .map(|rest| rest.split('=').next().unwrap_or(rest));
    let plain = |name: &str| name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
    let Some(name) = name.filter(|name| name.len() > 1 && plain(name)) else {
        return Err(Error::Usage {
            problem: format!("{} is no long option of sbatch's", quote(word)),
            next: "write further options as --name=value, for example -- --qos=normal".into(),
        });
    };
    // sbatch takes any beginning of a name that is clear: `--part` is `--partition`.
    let taken = TAKEN
        .iter()
        .find(|(taken, _)| *taken == name)
        .or_else(|| TAKEN.iter().find(|(taken, _)| taken.starts_with(name)));
    match taken {
        None => Ok(word),
        Some((_, instead)) => Err(Error::Usage {
            problem: format!("{} is not passed on: ablate decides that", quote(word)),
            next: match *instead {
                "" => "leave it out".to_owned(),
                instead => format!("use {instead}"),
            },
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn further_options_pass() {
        for word in [
            "--qos=gpu-shared-eot",
            "--reservation=class",
            "--constraint=lustre&gpu",
            "--mail-user=a@b.edu",
            "--exclusive",
            "--comment=a run of mine",
        ] {
            assert_eq!(check(word).expect("passed"), word);
        }
    }

    #[test]
    fn what_would_break_the_plan_or_be_another_script_is_refused() {
        for word in [
            "/tmp/evil.sh",
            "-p",
            "-A",
            "--",
            "--wrap=x",
            "--part=gpu",
            "--ti=1",
            "--dependency=singleton",
            "--array=1-9",
            "--comment=$(touch CANARY)",
            "--comment=a\nb",
            "",
        ] {
            assert!(check(word).is_err(), "{word:?}");
        }
    }

    #[test]
    fn a_refusal_names_our_own_option() {
        let text = check("--time=1").unwrap_err().to_string();
        assert!(text.contains("use --time before the --"), "{text}");
    }
}
