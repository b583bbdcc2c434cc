//! What is left to do, and how long it takes.

use super::Survey;
use crate::cli::status::forecast::{Forecast, Pace};
use crate::cli::status::projection::Work;
use crate::cli::status::tally::Known;
use crate::cli::status::view::Live;
use crate::fanout::queue::ATTEMPTS;
use std::collections::BTreeMap;

impl Survey {
    /// What is left to do; `None` when nothing is measured yet.
    pub(super) fn left(&self, known: &[Known], live: &BTreeMap<usize, Live>) -> Option<Work> {
        let plan = &self.target.plan;
        let work = self.work.get_or_init(|| {
            let arms = (0..plan.points()).map(|point| plan.work_of_trial(point));
            let first = (plan.len()..plan.units()).map(|index| plan.work_of_artefact(index));
            arms.chain(first).collect()
        });
        let pace = |index: usize, live: &Live| Pace {
            arm: plan.point(index),
            part: live.trial.part,
            from: live.trial.from,
            seconds: live.trial.seconds,
        };
        let paces: Vec<_> = live
            .iter()
            .map(|(index, live)| pace(*index, live))
            .collect();
        let finished =
            (0..self.ids.len()).filter_map(|index| Some((plan.point(index), self.took(index)?)));
        let forecast = Forecast::new(work, finished, &paces);
        let mut left = Work::default();
        for (index, known) in known.iter().enumerate() {
            let expected = match live.get(&index) {
                _ if known.committed.is_some() => continue,
                Some(live) => forecast.rest(pace(index, live))?,
                None if known.failures >= ATTEMPTS => continue,
                None => forecast.whole(plan.point(index))?,
            };
            let pile = match (plan.artefact(index), live.get(&index)) {
                (Some(_), _) => &mut left.first,
                (None, Some(_)) => &mut left.running,
                (None, None) => &mut left.waiting,
            };
            pile.push(expected);
        }
        Some(left)
    }
}
