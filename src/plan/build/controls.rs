//! The arms that `controls` asks for, made from those that are there.

use super::{Builder, too_many};
use crate::error::Result;
use crate::plan::Uncontrolled;
use crate::plan::control::{Control, Lack, Measure, matched, zeroed};
use crate::plan::space::Origin;
use crate::sweep::{Asked, Control as Kind, Diagnostic};

impl Builder<'_> {
    /// Makes the controls of every arm, behind all other arms.
    pub(super) fn controls(&mut self, max_trials: usize) -> Result<()> {
        let sweep = &self.plan.space.sweep;
        let asked = sweep.controls.clone();
        let seeds = sweep.seeds.len();
        // Values that do not fit together have no cost.
        if asked.is_empty() || self.plan.baseline.is_empty() || !self.checks.are_met() {
            return Ok(());
        }
        for arm in 0..self.plan.arms.len() {
            for wanted in &asked {
                self.control(arm, *wanted)?;
                if self.plan.arms.len() * seeds > max_trials {
                    let asked = format!("more than {max_trials} trials with its controls");
                    return Err(too_many(&self.plan.space.sweep, asked, max_trials));
                }
            }
        }
        for Asked { control, place } in asked {
            let made = self.plan.space.controls.iter();
            if control == Kind::ZeroSkip && !made.into_iter().any(|one| one.kind == control) {
                self.checks.add(Diagnostic::new(
                    place,
                    "controls",
                    "no arm has a skip that zeros could stand for",
                    "a skip that joins along channels (model.skip.mode: concat, gate or attention_gate; model.connection: input_concat), or no zero_skip",
                ));
            }
        }
        Ok(())
    }

    /// Makes one control of one arm, where there is one.
    fn control(&mut self, arm: usize, asked: Asked) -> Result<()> {
        let of = self.plan.arms[arm].origin;
        let config = self.plan.space.config(of);
        let image = self.data.known[self.plan.arms[arm].data as usize]
            .facts
            .image;
        let named = self.plan.space.sweep.baseline.as_ref();
        let conditions = named.map_or(&[][..], |named| &named.conditions);
        let kind = asked.control;
        let found = match Measure::of(kind) {
            Some(_) if self.plan.is_baseline(arm) => return Ok(()),
            Some(measure) => matched(&config, conditions, image, measure, asked.place),
            None => zeroed(&config, asked.place),
        };
        match found {
            Ok(set) => {
                let controls = &mut self.plan.space.controls;
                let origin = Origin::Control(controls.len());
                controls.push(Control { kind, arm, of, set });
                self.point(origin, false)
            }
            Err(Lack::Nothing) => Ok(()),
            Err(Lack::Because(reason)) => {
                self.plan
                    .uncontrolled
                    .push(Uncontrolled { kind, arm, reason });
                Ok(())
            }
            Err(Lack::NoWidth(arch)) => {
                let problem = format!(
                    "{} needs a network with a width; {} has none",
                    kind.name(),
                    arch.name(),
                );
                let expected = format!(
                    "controls without {} (found at: {})",
                    kind.name(),
                    self.plan.space.describe(of)
                );
                self.checks
                    .add(Diagnostic::new(asked.place, "controls", problem, expected));
                Ok(())
            }
        }
    }
}
