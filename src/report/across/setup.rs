//! Whether two sweeps are the same experiment, in a sentence: what must be said before their numbers are.

use super::differs::{Difference, Place};
use super::versus::Versus;
use std::collections::BTreeSet;

/// So many things are named.
const NAMED: usize = 3;

/// Which settings and data of points in common differ; nothing where none does.
pub fn not_the_same(versus: &Versus) -> Option<String> {
    let mut seen = BTreeSet::new();
    let mut names: Vec<&str> = versus.differences.iter().filter_map(name).collect();
    names.retain(|name| seen.insert(*name));
    let verb = match names.as_slice() {
        [] => return None,
        [one] if *one != IMAGES => "differs",
        _ => "differ",
    };
    let named = names.len().min(NAMED);
    let all = match (&names[..named], names.len() - named) {
        ([one], _) => (*one).to_owned(),
        (named, 0) => {
            let (last, others) = named.split_last()?;
            format!("{} and {last}", others.join(", "))
        }
        (named, more) => format!("{} and {more} more", named.join(", ")),
    };
    Some(format!("Not the same experiment: {all} {verb}."))
}

const IMAGES: &str = "the images";

fn name(difference: &Difference) -> Option<&str> {
    match difference.place {
        Place::Config => Some(&difference.what),
        Place::Data => Some(IMAGES),
        Place::Environment | Place::Sweep => None,
    }
}
