//! `ablate submit`.

mod send;
mod show;

use super::device::{DeviceArgs, WorkersPerGpu};
use crate::data;
use crate::error::{Error, ExitCode, Result};
use crate::fanout::attempts::Counted;
use crate::fanout::gpu::choice::Choice;
use crate::fanout::gpu::program::{self, Found};
use crate::fanout::queue::ATTEMPTS;
use crate::harmless::harmless;
use crate::model;
use crate::plan::{Device, GFLOPS_PER_WORKER, Plan, work_of_use};
use crate::record::{self, Folder};
use crate::slurm::allowed::Allowed;
use crate::slurm::client;
use crate::slurm::option;
use crate::slurm::profile::{Mps, Need, Partition, Profile};
use crate::slurm::program::Program;
use crate::slurm::split::{Split, Wishes, Work, split};
use crate::slurm::time::Limit;
use crate::sweep::Sweep;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const MORE: &str = "\
What it does: counts the trials that are left, plans as few Slurm jobs as the partition's limits and the time ask for, prints them with
their cost, freezes the sweep file and this program in the sweep's folder (submitted/<n>/ and bin/), sends the jobs, and a follow-up that
waits for them, goes on with what they leave and ends at once when nothing is left. Then it leaves: nothing stays on the login node.
  ablate status FOLDER    how far it is          ablate cancel FOLDER    ends its Slurm jobs; what is saved stays
Variables SBATCH_… are not looked at: give options to sbatch after a --, as in
  ablate submit jobs/x.yaml --profile expanse --partition gpu-shared --account abc123 -- --qos=x --mail-user=me@x.edu";

/// Arguments of `ablate submit`.
#[derive(clap::Args)]
#[command(after_long_help = MORE)]
pub struct Args {
    /// The sweep file
    file: PathBuf,
    #[command(flatten)]
    form: super::QuickForm,
    /// The site: expanse, local, or the path of a profile (copy slurm/expanse.yaml)
    #[arg(long, value_name = "NAME|FILE")]
    profile: String,
    /// The partition
    #[arg(long, short = 'p')]
    partition: String,
    /// The account that pays
    #[arg(long, short = 'A')]
    account: Option<String>,
    /// Folder of all results [default: the profile's]
    #[arg(long, value_name = "DIR")]
    results: Option<PathBuf>,
    /// Slurm jobs, beside the follow-up [default: as few as finish it]
    #[arg(long, value_name = "N")]
    jobs: Option<u32>,
    /// Time limit of each: minutes, HH:MM:SS or D-HH:MM:SS [default: twice what is estimated]
    #[arg(long, short = 't')]
    time: Option<Limit>,
    /// Nodes of each job
    #[arg(long, value_name = "N")]
    nodes: Option<u32>,
    /// GPUs of each job
    #[arg(long, value_name = "N")]
    gpus: Option<u32>,
    /// Ranks on each node [default: one for each GPU, else one]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    tasks_per_node: Option<u32>,
    /// Cores of each rank [default: those that come with a GPU, or as many as there are trials]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=4096))]
    cores: Option<u32>,
    #[command(flatten)]
    device: DeviceArgs,
    /// Trials at a time on one GPU: a number, or auto: as `ablate run` measures
    #[arg(long, value_name = "N|auto", default_value = "auto")]
    workers_per_gpu: WorkersPerGpu,
    /// Start NVIDIA's Multi-Process Service in jobs on GPUs, as the profile's `mps: true` does
    #[arg(long)]
    mps: bool,
    /// Threads of each trial; a rank trains cores / threads trials at a time
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1024))]
    threads: u32,
    /// Refuse sweeps with more trials than this
    #[arg(long, value_name = "N", default_value_t = Plan::MAX_TRIALS)]
    max_trials: usize,
    /// Print jobs, cost, scripts and commands; send and write nothing
    #[arg(long)]
    dry_run: bool,
    /// Passed to sbatch
    #[arg(long)]
    qos: Option<String>,
    /// Passed to sbatch
    #[arg(long)]
    reservation: Option<String>,
    /// Passed to sbatch
    #[arg(long, short = 'C')]
    constraint: Option<String>,
    /// Passed to sbatch
    #[arg(long, value_name = "ADDRESS")]
    mail_user: Option<String>,
    /// Passed to sbatch
    #[arg(long)]
    mail_type: Option<String>,
    /// Any further options of sbatch, as --name=value
    #[arg(last = true, value_name = "SBATCH OPTIONS")]
    options: Vec<String>,
}

