//! Processor or GPU: what was asked for, what is here, and what the sweep was begun on.

use super::program::NAME;
use crate::error::{Error, Result};
use crate::plan::Device;

/// What the user asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Asked {
    /// What the sweep was begun on; a new one a GPU where one can be used, else the processor.
    #[default]
    Auto,
    /// The processor.
    Cpu,
    /// A GPU, or nothing.
    Cuda,
}

/// What is here. The GPUs are asked for only when it depends on them: a driver may take a second to answer.
pub struct Here<'a> {
    /// What the sweep was begun on, where it was.
    pub begun: Option<Device>,
    /// Whether there is a file where the program for GPUs should be.
    pub program: Program,
    /// Which GPUs can be used, or why none: a few words each.
    pub gpus: &'a dyn Fn() -> std::result::Result<String, String>,
}

/// Whether there is a file where the program for GPUs should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// There is.
    There,
    /// There is not.
    Missing,
}

/// What is taken, and why: a few words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The class of device.
    pub device: Device,
    /// Why.
    pub why: String,
    /// What training on it lacks here, and what to do about it. Plans and reports lack nothing.
    pub lacking: Option<String>,
}

impl Choice {
    /// Whether trials can be trained as chosen.
    ///
    /// # Errors
    /// When a GPU is asked for, or the sweep was begun on one, and none can be used. Nothing ever falls back to the
    /// processor then: a trial there is another trial, and takes far longer.
    pub fn check(&self) -> Result<()> {
        match &self.lacking {
            Some(lacking) => Err(Error::Worker(lacking.clone())),
            None => Ok(()),
        }
    }
}

/// Chooses.
pub fn choose(asked: Asked, here: &Here<'_>) -> Choice {
    let cpu = |why: &str| Choice {
        device: Device::Cpu,
        why: why.to_owned(),
        lacking: None,
    };
    let cuda = |why: &str, lacking: &str, next: &str| {
        let (told, lacking) = match (here.gpus)() {
            Ok(gpus) => (gpus, None),
            Err(none) => {
                let lacking = format!("{lacking}: {none}\n  next: {next}");
                (none, Some(lacking))
            }
        };
        Choice {
            device: Device::Cuda,
            why: format!("{why}; {told}"),
            lacking,
        }
    };
    match (asked, here.begun) {
        (Asked::Cpu, _) => cpu("as asked"),
        // That the program is missing is told by whoever starts it.
        (Asked::Cuda, _) => cuda(
            "as asked",
            "--device cuda, but no GPU can be used",
            "ask for a GPU (`--gpus`), look at CUDA_VISIBLE_DEVICES, and see `ablate doctor`",
        ),
        (Asked::Auto, Some(Device::Cpu)) => {
            cpu("this sweep was begun on it; --device cuda would train all of it anew on a GPU")
        }
        (Asked::Auto, Some(Device::Cuda)) => cuda(
            "this sweep was begun on it",
            "this sweep was begun on GPUs, and none can be used here",
            "go on with it where there is a GPU; or --device cpu, which trains all of it anew on the processor",
        ),
        (Asked::Auto, None) => match here.program {
            Program::Missing => cpu(&format!("there is no {NAME} beside this program")),
            Program::There => match (here.gpus)() {
                Ok(gpus) => Choice {
                    device: Device::Cuda,
                    why: format!("{NAME} is beside this program; {gpus}"),
                    lacking: None,
                },
                Err(why) => cpu(&format!("no GPU can be used: {why}")),
            },
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Words = std::result::Result<String, String>;
    const NONE: fn() -> Words = || Err("there is no nvidia-smi here".into());
    const TWO: fn() -> Words = || Ok("2 GPUs can be used".into());

    fn chosen(
        asked: Asked,
        begun: Option<Device>,
        program: Program,
        gpus: fn() -> Words,
    ) -> std::result::Result<(Device, String), String> {
        let here = Here {
            begun,
            program,
            gpus: &gpus,
        };
        let choice = choose(asked, &here);
        choice.check().map_err(|error| error.to_string())?;
        Ok((choice.device, choice.why))
    }

    #[test]
    fn a_new_sweep_takes_a_gpu_where_program_and_gpu_are_there() {
        let of = |program, gpus| chosen(Asked::Auto, None, program, gpus).expect("a choice");
        let (device, why) = of(Program::There, TWO);
        assert_eq!(
            (device, why.as_str()),
            (
                Device::Cuda,
                "ablate-cuda is beside this program; 2 GPUs can be used"
            )
        );
        let (device, why) = of(Program::There, NONE);
        assert_eq!(
            (device, why.as_str()),
            (
                Device::Cpu,
                "no GPU can be used: there is no nvidia-smi here"
            )
        );
        let (device, why) = of(Program::Missing, || panic!("a GPU is of no use here"));
        assert_eq!(
            (device, why.as_str()),
            (Device::Cpu, "there is no ablate-cuda beside this program")
        );
    }

    #[test]
    fn a_sweep_that_was_begun_keeps_its_device_or_is_refused() {
        let of = |begun, gpus| chosen(Asked::Auto, Some(begun), Program::There, gpus);
        let (device, why) = of(Device::Cpu, TWO).expect("a choice");
        assert!(
            device == Device::Cpu && why.contains("--device cuda"),
            "{why}"
        );
        assert_eq!(
            of(Device::Cuda, TWO).map(|(device, _)| device),
            Ok(Device::Cuda)
        );
        let refused = of(Device::Cuda, NONE).expect_err("refused");
        assert!(
            refused.contains("begun on GPUs") && refused.contains("--device cpu"),
            "{refused}"
        );
    }

    #[test]
    fn what_is_asked_for_is_taken_or_refused_whatever_was_before() {
        for begun in [None, Some(Device::Cpu), Some(Device::Cuda)] {
            let of = |asked, gpus| chosen(asked, begun, Program::Missing, gpus);
            assert_eq!(of(Asked::Cpu, TWO), Ok((Device::Cpu, "as asked".into())));
            assert_eq!(
                of(Asked::Cuda, TWO).map(|(device, _)| device),
                Ok(Device::Cuda)
            );
            assert!(
                of(Asked::Cuda, NONE)
                    .expect_err("refused")
                    .contains("nvidia-smi")
            );
        }
    }
}
