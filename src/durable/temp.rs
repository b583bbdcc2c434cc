//! Temporary files, always beside their target, and the removal of those that dead processes left.

use crate::error::{Error, Result};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

const SUFFIX: &str = ".tmp";

/// A file (or a folder of files) being written; gone when dropped.
#[derive(Debug)]
pub struct Temp {
    path: PathBuf,
}

impl Temp {
    /// A path in `folder` that nobody else uses: `.<stem>.<process>.<host>.<n>.tmp`. Nothing is made yet.
    pub fn new(folder: &Path, stem: &str) -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let name = format!(
            ".{stem}.{}.{}.{}{SUFFIX}",
            std::process::id(),
            host(),
            COUNT.fetch_add(1, Ordering::Relaxed),
        );
        let path = folder.join(name);
        // Only a dead process with this process's number can have left one.
        remove(&path);
        Self { path }
    }

    /// As [`new`](Self::new), for what will take the name `target`.
    pub fn beside(target: &Path) -> Self {
        let name = target.file_name().unwrap_or_default().to_string_lossy();
        Self::new(super::parent(target), &name)
    }

    /// Where to write.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Temp {
    fn drop(&mut self) {
        // It may never have been made, or been renamed; one that stays is removed by the next run.
        remove(&self.path);
    }
}

/// Removes a file, a link, or a folder with all that is in it, where there is one.
fn remove(path: &Path) {
    if std::fs::remove_file(path).is_err() {
        let _ = std::fs::remove_dir_all(path);
    }
}

/// Removes temporary files and folders in `folder` whose process on this machine is gone. Those of other machines stay, because
/// whether they are in use cannot be told from here. A folder that is not there has none.
///
/// # Errors
/// When the folder cannot be read.
pub fn remove_stale(folder: &Path) -> Result<()> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(Error::io("read", folder)(error)),
    };
    for entry in entries {
        let entry = entry.map_err(Error::io("read", folder))?;
        let name = entry.file_name();
        let process = name.to_str().and_then(|name| process_of(name, host()));
        if process.is_some_and(|process| !is_alive(process)) {
            // Another run may have removed it first.
            remove(&entry.path());
        }
    }
    Ok(())
}

/// Whose a temporary file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// A process of this machine that lives.
    Alive,
    /// A process of this machine that has ended: garbage.
    Gone,
    /// A process of another machine: whether it lives cannot be told from here.
    Elsewhere,
}

/// Whose the temporary file of this name is; `None` for another file.
pub fn owner(name: &str) -> Option<Owner> {
    let is_temp = name.starts_with('.') && name.ends_with(SUFFIX);
    is_temp.then(|| match process_of(name, host()).map(is_alive) {
        Some(true) => Owner::Alive,
        Some(false) => Owner::Gone,
        None => Owner::Elsewhere,
    })
}

/// The process that made the temporary file `name` on `host`.
fn process_of(name: &str, host: &str) -> Option<i32> {
    let inner = name.strip_prefix('.')?.strip_suffix(SUFFIX)?;
    let (rest, _count) = inner.rsplit_once('.')?;
    let (_stem, process) = rest
        .strip_suffix(host)?
        .strip_suffix('.')?
        .rsplit_once('.')?;
    process.parse().ok()
}

fn is_alive(process: i32) -> bool {
    let alive = |process| {
        // "Not permitted" means that there is one.
        rustix::process::test_kill_process(process) != Err(rustix::io::Errno::SRCH)
    };
    rustix::process::Pid::from_raw(process).is_some_and(alive)
}

/// This machine's name, as far as a file name may hold it.
pub fn host() -> &'static str {
    static HOST: OnceLock<String> = OnceLock::new();
    HOST.get_or_init(|| {
        let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        let name: String = name
            .chars()
            .filter(|c| c.is_ascii_alphanumeric() || *c == '-')
            .take(64)
            .collect();
        if name.is_empty() { "here".into() } else { name }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_process_is_read_back_from_a_temporary_name() {
        let temp = Temp::new(Path::new("/nowhere"), "sweep.h5");
        let name = temp.path().file_name().and_then(|name| name.to_str());
        let process = name.and_then(|name| process_of(name, host()));
        assert_eq!(process, i32::try_from(std::process::id()).ok());
        assert_eq!(process_of(".a.1.other.0.tmp", "here"), None);
        assert_eq!(process_of("a.h5", "here"), None);
    }

    #[test]
    fn only_temporary_files_of_dead_processes_are_removed() {
        let folder = tempfile::tempdir().expect("folder");
        let mut dead = std::process::Command::new("true").spawn().expect("true");
        let gone = dead.id();
        dead.wait().expect("ended");
        let stale = folder.path().join(format!(".a.{gone}.{}.0.tmp", host()));
        let elsewhere = folder.path().join(format!(".a.{gone}.elsewhere-9.0.tmp"));
        let mine = Temp::new(folder.path(), "a");
        let stale_folder = folder.path().join(format!(".a.{gone}.{}.1.tmp", host()));
        std::fs::create_dir_all(stale_folder.join("inner")).expect("folders");
        for path in [&stale, &elsewhere, mine.path()] {
            std::fs::write(path, "x").expect("write");
        }
        remove_stale(folder.path()).expect("swept");
        assert!(!stale.exists() && !stale_folder.exists());
        assert!(elsewhere.exists() && mine.path().exists());
    }
}
