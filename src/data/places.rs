//! Where published data files are looked for, and where ablate keeps its own.

use super::published::Published;
use crate::error::Error;
use std::env;
use std::path::PathBuf;

/// Where files are looked for, and where work already done on them is kept.
#[derive(Clone, Debug)]
pub struct Places {
    /// Searched in this order, the first match wins.
    pub folders: Vec<PathBuf>,
    /// For unpacked copies and verdicts; never a folder of the user's.
    pub cache: Option<PathBuf>,
}

impl Places {
    /// `$ABLATE_DATA_DIR/mnist`, `$ABLATE_DATA_DIR`, then ablate's folder in the user's cache.
    pub fn from_env() -> Self {
        let mut folders = Vec::new();
        if let Some(folder) = env::var_os("ABLATE_DATA_DIR").filter(|folder| !folder.is_empty()) {
            let folder = PathBuf::from(folder);
            folders.extend([folder.join("mnist"), folder]);
        }
        folders.extend(own_folder().map(|own| own.join("mnist")));
        Self {
            folders,
            cache: own_folder().map(|own| own.join("verified")),
        }
    }

    /// The path of `file` in the first folder that has it, raw or gzipped.
    pub fn find(&self, file: &Published) -> Option<PathBuf> {
        let candidates = |folder: &PathBuf| {
            [
                folder.join(&file.name),
                folder.join(format!("{}.gz", file.name)),
            ]
        };
        self.folders
            .iter()
            .flat_map(candidates)
            .find(|path| path.is_file())
    }

    /// The [`Error::Data`] for a file that is in none of the folders.
    pub fn missing(&self, file: &Published) -> Error {
        let folders: Vec<String> = self
            .folders
            .iter()
            .map(|folder| folder.display().to_string())
            .collect();
        let looked = match folders.as_slice() {
            [] => "no folder at all, since HOME is not set".to_owned(),
            some => some.join(", "),
        };
        Error::Data {
            path: PathBuf::from(&file.name),
            problem: format!("MNIST's file was not found, raw or .gz; looked in {looked}"),
            next: "run `ablate data fetch mnist` where there is a network, or set ABLATE_DATA_DIR to the folder that has the files"
                .into(),
        }
    }
}

/// ablate's folder in the user's cache: `$XDG_CACHE_HOME/ablate`, else `~/.cache/ablate`.
pub fn own_folder() -> Option<PathBuf> {
    let absolute = |name| {
        env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    absolute("XDG_CACHE_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".cache")))
        .map(|cache| cache.join("ablate"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_file_is_found_in_the_first_folder_that_has_it_raw_before_gzip() {
        let root = tempfile::tempdir().unwrap();
        let (a, b) = (root.path().join("a"), root.path().join("b"));
        let places = Places {
            folders: vec![a.clone(), b.clone()],
            cache: None,
        };
        let file = Published {
            name: "images".into(),
            raw_bytes: 0,
            sha256: String::new(),
        };
        assert_eq!(places.find(&file), None);
        for path in [b.join("images.gz"), b.join("images"), a.join("images.gz")] {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, b"").unwrap();
            assert_eq!(places.find(&file), Some(path));
        }
    }

    #[test]
    fn without_a_home_the_message_says_so() {
        let places = Places {
            folders: Vec::new(),
            cache: None,
        };
        let file = Published {
            name: "images".into(),
            raw_bytes: 0,
            sha256: String::new(),
        };
        assert!(
            places
                .missing(&file)
                .to_string()
                .contains("HOME is not set")
        );
    }
}
