//! What a plan can do but the question behind it probably does not want.

use super::Plan;
use crate::diffusion;

/// Significance level that the report uses.
const LEVEL: f64 = 0.05;

/// Arms whose settings are looked at.
const LOOKED_AT: usize = 1000;

/// Smallest p that the exact two-sided sign-flip test can give with n seeds: two of 2^n sign patterns.
fn smallest_p(seeds: usize) -> f64 {
    2.0 / 2f64.powi(seeds.min(1000) as i32)
}

/// Seeds needed so that one of k comparisons can fall below the level after Holm's correction, which multiplies
/// the smallest p by k.
fn seeds_needed(comparisons: usize) -> usize {
    (1..)
        .find(|n| smallest_p(*n) * comparisons as f64 <= LEVEL)
        .unwrap_or(usize::MAX)
}

impl Plan {
    /// Comparisons with the baseline that the report will make.
    pub fn comparisons(&self) -> usize {
        match self.space.sweep.compare {
            Some(_) => self.points() - self.baseline.len(),
            None => 0,
        }
    }

    /// Warnings, each a sentence with a next step.
    pub fn warnings(&self) -> Vec<String> {
        let mut out = Vec::new();
        out.extend(self.seed_warning());
        let sweep = &self.space.sweep;
        if sweep.compare.is_some() && self.comparisons() == 0 {
            out.push("every arm is the baseline, so nothing is compared: add an axis".into());
        }
        if sweep.compare.is_none() && self.points() > 1 {
            out.push("no compare: the report will show the arms but answer no question; add compare with a baseline and a metric".into());
        }
        for (rule, excluded) in sweep.exclude.iter().zip(&self.excluded) {
            if sweep.sample.is_none() && excluded.points == 0 {
                out.push(format!(
                    "the exclude rule on line {} drops no point (or only points that an earlier rule drops)",
                    rule.place.line
                ));
            }
        }
        if let Some(sample) = sweep.sample {
            let asked = self.points() + self.collapsed() - self.space.controls.len();
            let kept = asked - sweep.include.len().min(asked);
            if kept < sample.random && (kept as u64) < self.space.grid.size() {
                out.push(format!(
                    "sample asks for {} points, but only {kept} are left to draw",
                    sample.random
                ));
            }
        }
        let mut of_arms: Vec<String> = Vec::new();
        for point in 0..self.points().min(LOOKED_AT) {
            for warning in diffusion::warnings(&self.config(point)) {
                if !of_arms.contains(&warning) {
                    of_arms.push(warning);
                }
            }
        }
        out.extend(of_arms);
        for (path, line) in &self.unused {
            out.push(format!(
                "base sets {path} on line {line}, but no point uses it: it has no effect"
            ));
        }
        out
    }

    fn seed_warning(&self) -> Option<String> {
        let (seeds, comparisons) = (self.space.sweep.seeds.len(), self.comparisons());
        if seeds == 1 {
            return Some(
                "one seed shows no uncertainty: differences may be luck; set seeds: 8".into(),
            );
        }
        let needed = seeds_needed(comparisons.max(1));
        if comparisons == 0 || seeds >= needed {
            return None;
        }
        let tests = match comparisons {
            1 => "1 comparison".into(),
            many => format!("{many} comparisons (Holm)"),
        };
        let p = smallest_p(seeds);
        Some(format!(
            "{seeds} seeds can never show p < {LEVEL} for {tests}: the exact sign-flip test cannot go below {p:.3} each; {needed} seeds are needed"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Oracle: the table in science.md §5.
    #[test]
    fn seeds_needed_are_those_of_the_table() {
        let table = [(1, 6), (3, 7), (6, 8), (10, 9), (15, 10)];
        assert_eq!(table.map(|(k, _)| seeds_needed(k)), table.map(|(_, n)| n));
        assert_eq!([3, 4, 5].map(smallest_p), [0.25, 0.125, 0.0625]);
    }
}
