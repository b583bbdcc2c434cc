//! What each factor of a grid is worth, averaged over the others, and how factors depend on each other.
//!
//! - [`design`]: arms to factors and cells.
//! - [`contrast`]: one effect, by seed.
//! - [`lines`]: the means behind an interaction, for its chart.
//! - [`missing`]: the arms that lack values.

pub mod contrast;
pub mod design;
pub mod lines;
pub mod missing;

use super::compare::Comparisons;
use super::label;
use super::number::{self, Digits};
use super::rows::Better;
use super::stats::{Test, holm};
use crate::record::CompareRecord;
use contrast::{Contrast, Setting, contrast};
use design::Design;
use serde::Serialize;

/// At most so many effects are told: main effects first, then interactions in the order of the factors.
const TOLD: usize = 120;

/// At most so many are looked for: in a grid of which few points were drawn, most of them cannot be told.
const TRIED: usize = 1000;

/// One main effect or two-way interaction.
#[derive(Clone, Debug, PartialEq)]
pub struct Effect {
    /// `depth`, or `skip.at × depth`.
    pub factor: String,
    /// `2 against 1`, or `[14] × 2`.
    pub level: String,
    /// How many factors it is of: 1 or 2.
    pub order: usize,
    /// Its value by seed, summarised.
    pub contrast: Contrast,
    /// p after Holm's correction over all effects of the sweep.
    pub p_holm: Option<f64>,
}

/// All effects of a sweep; none where fewer than two factors vary.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Factorial {
    /// Main effects, then interactions.
    pub effects: Vec<Effect>,
    /// Main effects and interactions that are not told, because there are too many.
    pub left_out: usize,
    /// The arms that lack values.
    pub missing: Vec<missing::Missing>,
}

impl Factorial {
    /// The effects of a design.
    pub fn of(design: &Design) -> Self {
        let factors = &design.factors;
        if factors.len() < 2 {
            return Self::default();
        }
        let levels = |factor: usize| {
            let others = 0..factors[factor].levels.len();
            others.filter(move |level| *level != factors[factor].baseline)
        };
        let mains = (0..factors.len()).flat_map(|a| levels(a).map(move |level| vec![(a, level)]));
        let pairs = (0..factors.len()).flat_map(|a| (a + 1..factors.len()).map(move |b| (a, b)));
        let interactions = pairs.flat_map(|(a, b)| {
            let together = design.together(a, b).into_iter();
            let edited = together
                .filter(move |(i, j)| *i != factors[a].baseline && *j != factors[b].baseline);
            edited.map(move |(i, j)| vec![(a, i), (b, j)])
        });
        let mut found = Self {
            missing: missing::of(design),
            ..Self::default()
        };
        for (tried, settings) in mains.chain(interactions).enumerate() {
            if found.effects.len() == TOLD || tried >= TRIED {
                found.left_out += 1;
            } else if let Some(contrast) = contrast(design, &settings) {
                found.effects.push(effect(design, &settings, contrast));
            }
        }
        let tested = found.effects.iter_mut();
        let tested =
            tested.filter_map(|effect| Some((effect.contrast.paired.p?.0, &mut effect.p_holm)));
        let (p, adjusted): (Vec<f64>, Vec<_>) = tested.unzip();
        for (place, value) in adjusted.into_iter().zip(holm(&p)) {
            *place = Some(value);
        }
        found
    }
}

/// The design of a sweep's arms.
pub fn design<'a>(
    comparisons: &'a Comparisons,
    axes: &[String],
    compare: Option<&'a CompareRecord>,
) -> Design<'a> {
    let wanted = |axis: &str| Some(compare?.baseline.get(axis)?.as_str());
    Design::of(&comparisons.arms, axes, wanted)
}

fn effect(design: &Design, settings: &[Setting], contrast: Contrast) -> Effect {
    let factors = settings
        .iter()
        .map(|(factor, _)| design.factors[*factor].name.as_str());
    let factor = factors.collect::<Vec<_>>().join(" × ");
    let names = settings
        .iter()
        .map(|&(factor, level)| design.factors[factor].levels[level].as_str());
    let level = match *settings {
        [(at, level)] => {
            let factor = &design.factors[at];
            format!(
                "{} against {}",
                factor.levels[level], factor.levels[factor.baseline]
            )
        }
        _ => names.collect::<Vec<_>>().join(" × "),
    };
    Effect {
        factor,
        level,
        order: settings.len(),
        contrast,
        p_holm: None,
    }
}

