//! The program that trains on GPUs, `ablate-cuda`: where it is, and whether it can be worked with.

use crate::error::Error;
use crate::fanout::ask::{Answer, ask, first_line};
use crate::fanout::fault;
use crate::fanout::message::Hello;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Its name; it stands beside `ablate`.
pub const NAME: &str = "ablate-cuda";

/// Longer than libraries of a gigabyte take to load from a busy file system.
const PATIENCE: Duration = Duration::from_secs(120);

/// What a program of ours says when it is asked who it is (`ablate hello`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Introduction {
    /// The build.
    #[serde(flatten)]
    pub hello: Hello,
    /// What code for GPUs is in it.
    pub gpu_code: GpuCode,
}

/// What code for GPUs a build has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GpuCode {
    /// None.
    None,
    /// CUDA.
    Cuda,
    /// None, but for a test it acts as if (`ABLATE_FAULT=cpu@gpu`).
    Pretended,
}

impl Introduction {
    /// This program's.
    pub fn ours() -> Self {
        let gpu_code = match (cfg!(feature = "cuda"), fault::pretends_gpu()) {
            (true, _) => GpuCode::Cuda,
            (false, true) => GpuCode::Pretended,
            (false, false) => GpuCode::None,
        };
        Self {
            hello: Hello::ours(),
            gpu_code,
        }
    }
}

/// What was found where the program should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// It starts, has code for GPUs, and is of this very version.
    Ready,
    /// There is no file.
    Missing,
    /// It finds no NVIDIA driver (`libcuda.so.1`).
    NoDriver,
    /// It does not start, and this is the reason.
    Broken(String),
    /// It did not end in time.
    Silent,
    /// It is an ablate of another version.
    Other(Hello),
    /// It has no code for GPUs.
    Plain,
    /// Whatever it is, it said this.
    Stranger(String),
}

/// Where it is unless it is named: beside this program.
pub fn beside() -> PathBuf {
    let program = std::env::current_exe().unwrap_or_default();
    program.with_file_name(NAME)
}

/// Starts it and asks who it is.
pub fn probe(program: &Path) -> Found {
    found(&ask(program, &["hello"], PATIENCE))
}

fn found(answer: &Answer) -> Found {
    match answer {
        Answer::Missing => Found::Missing,
        Answer::TimedOut => Found::Silent,
        // The linker's words.
        Answer::Failed(why) if why.contains("libcuda.so") => Found::NoDriver,
        // An ablate that does not know the question is of another version.
        Answer::Failed(why) if why.contains("unrecognized subcommand") => {
            Found::Stranger("an ablate of an earlier version".into())
        }
        Answer::Failed(why) => Found::Broken(first_line(why).to_owned()),
        Answer::Printed(text) => match serde_json::from_str::<Introduction>(text) {
            Ok(who) if who.hello != Hello::ours() => Found::Other(who.hello),
            Ok(who) if who.gpu_code == GpuCode::None => Found::Plain,
            Ok(_) => Found::Ready,
            Err(_) => match serde_json::from_str::<Hello>(text) {
                Ok(hello) => Found::Other(hello),
                Err(_) => Found::Stranger(first_line(text).chars().take(200).collect()),
            },
        },
    }
}

impl Found {
    /// What is wrong with the program at `path`, and what to do about it; nothing when it is ready.
    pub fn problem(&self, path: &Path) -> Option<(String, String)> {
        let path = path.display();
        let build = "build it from the commit of this ablate: `make cuda` (README.md, \"GPUs\"); or train on processors: --device cpu";
        let ours = Hello::ours();
        let (problem, next) = match self {
            Self::Ready => return None,
            Self::Missing => (
                format!("{path}, the program that trains on GPUs, is not there"),
                format!("{build}; or name it: --ablate-cuda FILE"),
            ),
            Self::NoDriver => (
                format!("{path} finds no NVIDIA driver (libcuda.so.1)"),
                "start it on a node with a GPU: ask for one (`--gpus`); without a GPU there is --device cpu".into(),
            ),
            Self::Broken(why) => (
                format!("{path} does not start: {why}"),
                "load the CUDA module that it was built with (`module load cuda12.2/toolkit`), or build it anew: `make cuda`".into(),
            ),
            Self::Silent => (
                format!("{path} was asked who it is, and does not end"),
                "see why the driver does not answer: `nvidia-smi`".into(),
            ),
            Self::Other(hello) => (
                format!(
                    "{path} is ablate {} (protocol {}), but this is ablate {} (protocol {})",
                    hello.version, hello.protocol, ours.version, ours.protocol
                ),
                build.into(),
            ),
            Self::Plain => (
                format!("{path} was built without code for GPUs (feature cuda)"),
                build.into(),
            ),
            Self::Stranger(said) => (
                format!("{path} is not the ablate-cuda of this version; it said: {said}"),
                build.into(),
            ),
        };
        Some((problem, next))
    }

    /// As an error of the machine.
    ///
    /// # Errors
    /// Unless it is ready.
    pub fn check(&self, path: &Path) -> crate::error::Result<()> {
        match self.problem(path) {
            None => Ok(()),
            Some((problem, next)) => Err(Error::Worker(format!("{problem}\n  next: {next}"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(introduction: &Introduction) -> Found {
        let text = serde_json::to_string(introduction).expect("JSON");
        found(&Answer::Printed(text))
    }

    #[test]
    fn only_a_build_for_gpus_of_this_very_version_is_ready() {
        let mut who = Introduction {
            hello: Hello::ours(),
            gpu_code: GpuCode::Cuda,
        };
        assert_eq!(printed(&who), Found::Ready);
        who.gpu_code = GpuCode::None;
        assert_eq!(printed(&who), Found::Plain);
        who.hello.version = "0.0.1+old".into();
        assert_eq!(printed(&who), Found::Other(who.hello.clone()));
        let other = printed(&who).check("/x/ablate-cuda".as_ref());
        let said = other.expect_err("refused").to_string();
        assert!(
            said.contains("0.0.1+old") && said.contains(&Hello::ours().version),
            "{said}"
        );
        assert!(said.contains("make cuda"), "{said}");
    }

    #[test]
    fn whatever_else_is_there_is_told_with_what_to_do() {
        let failed = |why: &str| found(&Answer::Failed(why.into()));
        let missing = |library: &str| {
            failed(&format!(
                "ablate-cuda: error while loading shared libraries: {library}: cannot open shared object file: No such file or directory"
            ))
        };
        assert_eq!(missing("libcuda.so.1"), Found::NoDriver);
        assert!(
            matches!(missing("libcublas.so.12"), Found::Broken(why) if why.contains("libcublas"))
        );
        let old = failed("error: unrecognized subcommand 'hello'\n\nUsage: ablate <COMMAND>");
        assert!(matches!(old, Found::Stranger(_)));
        assert!(matches!(
            found(&Answer::Printed("hi".into())),
            Found::Stranger(_)
        ));
        for found in [
            Found::Missing,
            Found::NoDriver,
            Found::Silent,
            Found::Plain,
            old,
            Found::Broken("x".into()),
        ] {
            let said = found
                .check("/x/ablate-cuda".as_ref())
                .expect_err("refused")
                .to_string();
            assert!(
                said.contains("/x/ablate-cuda") && said.contains("\n  next: "),
                "{said}"
            );
        }
    }
}
