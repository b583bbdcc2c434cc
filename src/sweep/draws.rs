//! `seeds` and `sample`: how often a point is tried, and which points.

use super::assign::{Entries, read};
use super::diagnose::{Diagnostic, Place};
use super::node::{Node, Tree};
use std::collections::HashMap;

/// Some points of the grid instead of all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// How many points.
    pub random: usize,
    /// The seed of the draw. The first n points of a larger draw are those of the draw of n.
    pub seed: u64,
    /// Where it is written.
    pub place: Place,
}

/// Most seeds of a sweep.
const MOST: usize = 1_000_000;

/// `seeds: 8` means 0 to 7; a list is taken as written.
pub(super) fn seeds(node: &Node, found: &mut Vec<Diagnostic>) -> Vec<u64> {
    let expected = "a whole number from 1 to 1000000 (n means the seeds 0 to n − 1), or a list of distinct whole numbers from 0";
    let Tree::List(items) = &node.value else {
        return match node.to_json().as_u64() {
            Some(n) if n >= 1 && n <= MOST as u64 => (0..n).collect(),
            _ => {
                let problem = format!("found {}", node.describe());
                found.push(Diagnostic::new(node.place, "seeds", problem, expected));
                Vec::new()
            }
        };
    };
    let mut seen = HashMap::new();
    let mut out = Vec::with_capacity(items.len());
    for item in items {
        match item.to_json().as_u64() {
            None => {
                let problem = format!("found {}", item.describe());
                found.push(Diagnostic::new(item.place, "seeds", problem, expected));
            }
            Some(seed) => {
                if let Some(first) = seen.insert(seed, item.place) {
                    let problem = format!("the seed {seed} is on line {} already", first.line);
                    found.push(Diagnostic::new(
                        item.place,
                        "seeds",
                        problem,
                        "every seed once",
                    ));
                }
                out.push(seed);
            }
        }
    }
    if items.is_empty() {
        found.push(Diagnostic::new(
            node.place,
            "seeds",
            "the list is empty",
            expected,
        ));
    }
    out
}

/// `sample: { random: 64, seed: 1 }`.
pub(super) fn sample(node: &Node, found: &mut Vec<Diagnostic>) -> Option<Sample> {
    let entries = Entries::read(node, "sample", &["random", "seed"], found);
    let Some(random) = entries.get("random") else {
        let expected = "for example { random: 64, seed: 1 }";
        found.push(Diagnostic::new(
            node.place,
            "sample",
            "random is missing",
            expected,
        ));
        return None;
    };
    let count: usize = read(random, "sample.random", found)?;
    if count == 0 {
        found.push(Diagnostic::new(
            random.place,
            "sample.random",
            "found 0",
            "a whole number above 0",
        ));
    }
    let seed = match entries.get("seed") {
        Some(seed) => read::<usize>(seed, "sample.seed", found)?,
        None => 0,
    };
    Some(Sample {
        random: count,
        seed: seed as u64,
        place: node.place,
    })
}
