//! What a rank has of its node, and how many workers it keeps busy there.

use super::Args;
use crate::cli::device::Hardware;
use crate::error::{Error, Result};
use crate::fanout::gpu::seats::PerGpu;
use crate::fanout::gpu::watch;
use crate::fanout::placement::{Local, View};
use crate::fanout::supervisor::Gpus;
use crate::plan::{Device, Plan};

/// A rank's part of its node.
pub struct Share {
    /// Most workers at a time.
    pub workers: usize,
    /// Its GPUs, where trials are trained on them.
    pub gpus: Option<Gpus>,
}

impl Share {
    /// What this process finds, as this rank of its node.
    pub fn of(args: &Args, hardware: &Hardware, local: Local) -> Self {
        Self::seen(args, hardware, local, &View::ours())
    }

    fn seen(args: &Args, hardware: &Hardware, local: Local, view: &View) -> Self {
        let fit = (view.cores(local) / usize::from(args.threads)).max(1);
        let asked = args.workers.map(usize::from);
        if hardware.choice.device == Device::Cpu {
            return Self {
                workers: asked.unwrap_or(fit),
                gpus: None,
            };
        }
        let own = view.gpus(local, hardware.gpus.len());
        let number = own.len().max(1);
        let per_gpu = match asked {
            Some(workers) => PerGpu::Fixed(workers.div_ceil(number)),
            None => args.workers_per_gpu.of(fit / number),
        };
        let most = match per_gpu {
            PerGpu::Fixed(each) => each,
            PerGpu::Measured { most } => most,
        };
        Self {
            workers: asked.unwrap_or(most * number),
            gpus: Some(Gpus {
                visible: hardware.gpus.clone(),
                own,
                per_gpu,
                sampled_every: watch::period(),
            }),
        }
    }

    /// Whether its GPUs can multiply what the sweep asks for. What is not known of a GPU its workers find out.
    ///
    /// # Errors
    /// When one cannot.
    pub fn check(&self, plan: &Plan) -> Result<()> {
        let Some(gpus) = &self.gpus else {
            return Ok(());
        };
        let precisions = (0..plan.points()).map(|point| plan.config(point).train.precision);
        let Some(wanted) = precisions.max_by_key(|precision| precision.capability()) else {
            return Ok(());
        };
        let known = gpus.own.iter().filter_map(|&number| {
            let gpu = gpus.visible.get(number)?.as_ref()?;
            Some((number, gpu, capability(gpu.capability.as_deref()?)?))
        });
        let mut lacking = known.filter(|(.., found)| *found < wanted.capability());
        let Some((number, gpu, [has, and])) = lacking.next() else {
            return Ok(());
        };
        let [major, minor] = wanted.capability();
        Err(Error::Worker(format!(
            "train.precision: {} needs a GPU of compute capability {major}.{minor}; GPU {number} ({}) has {has}.{and}\n  next: take train.precision: f16 or f32, or newer GPUs",
            wanted.name(),
            gpu.model
        )))
    }

    /// Workers that it begins with.
    pub fn first(&self) -> usize {
        match &self.gpus {
            Some(gpus) => self.workers.min(gpus.per_gpu.first() * gpus.own.len()),
            None => self.workers,
        }
    }
}

/// What a GPU can, as nvidia-smi tells it: "7.0".
fn capability(told: &str) -> Option<[i32; 2]> {
    let (major, minor) = told.split_once('.')?;
    Some([major.parse().ok()?, minor.parse().ok()?])
}

/// One line that says what trials are trained on, and why.
pub fn announcement(hardware: &Hardware, share: &Share) -> String {
    let choice = &hardware.choice;
    let mut line = format!("device: {} ({})", choice.device.name(), choice.why);
    if let Some(gpus) = &share.gpus {
        let names = gpus.own.iter().map(|number| {
            let known = hardware.gpus.get(*number).and_then(Option::as_ref);
            let model = known.map_or("of unknown model", |gpu| gpu.model.as_str());
            format!("{number} {model}")
        });
        line += &format!("; GPU {}", names.collect::<Vec<_>>().join(", "));
        line += &match gpus.per_gpu {
            PerGpu::Fixed(1) => "; 1 worker each".to_owned(),
            PerGpu::Fixed(each) => format!("; at most {each} workers each"),
            PerGpu::Measured { most } => format!("; 1 worker each, up to {most} as measured"),
        };
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fanout::gpu::choice::Choice;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    fn share(device: Device, gpus: usize, local: Local, arguments: &[&str]) -> Share {
        let line = ["ablate", "x.yaml"].iter().chain(arguments);
        let args = Line::parse_from(line).args;
        let hardware = Hardware {
            choice: Choice {
                device,
                why: String::new(),
                lacking: None,
            },
            gpus: vec![None; gpus],
            program: "ablate-cuda".into(),
        };
        let view = View {
            available: 40,
            online: 40,
            ..View::default()
        };
        Share::seen(&args, &hardware, local, &view)
    }

    #[test]
    fn workers_are_cores_by_threads_or_gpus_by_workers_per_gpu() {
        let of = |device, arguments: &[&str]| {
            let share = share(device, 4, Local::ALONE, arguments);
            (share.first(), share.workers)
        };
        assert_eq!(of(Device::Cpu, &[]), (40, 40));
        assert_eq!(of(Device::Cpu, &["--threads", "4"]), (10, 10));
        assert_eq!(of(Device::Cpu, &["--workers-per-gpu", "3"]), (40, 40));
        assert_eq!(of(Device::Cuda, &[]), (4, 40));
        assert_eq!(of(Device::Cuda, &["--threads", "40"]), (4, 4));
        assert_eq!(of(Device::Cuda, &["--workers-per-gpu", "3"]), (12, 12));
        assert_eq!(of(Device::Cuda, &["--workers", "6"]), (6, 6));
    }

    #[test]
    fn a_rank_keeps_to_its_own_gpus() {
        let second = Local { rank: 1, ranks: 2 };
        let share = share(Device::Cuda, 4, second, &["--workers-per-gpu", "2"]);
        let gpus = share.gpus.as_ref().expect("GPUs");
        assert_eq!((gpus.own.as_slice(), share.workers), (&[1, 3][..], 4));
    }
}
