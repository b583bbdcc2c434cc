//! A loss of power: a folder as it would be found again, made of what `shadow.h` kept at every sync.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// All that was not synced: names whose folder was not, contents whose file was not.
    Unsynced,
    /// Contents only: names are on disk at once, as a journal of metadata has them before the data.
    Contents,
    /// As `Unsynced`, and no sync of a folder has any effect: what a program that forgets them would find.
    Folders,
}

/// What is on disk.
pub struct Shadow {
    place: tempfile::TempDir,
    loss: Loss,
}

impl Shadow {
    /// Of a run of `command`; all that lies below `world` before is on disk.
    pub fn cast(command: &mut Command, world: &Path, loss: Loss) -> Self {
        let place = tempfile::tempdir().expect("a folder");
        for kind in ["ids", "files", "folders"] {
            fs::create_dir(place.path().join(kind)).expect("made");
        }
        command.env("SHIM_SHADOW", place.path());
        if loss == Loss::Folders {
            command.env("SHIM_BLIND", "1");
        }
        let shadow = Self { place, loss };
        shadow.keep(world);
        shadow
    }

    fn keep(&self, folder: &Path) {
        let kept = |kind: &str, path: &Path| self.place.path().join(kind).join(self.number(path));
        let mut names = String::new();
        for entry in fs::read_dir(folder).expect("listed") {
            let path = entry.expect("entry").path();
            let kind = match path.is_dir() {
                true => 'd',
                false => 'f',
            };
            let name = path.file_name().expect("a name").to_string_lossy();
            names += &format!("{kind} {} {name}\n", self.number(&path));
            match path.is_dir() {
                true => self.keep(&path),
                false => drop(fs::copy(&path, kept("files", &path)).expect("copied")),
            }
        }
        fs::write(kept("folders", folder), names).expect("written");
    }

    /// Makes `folder`, whose last process is gone, what is found after the power came back.
    pub fn restore(&self, folder: &Path) {
        if self.loss == Loss::Contents {
            return self.restore_contents(folder);
        }
        // The folder above is the world outside, which has always been there.
        let above = folder.parent().expect("a folder");
        let names = self.names(&self.number(above));
        if folder.exists() {
            fs::remove_dir_all(folder).expect("gone");
        }
        let name = folder.file_name().expect("a name").to_string_lossy();
        if let Some((_, number, _)) = names.iter().find(|(_, _, found)| *found == name) {
            self.restore_folder(number, folder, &mut BTreeMap::new());
        }
    }

    fn restore_folder(&self, number: &str, folder: &Path, made: &mut BTreeMap<String, PathBuf>) {
        fs::create_dir(folder).expect("made");
        for (is_folder, number, name) in self.names(number) {
            let path = folder.join(name);
            if is_folder {
                self.restore_folder(&number, &path, made);
            } else if let Some(first) = made.get(&number) {
                fs::hard_link(first, &path).expect("linked");
            } else {
                fs::write(&path, self.content(&number)).expect("written");
                made.insert(number, path);
            }
        }
    }

    fn restore_contents(&self, folder: &Path) {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.expect("entry").path();
            match path.is_dir() {
                true => self.restore_contents(&path),
                false => fs::write(&path, self.content(&self.number(&path))).expect("written"),
            }
        }
    }

    fn number(&self, path: &Path) -> String {
        let inode = fs::metadata(path).map_or(0, |facts| facts.ino());
        let given = fs::read_link(self.place.path().join("ids").join(inode.to_string()));
        given.map_or(format!("i{inode}"), |number| {
            number.to_string_lossy().into_owned()
        })
    }

    /// Empty when it was never synced.
    fn content(&self, number: &str) -> Vec<u8> {
        fs::read(self.place.path().join("files").join(number)).unwrap_or_default()
    }

    /// Whether it is a folder, number and name of all that a folder had when it was synced last.
    fn names(&self, number: &str) -> Vec<(bool, String, String)> {
        let kept = self.place.path().join("folders").join(number);
        let text = fs::read_to_string(kept).unwrap_or_default();
        let parts = text.lines().map(|line| {
            let mut parts = line.splitn(3, ' ');
            let mut part = || parts.next().expect("three parts").to_owned();
            (part() == "d", part(), part())
        });
        parts.collect()
    }
}