/// All that was decided, before anything is written.
struct Submission<'a> {
    sweep: &'a Sweep,
    profile: Profile,
    partition: &'a str,
    account: Option<&'a str>,
    options: Vec<String>,
    /// Absolute.
    results: PathBuf,
    folder: Folder,
    program: Program,
    /// On GPUs.
    cuda: Option<OnGpus>,
    trials: usize,
    work: Work,
    asked: Option<u32>,
    split: Split,
}

impl Submission<'_> {
    fn device(&self) -> Device {
        match self.cuda {
            Some(_) => Device::Cuda,
            None => Device::Cpu,
        }
    }
}

/// What jobs on GPUs need besides.
struct OnGpus {
    program: Program,
    workers: WorkersPerGpu,
    mps: Mps,
}

/// Plans, shows and sends.
pub fn run(args: &Args) -> Result<ExitCode> {
    let profile = Profile::find(&args.profile)?;
    let options = options(args)?;
    let account = account(args, &profile)?;
    let partition = profile.partition(Allowed::PARTITION.check(&args.partition)?)?;
    let sweep = Sweep::load_form(&args.file, args.form.form())?;
    let results = results(args.results.as_deref(), &profile)?;
    let folder = Folder::existing(results.join(&sweep.name));
    let choice = device(args, &folder, partition)?;
    let plan = Plan::build_on(choice.device, &sweep, args.max_trials, &data::facts)?;
    for warning in plan.warnings() {
        tell!("warning: {warning}");
    }
    let work = left(&plan, &folder)?;
    if work.trials == 0 {
        say!("{}: nothing is left to do; nothing was sent", sweep.name);
        say!("  next: ablate report {}", folder.root().display());
        return Ok(ExitCode::Done);
    }
    let user = client::user();
    let queued = user
        .as_ref()
        .ok()
        .and_then(|user| client::queued(user, &args.partition));
    note_earlier(&folder, user.as_deref().unwrap_or_default());
    let wishes = Wishes {
        jobs: args.jobs,
        time: args.time,
        nodes: args.nodes,
        gpus: args.gpus,
        tasks_per_node: args.tasks_per_node,
        cores: args.cores,
        threads: args.threads,
    };
    let split = split(
        &profile,
        &args.partition,
        work,
        &wishes,
        queued.unwrap_or(0),
    )?;
    let cuda = match choice.device {
        Device::Cpu => None,
        Device::Cuda => Some(OnGpus {
            program: Program::read(&args.device.program())?,
            workers: args.workers_per_gpu,
            mps: match args.mps {
                true => Mps::Started,
                false => profile.mps,
            },
        }),
    };
    say!("device: {} ({})", choice.device.name(), choice.why);
    let submission = Submission {
        sweep: &sweep,
        profile,
        partition: &args.partition,
        account,
        options,
        results,
        folder,
        program: Program::read(&super::this_program()?)?,
        cuda,
        trials: plan.len(),
        work,
        asked: args.jobs,
        split,
    };
    show::plan(&submission);
    match args.dry_run {
        true => show::dry_run(&submission),
        false => send::send(&submission),
    }
}

/// What the jobs' trials are trained on: on GPUs where the partition has them and the program for them is here, unless the sweep was
/// begun otherwise. That it does not start on a login node, without a driver or its modules, is no reason against it.
fn device(args: &Args, folder: &Folder, partition: &Partition) -> Result<Choice> {
    let path = args.device.program();
    let gpus = || match &partition.gpu {
        Some(gpu) => Ok(format!(
            "{} has {} GPUs a node",
            args.partition, gpu.per_node
        )),
        None => Err(format!("{} has none", args.partition)),
    };
    let choice = args.device.choose(folder, &path, &gpus)?;
    choice.check()?;
    if choice.device == Device::Cuda {
        let found = program::probe(&path);
        match &found {
            Found::NoDriver => {}
            Found::Broken(why) => tell!(
                "note: {} does not start here ({}); jobs load the profile's cuda_modules first",
                harmless(&path.to_string_lossy()),
                harmless(why)
            ),
            _ => found.check(&path)?,
        }
    }
    Ok(choice)
}

