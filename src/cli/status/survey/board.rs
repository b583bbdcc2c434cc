//! The arms that a view shows.

use super::{Show, Survey};
use crate::cli::status::arms::{self, Arm};
use crate::cli::status::view::{Board, Live, Shown};
use crate::outcome::Outcome;
use std::collections::BTreeMap;

impl Survey {
    /// The arms to show, with their curves.
    pub(super) fn board(&mut self, live: &BTreeMap<usize, Live>, show: Show) -> Board {
        if show.arms == 0 {
            return Board::default();
        }
        let plan = &self.target.plan;
        let seeds = self.target.sweep.seeds.len();
        let mut arms: Vec<_> = (0..plan.points())
            .map(|point| Arm::new(point, plan.is_baseline(point), seeds))
            .collect();
        for (index, id) in self.ids[..plan.len()].iter().enumerate() {
            let arm = &mut arms[plan.point(index)];
            if let Some(found) = self.outcomes.committed(id) {
                arm.done += 1;
                let completed = found.outcome == Outcome::Completed;
                found
                    .value
                    .filter(|_| completed)
                    .into_iter()
                    .for_each(|value| arm.learn(value));
            } else if let Some(live) = live.get(&index) {
                arm.training.push((live.trial.epoch, live.trial.epochs));
            }
        }
        let chosen = arms::choose(&arms, self.expect, show.arms);
        let begun = arms.iter().filter(|arm| arm.has_begun()).count();
        // Seed by seed, so that every arm has a curve soon.
        let wanted = (0..seeds)
            .flat_map(|seed| chosen.iter().map(move |point| point * seeds + seed))
            .map(|index| (index, self.ids[index].as_str()))
            .filter(|(_, id)| self.outcomes.of(id).is_some());
        let folder = &self.target.folder;
        self.curves
            .read(&self.outcomes, folder, &self.metric, wanted, show.curves);
        let curve = |index: usize| {
            let live = live.get(&index).map(|live| &live.trial.curves);
            self.curves.of(index).or(live).cloned()
        };
        let show = |point: &usize| Shown {
            label: self.target.arm(*point, |path| path),
            short: self
                .target
                .arm(*point, |path| path.rsplit('.').next().unwrap_or(path)),
            arm: arms[*point].clone(),
            curves: (point * seeds..(point + 1) * seeds)
                .filter_map(curve)
                .collect(),
        };
        Board {
            metric: self.metric.clone(),
            more: begun - chosen.len(),
            arms: chosen.iter().map(show).collect(),
        }
    }
}
