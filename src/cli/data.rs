//! `ablate data`: fetch, verify and look at data sets.

use crate::config::{DataConfig, Dataset};
use crate::data::fetch::{self, Event};
use crate::data::{self, Images, Places, digits, mnist, sheet};
use crate::error::{ExitCode, Result};
use clap::{Subcommand, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal as _;
use std::path::PathBuf;

/// Arguments of `ablate data`.
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Download a data set (login nodes have a network, compute nodes often have none)
    Fetch(Fetch),
    /// Read every file of a data set and say how it is
    Verify(Verify),
    /// Write the first images to a PNG, side by side
    Show(Show),
}

/// Data sets with a published content.
#[derive(Clone, Copy, ValueEnum)]
enum PublishedSet {
    Mnist,
}

#[derive(clap::Args)]
struct Fetch {
    /// Which data set
    set: PublishedSet,
    /// Where to put it [default: ablate's folder in your cache, where runs look]
    #[arg(long, value_name = "FOLDER")]
    dir: Option<PathBuf>,
    /// Where to get it: an address to which NAME.gz is added; give several to have them tried in order
    #[arg(long, value_name = "URL")]
    mirror: Vec<String>,
}

#[derive(clap::Args)]
struct Verify {
    /// Which data set
    set: PublishedSet,
    /// Look only here [default: ABLATE_DATA_DIR, then ablate's folder in your cache]
    #[arg(long, value_name = "FOLDER")]
    dir: Option<PathBuf>,
}

#[derive(clap::Args)]
struct Show {
    /// digits, mnist, or the path of an IDX or .npy file
    images: String,
    /// The PNG to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// How many images
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    count: u32,
}

/// Runs `ablate data`.
///
/// # Errors
/// What the subcommand meets.
pub fn run(args: &Args) -> Result<ExitCode> {
    match &args.command {
        Command::Fetch(args) => fetch(args),
        Command::Verify(args) => verify(args),
        Command::Show(args) => show(args),
    }
}

fn fetch(args: &Fetch) -> Result<ExitCode> {
    let PublishedSet::Mnist = args.set;
    let folder = args.dir.clone().map_or_else(mnist::default_folder, Ok)?;
    let mirrors = match args.mirror.as_slice() {
        [] => mnist::MIRRORS.map(String::from).to_vec(),
        named => named.to_vec(),
    };
    let mut progress = Progress::new();
    fetch::fetch(&mnist::files(), &mirrors, &folder, &mut |event| {
        progress.show(&event)
    })?;
    say!("MNIST is complete in {}", folder.display());
    Ok(ExitCode::Done)
}

/// A bar on a terminal, a line for each event elsewhere.
struct Progress {
    bar: ProgressBar,
}

impl Progress {
    fn new() -> Self {
        Self {
            bar: ProgressBar::hidden(),
        }
    }

    fn show(&mut self, event: &Event) {
        match event {
            Event::Kept(path) => say!("{} is there and sound", path.display()),
            Event::Started(url, bytes) => {
                say!("fetching {url}");
                if std::io::stdout().is_terminal() {
                    self.bar = bar(*bytes);
                }
            }
            Event::Received(bytes) => self.bar.inc(*bytes),
            Event::Failed(url, reason) => {
                self.bar.finish_and_clear();
                tell!("{url}: {reason}");
            }
            Event::Stored(path) => {
                self.bar.finish_and_clear();
                say!("stored {}, content checked", path.display());
            }
        }
    }
}

fn bar(bytes: Option<u64>) -> ProgressBar {
    let style = ProgressStyle::with_template(
        "{bar:40} {binary_bytes} of {binary_total_bytes}, {binary_bytes_per_sec}, {eta} left",
    )
    .unwrap_or_else(|_| ProgressStyle::default_bar());
    match bytes {
        Some(bytes) => ProgressBar::new(bytes).with_style(style),
        None => ProgressBar::new_spinner(),
    }
}

fn verify(args: &Verify) -> Result<ExitCode> {
    let PublishedSet::Mnist = args.set;
    let places = match &args.dir {
        Some(folder) => Places {
            folders: vec![folder.clone()],
            cache: None,
        },
        None => Places::from_env(),
    };
    let mut code = ExitCode::Done;
    for file in mnist::files() {
        match mnist::state(&file, &places)? {
            mnist::State::Good(path) => say!("good     {}", path.display()),
            mnist::State::Damaged(error) => {
                say!("damaged  {error}");
                code = ExitCode::BadData;
            }
            mnist::State::Missing(error) => {
                say!("missing  {error}");
                code = ExitCode::BadData;
            }
        }
    }
    Ok(code)
}

fn show(args: &Show) -> Result<ExitCode> {
    let images = first_images(&args.images, args.count as usize)?;
    let zoom = (84 / images.h.max(images.w)).max(1);
    sheet::write(&images, zoom, &args.out)?;
    say!(
        "wrote {} images of {}×{} to {}",
        images.n,
        images.h,
        images.w,
        args.out.display()
    );
    Ok(ExitCode::Done)
}

fn first_images(name: &str, count: usize) -> Result<Images> {
    let mnist = DataConfig {
        dataset: Dataset::Mnist,
        train: count,
        test: 1,
        ..DataConfig::default()
    };
    match name {
        "digits" => Ok(digits::images(digits::Part::Train, count)),
        "mnist" => Ok(data::load(&mnist)?.train),
        path => data::first_of_file(path.as_ref(), count),
    }
}
