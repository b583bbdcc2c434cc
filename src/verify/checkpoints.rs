//! Checkpoints, read by the code that goes on from them.

use super::beside::{entries, relative};
use super::finding::Known;
use super::seen::{Seen, Sighting};
use crate::error::Result;
use crate::record::{Folder, is_id};
use crate::train::{CheckpointCondition, SeenCheckpoint, inspect_checkpoints};

/// Reads the checkpoints of every trial.
///
/// # Errors
/// When a folder cannot be listed.
pub fn look(folder: &Folder, known: &mut Known, seen: &mut Vec<Sighting>) -> Result<()> {
    for (id, root) in entries(&folder.all_checkpoints())? {
        if !is_id(&id) {
            seen.push(Sighting {
                path: relative(folder, &root),
                seen: Seen::Unknown,
            });
            continue;
        }
        for found in inspect_checkpoints(&root, &id)? {
            let what = sighting(&id, &found, known);
            // Removed meanwhile, because there is a newer one or the trial is done.
            if let Some(what) = what.filter(|_| found.path.exists()) {
                seen.push(Sighting {
                    path: relative(folder, &found.path),
                    seen: what,
                });
            }
        }
    }
    Ok(())
}

fn sighting(id: &str, found: &SeenCheckpoint, known: &mut Known) -> Option<Seen> {
    if known.committed.contains_key(id) {
        return Some(Seen::CheckpointLeft);
    }
    match &found.condition {
        CheckpointCondition::Whole => {
            // The best one comes first.
            known.resume.entry(id.to_owned()).or_insert(found.step);
            None
        }
        CheckpointCondition::Elsewhere(of) => Some(Seen::CheckpointElsewhere {
            id: id.to_owned(),
            of: of.clone(),
        }),
        CheckpointCondition::Damaged(problem) => Some(Seen::Checkpoint {
            id: id.to_owned(),
            problem: problem.clone(),
        }),
    }
}
