//! The commands that mend, as words to copy into a shell.

use std::path::{Path, PathBuf};

/// Commands for one results folder.
#[derive(Clone, Debug)]
pub struct Commands {
    folder: PathBuf,
    run: String,
}

impl Commands {
    /// For this folder, whose sweep is run by `ablate run <yaml> --results <results>`. `None`: where the user has it.
    pub fn new(folder: &Path, yaml: Option<&Path>, results: &Path) -> Self {
        let yaml = yaml.map_or_else(|| "YOUR-SWEEP.yaml".to_owned(), word);
        Self {
            folder: folder.to_owned(),
            run: format!("ablate run {yaml} --results {}", word(results)),
        }
    }

    /// The same command again.
    pub fn run(&self) -> String {
        self.run.clone()
    }

    /// Takes a file out of the way.
    pub fn aside(&self, path: &Path) -> String {
        let mut kept = path.as_os_str().to_owned();
        kept.push(super::SET_ASIDE);
        self.rename(path, Path::new(&kept))
    }

    /// … and runs the sweep again.
    pub fn aside_and_run(&self, path: &Path) -> String {
        format!("{} && {}", self.aside(path), self.run)
    }

    /// Removes a file that nothing needs.
    pub fn remove(&self, path: &Path) -> String {
        format!("rm {}", self.word(path))
    }

    /// Removes a folder that nothing needs.
    pub fn remove_folder(&self, path: &Path) -> String {
        format!("rm -r {}", self.word(path))
    }

    /// Gives a file its right name.
    pub fn rename(&self, from: &Path, to: &Path) -> String {
        format!("mv {} {}", self.word(from), self.word(to))
    }

    /// … and runs the sweep again.
    pub fn rename_and_run(&self, from: &Path, to: &Path) -> String {
        format!("{} && {}", self.rename(from, to), self.run)
    }

    /// Gives two files each other's names.
    pub fn swap(&self, one: &Path, other: &Path) -> String {
        let between = one.with_extension("between");
        [(one, between.as_path()), (other, one), (&between, other)]
            .map(|(from, to)| self.rename(from, to))
            .join(" && ")
    }

    /// Lets the user read a file or folder.
    pub fn readable(&self, path: &Path) -> String {
        format!("chmod u+rX {}", self.word(path))
    }

    fn word(&self, path: &Path) -> String {
        word(&self.folder.join(path))
    }
}

/// A path as one word of a shell.
fn word(path: &Path) -> String {
    let text = path.to_string_lossy();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._:,=+@-".contains(c);
    match text.chars().all(plain) && !text.starts_with('-') {
        true => text.into_owned(),
        // A name that begins with a dash would be an option.
        false if text.starts_with('-') => format!("'./{}'", text.replace('\'', r"'\''")),
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}