/// Further options of sbatch, checked: those with a flag of their own, then those after the `--`.
fn options(args: &Args) -> Result<Vec<String>> {
    let named = [
        ("qos", &args.qos),
        ("reservation", &args.reservation),
        ("constraint", &args.constraint),
        ("mail-user", &args.mail_user),
        ("mail-type", &args.mail_type),
    ];
    let named = named
        .iter()
        .filter_map(|(name, value)| value.as_ref().map(|value| format!("--{name}={value}")));
    let all: Vec<String> = named.chain(args.options.iter().cloned()).collect();
    all.iter()
        .try_for_each(|word| option::check(word).map(drop))?;
    Ok(all)
}

fn account<'a>(args: &'a Args, profile: &Profile) -> Result<Option<&'a str>> {
    match (&args.account, profile.account) {
        (Some(account), _) => Allowed::ACCOUNT.check(account).map(Some),
        (None, Need::Optional) => Ok(None),
        (None, Need::Required) => Err(Error::Usage {
            problem: format!("{} wants to know who pays", profile.name),
            next: "add --account NAME (on Expanse `expanse-client user` lists yours)".into(),
        }),
    }
}

/// The folder of all results, absolute, because jobs start elsewhere.
fn results(named: Option<&Path>, profile: &Profile) -> Result<PathBuf> {
    let path = match named {
        Some(path) => path.to_owned(),
        None if profile.results.contains("{user}") => {
            profile.results.replace("{user}", &client::user()?).into()
        }
        None => profile.results.clone().into(),
    };
    let absolute = std::path::absolute(&path).map_err(Error::io("find", &path))?;
    // Scripts go to where they were sent from.
    let here = std::env::current_dir().map_err(Error::io("find", ".".as_ref()))?;
    Allowed::PATH.check(&here.to_string_lossy())?;
    Allowed::PATH.check(&absolute.to_string_lossy())?;
    Ok(absolute)
}

/// Jobs of an earlier submission are no mistake, but should be meant.
fn note_earlier(folder: &Folder, user: &str) {
    let earlier = super::cancel::alive(folder.root(), user).unwrap_or_default();
    if !earlier.is_empty() {
        let ids: Vec<_> = earlier.iter().map(|sent| sent.job.id.as_str()).collect();
        tell!(
            "note: Slurm still has jobs of this sweep: {}; these are in addition (ablate cancel {} ends the earlier ones)",
            ids.join(" "),
            folder.root().display()
        );
    }
}

/// What is left of a plan: not committed, and not given up.
fn left(plan: &Plan, folder: &Folder) -> Result<Work> {
    // `ablate run` has been here when the folder has trials.
    let (done, counted) = match folder.trials().is_dir() && folder.attempts().is_dir() {
        true => (record::done(folder)?, Counted::read(folder)?),
        false => (BTreeSet::new(), Counted::default()),
    };
    let mut work = Work {
        trials: 0,
        core_seconds: 0.0,
        longest: 0.0,
    };
    for index in 0..plan.units() {
        let id = plan.id(index).to_string();
        if plan.is_done(&done, index, &id) || counted.of(&id) >= ATTEMPTS {
            continue;
        }
        let trial = plan.trial(index);
        let cost = model::cost_of(&trial.config, trial.image);
        let uses = trial.evaluations.iter();
        let uses: f64 = uses.map(|used| work_of_use(cost, &used.config)).sum();
        let operations = crate::plan::work(cost, &trial.config) + uses;
        let seconds = operations / (GFLOPS_PER_WORKER * 1e9);
        work.trials += 1;
        work.core_seconds += seconds;
        work.longest = work.longest.max(seconds);
    }
    Ok(work)
}
