//! Claims between real processes: one that is paused past its lease, one that is killed.

use ablate::fanout::claims::{Claim, Claims};
use ablate::record::Folder;
use rustix::process::{Pid, Signal, kill_process};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

const PLAN: &str = "0123456789ab";
const FOLDER: &str = "ABLATE_TEST_CLAIMS";
const LEASE: &str = "ABLATE_TEST_LEASE_MS";

/// Not a test by itself: what the other process does, started by [`Other`].
#[test]
fn the_other_process() {
    let Ok(folder) = std::env::var(FOLDER) else {
        return;
    };
    let lease = std::env::var(LEASE)
        .expect("set")
        .parse()
        .expect("a number");
    let folder = Folder::existing(folder);
    let mut claims = Claims::join(&folder, PLAN, Duration::from_millis(lease)).expect("joined");
    let claim = claims.claim(0).expect("asked");
    println!("\nSAYS {claim:?}");
    for line in std::io::stdin().lines() {
        line.expect("read");
        println!("\nSAYS {}", claims.still_mine(0).expect("asked"));
    }
}

/// Another process that has claimed block 0.
struct Other {
    child: Child,
    ask: ChildStdin,
    says: BufReader<ChildStdout>,
}

impl Other {
    fn start(folder: &Path, lease: Duration) -> Self {
        let mut child = Command::new(std::env::current_exe().expect("this test"))
            .args(["--exact", "the_other_process", "--nocapture"])
            .env(FOLDER, folder)
            .env(LEASE, lease.as_millis().to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("started");
        let (ask, says) = (child.stdin.take(), child.stdout.take());
        let mut other = Self {
            child,
            ask: ask.expect("piped"),
            says: BufReader::new(says.expect("piped")),
        };
        assert_eq!(other.hear(), "Mine");
        other
    }

    fn hear(&mut self) -> String {
        let mut lines = (&mut self.says).lines().map(|line| line.expect("read"));
        lines
            .find_map(|line| line.strip_prefix("SAYS ").map(str::to_owned))
            .expect("it says something")
    }

    fn still_mine(&mut self) -> String {
        writeln!(self.ask).expect("asked");
        self.hear()
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("sent");
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn folder() -> (tempfile::TempDir, Folder) {
    let results = tempfile::tempdir().expect("a folder");
    let folder = Folder::create(results.path(), "x").expect("made");
    (results, folder)
}

#[test]
fn a_process_paused_past_its_lease_loses_its_block_and_finds_out() {
    let (_results, folder) = folder();
    let lease = Duration::from_secs(2);
    let mut other = Other::start(folder.root(), lease);
    assert_eq!(other.still_mine(), "true");
    other.signal(Signal::STOP);
    let mut claims = Claims::join(&folder, PLAN, lease).expect("joined");
    let first = claims.claim(0).expect("asked");
    assert!(matches!(first, Claim::Held { .. }), "{first:?}");
    while matches!(claims.claim(0).expect("asked"), Claim::Held { .. }) {
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(claims.still_mine(0).expect("asked"));
    other.signal(Signal::CONT);
    assert_eq!(other.still_mine(), "false");
}

#[test]
fn a_killed_process_of_this_machine_holds_nothing_up() {
    let (_results, folder) = folder();
    let lease = Duration::from_secs(1_000_000);
    let mut other = Other::start(folder.root(), lease);
    let mut claims = Claims::join(&folder, PLAN, lease).expect("joined");
    let first = claims.claim(0).expect("asked");
    assert!(matches!(first, Claim::Held { .. }), "{first:?}");
    other.signal(Signal::KILL);
    other.child.wait().expect("ended");
    let second = claims.claim(0).expect("asked");
    assert!(matches!(second, Claim::TakenOver(_)), "{second:?}");
}
