//! Other programs, asked with a time limit.

use rustix::process::{Pid, Signal, kill_process_group};
use std::ffi::OsStr;
use std::io::ErrorKind;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// What became of the question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It ended well and printed this.
    Printed(String),
    /// It ended badly and printed this to standard error, or could not be started for this reason.
    Failed(String),
    /// There is no such program.
    Missing,
    /// It did not end in time and was killed, with what it had started.
    TimedOut,
}

/// Runs a program to its end or to the limit. It reads nothing.
pub fn ask<A: AsRef<OsStr>>(
    program: impl AsRef<OsStr>,
    arguments: &[A],
    limit: Duration,
) -> Answer {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0);
    let child = match command.spawn() {
        Ok(child) => child,
        Err(error) if error.kind() == ErrorKind::NotFound => return Answer::Missing,
        Err(error) => return Answer::Failed(error.to_string()),
    };
    let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || sender.send(child.wait_with_output()));
    match receiver.recv_timeout(limit) {
        Ok(Ok(output)) => {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
            if output.status.success() {
                Answer::Printed(text(&output.stdout))
            } else {
                Answer::Failed(text(&output.stderr))
            }
        }
        Ok(Err(error)) => Answer::Failed(error.to_string()),
        Err(_) => {
            // It may have ended just now; then there is nothing left to kill.
            let _ = group.map(|group| kill_process_group(group, Signal::KILL));
            Answer::TimedOut
        }
    }
}

/// The first line that says something, for a finding of one line.
pub fn first_line(text: &str) -> &str {
    let mut lines = text.lines().map(str::trim);
    lines
        .find(|line| line.chars().any(char::is_alphanumeric))
        .unwrap_or("(it said nothing)")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    const LONG: Duration = Duration::from_secs(300);

    #[test]
    fn every_end_of_a_program_is_told_apart() {
        assert_eq!(
            ask("echo", &["two words"], LONG),
            Answer::Printed("two words".into())
        );
        let refused = ask("sh", &["-c", "echo no >&2; exit 3"], LONG);
        assert_eq!(refused, Answer::Failed("no".into()));
        assert_eq!(
            ask("ablate-no-such-program", &[""; 0], LONG),
            Answer::Missing
        );
    }

    #[test]
    fn what_does_not_end_is_killed_with_its_children() {
        let began = Instant::now();
        let answer = ask(
            "sh",
            &["-c", "sleep 3600 & wait"],
            Duration::from_millis(300),
        );
        assert_eq!(answer, Answer::TimedOut);
        assert!(began.elapsed() < LONG);
    }

    #[test]
    fn rulers_and_blank_lines_are_passed_over() {
        assert_eq!(first_line("-----\n\n  mpirun: no\nmore"), "mpirun: no");
        assert_eq!(first_line("----"), "(it said nothing)");
    }
}
