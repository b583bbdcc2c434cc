//! Downloading published files: mirrors in turn, content checked before a file gets its name.

use super::published::{self, Published};
use super::source::Packing;
use crate::durable::{self, Temp};
use crate::error::{Error, Result};
use std::fs::{self, File};
use std::io::{self, Read, Write as _};
use std::path::Path;
use std::time::Duration;

/// What happens, for whoever shows progress.
#[derive(Debug)]
pub enum Event<'a> {
    /// The file is there already and sound.
    Kept(&'a Path),
    /// A mirror answers, with this many bytes if it says.
    Started(&'a str, Option<u64>),
    /// More bytes have come.
    Received(u64),
    /// A mirror could not give the file.
    Failed(&'a str, &'a str),
    /// The file is checked and in its place.
    Stored(&'a Path),
}

/// Fetches each of `files` that is not in `folder` yet, as `<mirror><name>.gz` from the first mirror that has it
/// whole. A file appears under its name only when its content is checked and synced.
///
/// # Errors
/// [`Error::Data`] when no mirror has a good copy, [`Error::Io`] when the folder cannot be written.
pub fn fetch(
    files: &[Published],
    mirrors: &[String],
    folder: &Path,
    observe: &mut dyn FnMut(Event),
) -> Result<()> {
    fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
    durable::remove_stale(folder)?;
    let agent = agent();
    for file in files {
        let raw = folder.join(&file.name);
        let packed = folder.join(format!("{}.gz", file.name));
        if raw.exists() {
            // Readers take the raw file first, so a good .gz beside a damaged one would not help.
            published::check(file, &raw).map_err(|damage| hidden(damage, &raw))?;
            observe(Event::Kept(&raw));
        } else if packed.exists() && published::check(file, &packed).is_ok() {
            observe(Event::Kept(&packed));
        } else {
            fetch_one(&agent, file, mirrors, &packed, observe)?;
            observe(Event::Stored(&packed));
        }
    }
    Ok(())
}

fn hidden(damage: Error, raw: &Path) -> Error {
    match damage {
        Error::Data { path, problem, .. } => Error::Data {
            path,
            problem,
            next: format!("delete {} and run the same command again", raw.display()),
        },
        other => other,
    }
}

/// No limit on the whole download, only on silence: a slow line is not an error.
fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .timeout_connect(Some(Duration::from_secs(20)))
        .timeout_recv_response(Some(Duration::from_secs(60)))
        .timeout_per_read(Some(Duration::from_secs(60)))
        .build()
        .into()
}

fn fetch_one(
    agent: &ureq::Agent,
    file: &Published,
    mirrors: &[String],
    target: &Path,
    observe: &mut dyn FnMut(Event),
) -> Result<()> {
    let mut reasons = Vec::new();
    for mirror in mirrors {
        let url = format!("{}/{}.gz", mirror.trim_end_matches('/'), file.name);
        let temp = Temp::beside(target);
        match download(agent, &url, file, temp.path(), observe) {
            Ok(()) => return durable::install(&temp, target),
            Err(Failure::Mirror(reason)) => {
                observe(Event::Failed(&url, &reason));
                reasons.push(format!("{url}: {reason}"));
            }
            Err(Failure::Here(error)) => return Err(error),
        }
    }
    Err(Error::Data {
        path: target.to_owned(),
        problem: format!("no mirror has a good copy\n  {}", reasons.join("\n  ")),
        next: format!(
            "check the network (HTTPS_PROXY is honoured), name another --mirror, or copy {}.gz here by hand",
            file.name
        ),
    })
}

/// Whose fault it is: another mirror helps against the one, not against the other.
enum Failure {
    Mirror(String),
    Here(Error),
}

fn download(
    agent: &ureq::Agent,
    url: &str,
    file: &Published,
    to: &Path,
    observe: &mut dyn FnMut(Event),
) -> std::result::Result<(), Failure> {
    let mirror = |error: &dyn std::fmt::Display| Failure::Mirror(error.to_string());
    let here = |action| move |error| Failure::Here(Error::io(action, to)(error));
    let response = agent.get(url).call().map_err(|error| mirror(&error))?;
    let body = response.into_body();
    observe(Event::Started(url, body.content_length()));
    // Packed data are hardly ever larger than raw data, and never by as much as this.
    let limit = file.raw_bytes + (1 << 20);
    let mut body = body.into_with_config().limit(limit).reader();
    let mut stored = File::create(to).map_err(here("create"))?;
    let mut block = vec![0; 1 << 16];
    loop {
        let count = match body.read(&mut block) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(mirror(&error)),
        };
        stored.write_all(&block[..count]).map_err(here("write"))?;
        observe(Event::Received(count as u64));
    }
    stored.sync_all().map_err(here("fsync"))?;
    match published::check(file, to) {
        Ok((Packing::Gzip, _)) => Ok(()),
        Ok((Packing::Raw, _)) => Err(mirror(&"the file is not compressed")),
        Err(Error::Data { problem, .. }) => Err(Failure::Mirror(problem)),
        Err(other) => Err(Failure::Here(other)),
    }
}