/// One effect in words. Empty text where there is nothing to say.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Row {
    /// `depth`.
    pub factor: String,
    /// `2 against 1`.
    pub level: String,
    /// `8`, or `7/8` when values are missing.
    pub n: String,
    /// Over how many settings of the other factors: `4`, `3 of 4` where values are missing.
    pub settings: String,
    /// `−0.0123`.
    pub effect: String,
    /// `[−0.0151, −0.0102]`.
    pub interval: String,
    /// Holm-corrected.
    pub p: String,
    /// Seeds in which the level is better; of an interaction nothing is better.
    pub wins: String,
}

impl Row {
    /// What its cells are.
    pub const HEADINGS: [&str; 8] = [
        "factor",
        "level",
        "effect",
        "95% interval",
        "p",
        "wins",
        "n",
        "averaged over",
    ];

    /// Its texts, in the order of the headings.
    pub fn cells(self) -> Vec<String> {
        vec![
            self.factor,
            self.level,
            self.effect,
            self.interval,
            self.p,
            self.wins,
            self.n,
            self.settings,
        ]
    }
}

/// The effects in words, with the digits that their uncertainty allows.
pub fn rows(factorial: &Factorial, better: Better) -> Vec<Row> {
    let summaries = || {
        factorial
            .effects
            .iter()
            .map(|effect| effect.contrast.paired.summary)
    };
    let digits = Digits::of(
        summaries().filter_map(|summary| Some(summary.interval?.half_width())),
        summaries().filter_map(|summary| summary.mean),
    );
    factorial
        .effects
        .iter()
        .map(|effect| row(effect, digits, better))
        .collect()
}

/// What the columns mean.
pub fn caption(factorial: &Factorial, metric: &str, better: Better) -> String {
    let metric = label::visible(metric);
    let left_out = match factorial.left_out {
        0 => String::new(),
        n => format!(" {n} more effects are not told."),
    };
    let missing = missing::sentence(&factorial.missing);
    let missing = missing.map_or_else(String::new, |sentence| format!(" {sentence}"));
    format!(
        "A factor's effect: {metric} at a level minus that at its baseline level, averaged over so many settings of the \
         other factors, by seed, with its 95% t-interval over seeds. An interaction (×) is half the change of one effect \
         that the other factor's level makes: 0 when the two do not depend on each other. p: exact two-sided sign-flip test \
         after Holm's correction over this table ((t): Student's t, above 20 seeds); wins: seeds where the level is {}.{left_out}{missing}",
        better.name()
    )
}

fn row(effect: &Effect, digits: Digits, better: Better) -> Row {
    let (contrast, paired) = (&effect.contrast, &effect.contrast.paired);
    let summary = &paired.summary;
    let p = effect.p_holm.map(|p| match paired.p {
        Some((_, Test::StudentT)) => format!("{} (t)", number::p_value(p)),
        _ => number::p_value(p),
    });
    let wins = match better {
        Better::Lower => paired.lower,
        Better::Higher => paired.higher,
    };
    Row {
        factor: effect.factor.clone(),
        level: effect.level.clone(),
        n: number::of(summary.n, contrast.planned),
        settings: match (contrast.averaged, contrast.settings) {
            ([low, high], all) if low == all && high == all => all.to_string(),
            ([low, high], all) if low == high => format!("{low} of {all}"),
            ([low, high], all) => format!("{low} to {high} of {all}"),
        },
        effect: summary
            .mean
            .map_or("no value".into(), |mean| digits.signed(mean)),
        interval: summary
            .interval
            .map_or_else(String::new, |i| digits.interval(i)),
        p: p.filter(|_| summary.interval.is_some()).unwrap_or_default(),
        wins: match (effect.order, summary.n) {
            (1, n @ 1..) => format!("{wins}/{n}"),
            _ => String::new(),
        },
    }
}

#[cfg(test)]
mod tests;
