//! Claims of blocks of trials, so that runners that know nothing of each other (several Slurm jobs) drain one sweep by
//! files alone. They save work, never results: a trial is committed once whoever trained it, so nothing here is
//! synced, and a wrong guess about a silent runner costs some training twice.
//!
//! `claims/<plan>/<runner>.beat` is a runner's heartbeat ([`beat`]). A claim, `claims/<plan>/<block>.<generation>`, is
//! **another name of that very file**: taken by `link`, which never replaces, and never half-written; opening it shows
//! who has the block and whether it beats. The owner of a block is who has its highest generation. When that one left, is
//! gone, or was silent for a lease on the observer's own clock ([`watch`]), the next generation is free to take. Nothing
//! is unlinked, so what was once seen stays true.

mod beat;
mod blocks;
mod runner;
mod watch;

pub use beat::{Sight, look, path as beat_path};
pub use blocks::Blocks;
pub use runner::{Runner, Whereabouts, is_plain};
pub use watch::{Standing, Watch};

use crate::durable::{self, Linked};
use crate::error::{Error, Result};
use crate::record::Folder;
use beat::{Beat, Heart};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fmt::{Display, Write as _};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Silence after which what a runner holds is free. The same for all.
pub const LEASE: Duration = Duration::from_secs(60);

/// Between two beats, unless a lease is so short that a twelfth of it is less. Whatever the leases of two runners are, the one
/// that lives is heard by the other.
pub const BEAT: Duration = Duration::from_secs(1);

/// What an attempt to claim a block came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// This runner has it, and nobody had it before.
    Mine,
    /// This runner has it now. Its last owner, who was this, may have committed some of it.
    TakenOver(String),
    /// Another runner has it.
    Held {
        /// Who; "unknown" when its file is damaged.
        by: String,
        /// For how long it was silent.
        silent: Duration,
        /// Whether it was seen to beat.
        heard: bool,
    },
}

/// A monotonic clock: the time since any instant.
type Clock = Box<dyn Fn() -> Duration + Send>;

/// One runner's part in the claims of a plan. When dropped, it leaves: what it holds is free at once.
pub struct Claims {
    folder: PathBuf,
    beat: Beat,
    heart: Option<Heart>,
    lease: Duration,
    clock: Clock,
    watch: Watch,
    /// The highest generation seen of each block.
    newest: BTreeMap<usize, u64>,
    /// The generation in which this runner claimed a block.
    mine: BTreeMap<usize, u64>,
}

