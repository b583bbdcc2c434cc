//! Puts a folder in the place of another, whole or not at all.

use super::{Temp, sync_parent};
use crate::error::{Error, Result};
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::Path;

/// Gives the folder `temp` the name `target`; what has that name goes, when `may_go` lets it: it is asked of the folder that
/// nobody finds by its name any more, so that what came into it at the last moment counts. All files in it are on disk before, with one call for the
/// whole file system instead of one a file. A kill between two renames may leave no `target`, never half of one.
///
/// # Errors
/// When the file system or `may_go` refuses; the old folder is then where it was.
pub fn install_folder(
    temp: &Temp,
    target: &Path,
    may_go: impl FnOnce(&Path) -> Result<()>,
) -> Result<()> {
    File::open(temp.path())
        .and_then(|folder| Ok(rustix::fs::syncfs(folder)?))
        .map_err(Error::io("fsync", temp.path()))?;
    // Gone with everything in it when dropped.
    let old = Temp::beside(target);
    match fs::rename(target, old.path()) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            return Err(Error::io("replace", target)(error));
        }
        _ => {}
    }
    let rename = || fs::rename(temp.path(), target).map_err(Error::io("rename to", target));
    if let Err(error) = may_go(old.path()).and_then(|()| rename()) {
        put_back(old, target);
        // The error that is told is the first one.
        return Err(error);
    }
    sync_parent(target)
}

/// What cannot have its name again, because another folder took it meanwhile, stays under the temporary one.
fn put_back(old: Temp, target: &Path) {
    if fs::rename(old.path(), target).is_err() {
        std::mem::forget(old);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder_with(temp: &Temp, name: &str) {
        fs::create_dir(temp.path()).unwrap();
        fs::write(temp.path().join(name), name).unwrap();
    }

    #[test]
    fn a_folder_takes_the_place_of_another_with_all_that_is_in_it() {
        let place = tempfile::tempdir().unwrap();
        let target = place.path().join("export");
        for name in ["one", "two"] {
            let temp = Temp::beside(&target);
            folder_with(&temp, name);
            install_folder(&temp, &target, |_| Ok(())).unwrap();
        }
        let names = |folder: &Path| -> Vec<_> {
            let entries = fs::read_dir(folder).unwrap();
            entries.map(|entry| entry.unwrap().file_name()).collect()
        };
        assert_eq!(names(&target), ["two"]);
        assert_eq!(names(place.path()), ["export"], "nothing else stays");
    }

    #[test]
    fn a_refusal_leaves_the_old_folder_and_no_temporary_one() {
        let place = tempfile::tempdir().unwrap();
        let target = place.path().join("export");
        fs::create_dir(&target).unwrap();
        fs::write(target.join("old"), "old").unwrap();
        let never_made = Temp::beside(&target);
        assert!(install_folder(&never_made, &target, |_| Ok(())).is_err());
        assert_eq!(fs::read(target.join("old")).unwrap(), b"old");
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 1);
    }

    #[test]
    fn an_old_folder_that_may_not_go_stays_with_what_came_last() {
        let place = tempfile::tempdir().unwrap();
        let target = place.path().join("export");
        fs::create_dir(&target).unwrap();
        fs::write(target.join("late"), "late").unwrap();
        let temp = Temp::beside(&target);
        folder_with(&temp, "new");
        let refuse = |old: &Path| match old.join("late").exists() {
            true => Err(Error::Internal("not ours".into())),
            false => Ok(()),
        };
        let error = install_folder(&temp, &target, refuse).unwrap_err();
        drop(temp);
        assert!(error.to_string().contains("not ours"), "{error}");
        assert_eq!(fs::read(target.join("late")).unwrap(), b"late");
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 1);
    }
}
