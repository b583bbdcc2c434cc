//! A folder and three ports that one test has at a time, however many test processes there are. A lock holds them, which the
//! kernel lets go of when the process dies: so what then runs in the folder is a crashed test's, and is killed.

use crate::scene::{is_alive, kill, wait_until};
use rustix::fs::{FlockOperation, flock};
use rustix::process::Signal;
use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};

/// Below the ports that systems give to outgoing connections.
const FIRST_PORT: u16 = 17_800;
const SLOTS: u16 = 100;

/// What a [`super::Cluster`] has for itself.
pub struct Slot {
    folder: PathBuf,
    ports: [u16; 3],
    _lock: File,
}

impl Slot {
    /// The first that nobody has, empty.
    pub fn take() -> Self {
        let slot = (0..SLOTS).find_map(Self::try_take);
        slot.expect("a hundred clusters at once, or no port is free")
    }

    fn try_take(number: u16) -> Option<Self> {
        let folder = std::env::temp_dir().join(format!("ablate-slurm-{number}"));
        let lock = File::options()
            .create(true)
            .append(true)
            .open(folder.with_extension("lock"));
        let lock = lock.ok()?;
        flock(&lock, FlockOperation::NonBlockingLockExclusive).ok()?;
        let slot = Self {
            folder,
            ports: [0, 1, 2].map(|port| FIRST_PORT + 3 * number + port),
            _lock: lock,
        };
        slot.clear();
        let free = |port: &u16| TcpListener::bind(("0.0.0.0", *port)).is_ok();
        slot.ports.iter().all(free).then_some(slot)
    }

    /// The folder; short, because sockets' names must be.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Three ports.
    pub fn ports(&self) -> [u16; 3] {
        self.ports
    }

    /// Kills every process of the folder and removes it. A process that is killed may just have started another.
    pub fn clear(&self) {
        wait_until("every process of the cluster is gone", || {
            let processes = processes_of(&self.folder);
            processes.iter().for_each(|&pid| kill(pid, Signal::KILL));
            processes.is_empty()
        });
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// The processes whose command line, environment or working folder names the folder.
fn processes_of(folder: &Path) -> Vec<u32> {
    let needle = folder.to_string_lossy().into_owned() + "/";
    let names = |pid: u32| {
        let holds = |name: &str| {
            fs::read(format!("/proc/{pid}/{name}"))
                .is_ok_and(|text| String::from_utf8_lossy(&text).contains(&needle))
        };
        let cwd = fs::read_link(format!("/proc/{pid}/cwd"));
        holds("cmdline") || holds("environ") || cwd.is_ok_and(|cwd| cwd.starts_with(folder))
    };
    let entries = fs::read_dir("/proc").expect("/proc").flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|&pid| pid != std::process::id() && is_alive(pid) && names(pid))
        .collect()
}
