//! What checkpoints of a trial are good for, without going on from them.

use super::codec;
use super::keeper::{Candidate, list, read};
use crate::config::NUMERICS_VERSION;
use crate::error::Result;
use crate::nn::ops::dispatch;
use std::path::{Path, PathBuf};

/// A file with a checkpoint's place and name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Where it lies.
    pub path: PathBuf,
    /// Optimiser steps that it holds, by its name.
    pub step: u64,
    /// How it is.
    pub condition: Condition,
}

/// How a checkpoint is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// It can be gone on from.
    Whole,
    /// It is whole, but of other kernels: why this machine or build passes it over.
    Elsewhere(String),
    /// What is wrong with it.
    Damaged(String),
}

/// The checkpoints of trial `id`, whose attempts lie below `root`; the one to go on from comes first. They are read as a trial
/// that goes on reads them; only whether they fit the network is asked when it is built.
///
/// # Errors
/// When the folders cannot be listed.
pub fn inspect(root: &Path, id: &str) -> Result<Vec<Seen>> {
    let mut candidates = list(root)?;
    candidates.sort_unstable();
    let seen = |found: Candidate| Seen {
        condition: condition(&found, id).unwrap_or_else(Condition::Damaged),
        step: found.step,
        path: found.path,
    };
    Ok(candidates.into_iter().rev().map(seen).collect())
}

fn condition(found: &Candidate, id: &str) -> std::result::Result<Condition, String> {
    let file = read(&found.path)?;
    let identity = codec::identity(&file)?;
    let state = codec::decode(&identity, &file)?;
    if identity.trial != id {
        return Err(format!("it is of trial {}", identity.trial));
    }
    if state.progress.step != found.step {
        return Err(format!("it is of step {}", state.progress.step));
    }
    let mut others = Vec::new();
    if identity.numerics != NUMERICS_VERSION {
        others.push(format!("numerics version {}", identity.numerics));
    }
    if identity.dispatch != dispatch() {
        others.push(format!("dispatch level {}", identity.dispatch));
    }
    Ok(match others.is_empty() {
        true => Condition::Whole,
        false => Condition::Elsewhere(others.join(" and ")),
    })
}