impl Claims {
    /// Joins those who work on the plan with this digest ([`plan_digest`]), and begins to beat.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn join(folder: &Folder, plan: &str, lease: Duration) -> Result<Self> {
        let began = Instant::now();
        let mut claims = Self::enter(folder, plan, lease, Box::new(move || began.elapsed()))?;
        claims.heart = Some(Heart::start(claims.beat.clone(), BEAT.min(lease / 12))?);
        Ok(claims)
    }

    /// As [`join`](Self::join), by any clock and without a heart.
    fn enter(folder: &Folder, plan: &str, lease: Duration, clock: Clock) -> Result<Self> {
        if !is_plain(plan) {
            return Err(Error::Internal(format!("{plan:?} is no digest of a plan")));
        }
        let folder = folder.claims(plan);
        std::fs::create_dir_all(&folder).map_err(Error::io("make", &folder))?;
        let mut newest = BTreeMap::new();
        for entry in std::fs::read_dir(&folder).map_err(Error::io("list", &folder))? {
            let name = entry.map_err(Error::io("list", &folder))?.file_name();
            if let Some((block, generation)) = name.to_str().and_then(parse) {
                let newest = newest.entry(block).or_insert(generation);
                *newest = generation.max(*newest);
            }
        }
        Ok(Self {
            beat: Beat::start(&folder)?,
            folder,
            heart: None,
            lease,
            clock,
            watch: Watch::new(lease),
            newest,
            mine: BTreeMap::new(),
        })
    }

    /// The id of this runner.
    pub fn runner(&self) -> &str {
        &self.beat.runner.id
    }

    /// The silence after which this runner takes over what another holds.
    pub fn lease(&self) -> Duration {
        self.lease
    }

    /// Takes a block if it is free. The silence of whoever has it is counted from the first call on, and between two
    /// calls a third of the lease at most: who waits for a block asks again every second or so.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn claim(&mut self, block: usize) -> Result<Claim> {
        let mut from = None;
        loop {
            let newest = self.newest(block)?;
            if newest > 0 {
                if self.mine.get(&block) == Some(&newest) {
                    return Ok(Claim::Mine);
                }
                let (by, standing) = self.owner(block, newest)?;
                match standing {
                    Standing::Beats(silent) | Standing::Unheard(silent)
                        if !standing.is_over(self.lease) =>
                    {
                        let heard = matches!(standing, Standing::Beats(_));
                        return Ok(Claim::Held { by, silent, heard });
                    }
                    _ => from = Some(by),
                }
            }
            let next = newest + 1;
            let linked = durable::link_unsynced(&self.beat.path, &self.name(block, next))?;
            // Whoever was faster: there is one.
            self.newest.insert(block, next);
            if linked == Linked::New {
                self.mine.insert(block, next);
                return Ok(from.map_or(Claim::Mine, Claim::TakenOver));
            }
        }
    }

    /// The blocks that this runner claimed.
    pub fn mine(&self) -> Vec<usize> {
        self.mine.keys().copied().collect()
    }

    /// Whether a block that this runner claimed is still its own: a runner that was paused for longer than its lease
    /// finds out that another has it now. (On NFS up to a minute late, which costs work, not results.)
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn still_mine(&mut self, block: usize) -> Result<bool> {
        Ok(match self.mine.get(&block).copied() {
            Some(generation) => self.newest(block)? == generation,
            None => false,
        })
    }

    /// The highest generation of a block; 0 when nobody claimed it yet.
    fn newest(&mut self, block: usize) -> Result<u64> {
        let mut newest = self.newest.get(&block).copied().unwrap_or(0);
        loop {
            let later = self.name(block, newest + 1);
            if !later.try_exists().map_err(Error::io("look for", &later))? {
                return Ok(newest);
            }
            newest += 1;
            self.newest.insert(block, newest);
        }
    }

    /// Who has a block in this generation, and how it stands with it.
    fn owner(&mut self, block: usize, generation: u64) -> Result<(String, Standing)> {
        let name = self.name(block, generation);
        // One that vanished says as little as an empty one.
        let sight = look(&name)?.unwrap_or(Sight {
            file: (u64::MAX, block as u64),
            beats: 0,
            left: false,
            runner: None,
            whereabouts: Whereabouts::Elsewhere,
        });
        let standing = self.watch.look(&sight, (self.clock)());
        let by = sight
            .runner
            .map_or_else(|| "unknown".to_owned(), |runner| runner.id);
        Ok((by, standing))
    }

    fn name(&self, block: usize, generation: u64) -> PathBuf {
        self.folder.join(format!("{block}.{generation}"))
    }
}

impl Drop for Claims {
    fn drop(&mut self) {
        // First, so that no beat comes after the last one.
        self.heart = None;
        if let Err(error) = self.beat.leave() {
            tracing::warn!(
                "{error}\n  done: others wait for the lease to end before they go on with what this run had"
            );
        }
    }
}

/// `<block>.<generation>`; larger generations than anybody counts up to are not ours.
fn parse(name: &str) -> Option<(usize, u64)> {
    let (block, generation) = name.split_once('.')?;
    let generation = generation.parse::<u32>().ok()?;
    Some((block.parse().ok()?, generation.into()))
}

/// Twelve hex digits that are the same for the same trials in the same order.
pub fn plan_digest(ids: impl IntoIterator<Item = impl Display>) -> String {
    let mut sum = Sha256::new();
    let mut id_text = String::new();
    for id in ids {
        id_text.clear();
        // Writing to a string cannot fail.
        let _ = writeln!(id_text, "{id}");
        sum.update(&id_text);
    }
    sum.finalize()[..6]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests;
