//! Who a runner is, and whether it is provably gone.

use crate::durable;
use rustix::process::{Pid, test_kill_process};
use sha2::{Digest as _, Sha256};
use std::fs::{read_link, read_to_string};

/// One process that works on a sweep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Runner {
    /// `<host>.<pid>.<8 hex>`: no two starts of a process have the same.
    pub id: String,
    pid: i32,
    /// Since when it runs, in the kernel's ticks since the machine started.
    start: u64,
    machine: Machine,
}

/// What can be known of a process without its heartbeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whereabouts {
    /// It is of this machine and lives.
    Here,
    /// It is of this machine and has provably ended.
    Ended,
    /// It is not of this machine, or this machine does not tell.
    Elsewhere,
}

/// Where a process number means one process.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Machine {
    /// One start of one machine.
    boot: String,
    /// Containers on one machine number their processes apart.
    namespace: String,
}

const FORMAT: &str = "ablate-runner-1";
const UNKNOWN: &str = "-";

impl Runner {
    /// This process. Should the id be taken, another `number` gives another one.
    pub fn this(number: u32) -> Self {
        let pid = std::process::id();
        let start = process("self").map_or(0, |process| process.start);
        let machine = Machine::this();
        let text = format!(
            "{} {} {pid} {start} {number}",
            machine.boot, machine.namespace
        );
        let hash: String = Sha256::digest(text)[..4]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Self {
            id: format!("{}.{pid}.{hash}", durable::host()),
            pid: pid as i32,
            start,
            machine,
        }
    }

    /// The line that [`parse`](Self::parse) reads.
    pub fn line(&self) -> String {
        let Machine { boot, namespace } = &self.machine;
        format!(
            "{FORMAT} {} {} {} {boot} {namespace}\n",
            self.id, self.pid, self.start
        )
    }

    /// Reads a [`line`](Self::line) back; `None` for anything else.
    pub fn parse(line: &str) -> Option<Self> {
        let words: Vec<_> = line.strip_suffix('\n')?.split(' ').collect();
        let [FORMAT, id, pid, start, boot, namespace] = words[..] else {
            return None;
        };
        [id, boot, namespace]
            .into_iter()
            .all(is_plain)
            .then_some(())?;
        Some(Self {
            id: id.to_owned(),
            pid: pid.parse().ok().filter(|&pid| pid > 0)?,
            start: start.parse().ok()?,
            machine: Machine {
                boot: boot.to_owned(),
                namespace: namespace.to_owned(),
            },
        })
    }

    /// What this machine knows of its process.
    pub fn whereabouts(&self) -> Whereabouts {
        let here = Machine::this();
        let known = [&here.boot, &here.namespace]
            .iter()
            .all(|text| *text != UNKNOWN);
        match known && self.machine == here {
            false => Whereabouts::Elsewhere,
            true if self.is_alive() => Whereabouts::Here,
            true => Whereabouts::Ended,
        }
    }

    fn is_alive(&self) -> bool {
        match process(&self.pid.to_string()) {
            // The number may be another process's by now.
            Some(process) => process.start == self.start && !process.ended,
            // Hidden, perhaps: "not permitted" means that there is one.
            None => Pid::from_raw(self.pid)
                .is_none_or(|pid| test_kill_process(pid) != Err(rustix::io::Errno::SRCH)),
        }
    }
}

/// Whether a text can be shown and be part of a file name.
pub fn is_plain(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
    (1..=128).contains(&text.len()) && !text.starts_with('.') && text.chars().all(plain)
}

impl Machine {
    fn this() -> Self {
        let boot = read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        // "pid:[4026531836]"
        let namespace = read_link("/proc/self/ns/pid").unwrap_or_default();
        let digits = |text: &str| text.chars().filter(char::is_ascii_alphanumeric).collect();
        let or_unknown = |text: String| {
            if text.is_empty() {
                UNKNOWN.to_owned()
            } else {
                text
            }
        };
        Self {
            boot: or_unknown(digits(&boot)),
            namespace: or_unknown(digits(&namespace.to_string_lossy())),
        }
    }
}

/// What the kernel says of a process.
struct Process {
    start: u64,
    /// Dead, and waiting for its parent to take note.
    ended: bool,
}

fn process(name: &str) -> Option<Process> {
    let text = read_to_string(format!("/proc/{name}/stat")).ok()?;
    // The name of the program stands in parentheses and may hold anything, these included.
    let mut rest = text.rsplit_once(')')?.1.split_whitespace();
    let ended = matches!(rest.next()?, "Z" | "X");
    let start = rest.nth(18)?.parse().ok()?;
    Some(Process { start, ended })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_runner_reads_back_and_every_shorter_text_does_not() {
        let runner = Runner::this(0);
        let line = runner.line();
        assert_eq!(Runner::parse(&line), Some(runner));
        for cut in 0..line.len() {
            assert_eq!(Runner::parse(&line[..cut]), None);
        }
        assert_ne!(Runner::this(0).id, Runner::this(1).id);
        assert_eq!(Runner::this(0).id, Runner::this(0).id);
    }

    #[test]
    fn ids_that_could_escape_are_refused() {
        for id in ["", "..", "../x", "a/b", "a b", "a\u{1b}[2J", "a\nb"] {
            let line = format!("{FORMAT} {id} 1 1 a b\n");
            assert_eq!(Runner::parse(&line), None, "{id:?}");
        }
    }

    #[test]
    fn a_process_is_gone_when_it_ended_and_only_if_it_was_of_this_machine() {
        // Ends by itself should this test fail: its input is closed then.
        let mut child = std::process::Command::new("cat")
            .stdin(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let alive = Runner {
            pid: child.id() as i32,
            start: process(&child.id().to_string()).unwrap().start,
            ..Runner::this(0)
        };
        assert_eq!(alive.whereabouts(), Whereabouts::Here);
        let earlier = Runner {
            start: alive.start - 1,
            ..alive.clone()
        };
        let number_reused = earlier.whereabouts();
        assert_eq!(number_reused, Whereabouts::Ended);
        child.kill().unwrap();
        // Not yet waited for: dead all the same, at the latest when the kernel is done with it.
        while alive.whereabouts() == Whereabouts::Here {
            std::thread::yield_now();
        }
        child.wait().unwrap();
        assert_eq!(alive.whereabouts(), Whereabouts::Ended);
        for other in [
            Machine {
                boot: "elsewhere".into(),
                ..Machine::this()
            },
            Machine {
                namespace: "elsewhere".into(),
                ..Machine::this()
            },
        ] {
            let elsewhere = Runner {
                machine: other,
                ..alive.clone()
            };
            assert_eq!(elsewhere.whereabouts(), Whereabouts::Elsewhere);
        }
    }
}
