//! What can go wrong, with the next step for the user, and the exit codes that scripts rely on.

use std::path::{Path, PathBuf};

/// The result of everything in this crate that can fail.
pub type Result<T> = std::result::Result<T, Error>;

/// How the program ends. `slurm/` scripts and `ablate status --exit-code` rely on these numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum ExitCode {
    /// All that was asked is done.
    Done = 0,
    /// The sweep ended, but some trials failed or are quarantined.
    TrialsFailed = 1,
    /// The command line or the YAML is wrong; nothing was run.
    BadInput = 2,
    /// A data set is missing or damaged.
    BadData = 3,
    /// The file system refused (full, read-only, no permission).
    Io = 4,
    /// A record (HDF5) or checkpoint is damaged or of another format.
    BadRecord = 5,
    /// Workers do not start, or keep dying whatever they train: this machine or build is to blame.
    Machine = 6,
    /// A bug in ablate.
    Internal = 70,
    /// Interrupted with everything saved; the same command goes on (EX_TEMPFAIL).
    MoreToDo = 75,
}

impl ExitCode {
    /// Every exit code.
    const ALL: [Self; 9] = [
        Self::Done,
        Self::TrialsFailed,
        Self::BadInput,
        Self::BadData,
        Self::Io,
        Self::BadRecord,
        Self::Machine,
        Self::Internal,
        Self::MoreToDo,
    ];

    /// The exit code with this number, as another process of ours ended with; others are bugs.
    pub fn from_number(number: u8) -> Self {
        let known = Self::ALL.into_iter().find(|code| *code as u8 == number);
        known.unwrap_or(Self::Internal)
    }
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> Self {
        Self::from(code as u8)
    }
}

/// Everything that can go wrong. Each message names the place and what to do next.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The command line asks for something that cannot be.
    #[error("{problem}\n  next: {next}")]
    Usage {
        /// What is wrong.
        problem: String,
        /// What to do about it.
        next: String,
    },
    /// The sweep file is wrong; the text holds every diagnostic with file:line:column and snippet.
    #[error("{0}")]
    Sweep(String),
    /// A data set is missing, damaged or of the wrong kind.
    #[error("{}: {problem}\n  next: {next}", path.display())]
    Data {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
        /// What to do about it.
        next: String,
    },
    /// The file system refused.
    #[error("cannot {action} {}: {source}{}", path.display(), advice(source))]
    Io {
        /// The verb: "open", "write", "fsync", …
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A record or checkpoint is damaged or foreign.
    #[error("{}: {problem}\n  next: {next}", path.display())]
    Record {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
        /// What to do about it.
        next: String,
    },
    /// A record of another format version: whole, so never to be replaced by new results.
    #[error("{}: {problem}\n  next: use the ablate that wrote it, or choose another folder", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// Which version it is of, and which one this program reads.
        problem: String,
    },
    /// HDF5 said no.
    #[error("{}: HDF5: {source}", path.display())]
    Hdf5 {
        /// The file.
        path: PathBuf,
        /// What the library said.
        source: hdf5::Error,
    },
    /// A tensor operation failed.
    #[error("training: {0}")]
    Tensor(#[from] candle_core::Error),
    /// A worker process could not be started or spoke out of turn.
    #[error("worker: {0}")]
    Worker(String),
    /// A worker met an error that is nobody's trial's fault. It keeps its text and the exit code that it had there.
    #[error("{message}")]
    Reported {
        /// The error's text.
        message: String,
        /// Its exit code.
        code: ExitCode,
    },
    /// A state that the code rules out: a bug.
    #[error("internal error: {0}\n  next: please report this with the command and the sweep file")]
    Internal(String),
}

impl Error {
    /// Wraps an I/O error with what was being done to which path: `.map_err(Error::io("open", path))`.
    pub fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io {
            action,
            path,
            source,
        }
    }

    /// Wraps an HDF5 error with its file: `.map_err(Error::hdf5(path))`.
    pub fn hdf5(path: &Path) -> impl Fn(hdf5::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Hdf5 {
            path: path.clone(),
            source,
        }
    }

    /// The exit code that this error ends the program with.
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Usage { .. } | Self::Sweep(_) => ExitCode::BadInput,
            Self::Data { .. } => ExitCode::BadData,
            Self::Io { .. } => ExitCode::Io,
            Self::Record { .. } | Self::Format { .. } | Self::Hdf5 { .. } => ExitCode::BadRecord,
            Self::Reported { code, .. } => *code,
            Self::Worker(_) => ExitCode::Machine,
            Self::Tensor(_) | Self::Internal(_) => ExitCode::Internal,
        }
    }
}

/// The next step for the I/O errors that users meet.
fn advice(source: &std::io::Error) -> &'static str {
    use std::io::ErrorKind as K;
    match source.kind() {
        K::StorageFull | K::QuotaExceeded => {
            "\n  next: free space (or choose another folder: --results, of reports --out) and run the same command again; what is committed is safe"
        }
        K::ReadOnlyFilesystem => {
            "\n  next: make it writable and run the same command again (what is committed is safe), or choose another folder: --results"
        }
        K::PermissionDenied => {
            "\n  next: see whose it is and who may use it (`ls -ld`) and run the same command again (what is committed is safe), or choose another folder: --results"
        }
        K::NotFound | K::NotADirectory => "\n  next: check the path",
        _ => "",
    }
}
