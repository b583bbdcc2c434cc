//! Several sweeps beside each other: the first is the reference, each of the others is compared with it.
//!
//! - [`side`]: a sweep and its name. [`metric`]: what is compared.
//! - [`matching`]: which points belong together. [`pair`]: those, seed by seed. [`effects`], [`judged`]: whether the reference's
//!   findings hold in the other. [`differs`], [`asked`]: settings, data, machines, versions, what was asked. [`versus`]: all of it.
//! - [`words`], [`setup`], [`size`], [`notes`], [`grids`]: numbers to words, the same for [`terminal`] and [`page`]. [`sheet`]: one row a trial.
//!   [`json`]: everything.

pub mod asked;
pub mod differs;
pub mod effects;
pub mod grids;
pub mod json;
pub mod judged;
pub mod matching;
pub mod metric;
pub mod notes;
pub mod page;
pub mod pair;
pub mod setup;
pub mod sheet;
pub mod side;
pub mod size;
pub mod terminal;
pub mod versus;
pub mod words;

use super::compare::Comparisons;
use super::number::counted;
use super::rows::Better;
use super::stats::holm;
use super::verdict::Expected;
use side::Side;
use versus::Versus;

/// The names of the files, in the order in which they are written.
pub const FILES: [&str; 2] = ["compare.md", "compare.csv"];

/// How the tables are to be read.
const LEGEND: &str = "Mean ± half of the 95% t-interval over seeds. Differences are paired by seed, reference taken off; p: exact \
                      two-sided sign-flip test after Holm's correction ((t): Student's t, above 20 seeds); time: wall time \
                      over the reference's.";

/// What a point is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Trials.
    Trial,
    /// Uses of trained networks.
    Use,
}

impl Unit {
    /// `trial` or `use`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Trial => "trial",
            Self::Use => "use",
        }
    }

    /// `1 trial`, `2 uses`.
    fn counted(self, n: usize) -> String {
        counted(n, self.name())
    }
}

/// Sweeps beside their reference.
pub struct Across<'a> {
    /// What is compared.
    pub metric: &'a str,
    /// What is matched by seed.
    pub unit: Unit,
    /// Which side of the reference counts as better.
    pub better: Better,
    /// All sweeps with their arms, the reference first.
    pub sides: Vec<(&'a Side, &'a Comparisons<'a>)>,
    /// The others, in the order given.
    pub versus: Vec<Versus<'a>>,
}

impl<'a> Across<'a> {
    /// Compares; `arms` are those of the sides, of one metric. `None` without a reference.
    pub fn of(unit: Unit, sides: &'a [Side], arms: &'a [Comparisons<'a>]) -> Option<Self> {
        let sides: Vec<_> = sides.iter().zip(arms).collect();
        let (&reference, others) = sides.split_first()?;
        let compare = reference.0.record.compare.as_ref();
        let expected = compare
            .filter(|compare| compare.metric == reference.1.metric)
            .map_or(Expected::Nothing, Expected::of);
        let versus = others
            .iter()
            .map(|&other| Versus::of(reference, other, expected));
        let mut across = Self {
            metric: &reference.1.metric,
            unit,
            better: Better::of(expected, &reference.1.metric),
            versus: versus.collect(),
            sides,
        };
        across.correct();
        Some(across)
    }

    /// The reference.
    pub fn reference(&self) -> &'a Side {
        self.sides[0].0
    }

    /// Holm's correction over all points, and over all changes of effects.
    fn correct(&mut self) {
        let points = self.versus.iter_mut().flat_map(|versus| &mut versus.points);
        let tested = points.filter_map(|point| Some((point.paired.p?.0, &mut point.p_holm)));
        assign(tested.unzip());
        let effects = self
            .versus
            .iter_mut()
            .flat_map(|versus| &mut versus.effects);
        let tested = effects.filter_map(|effect| Some((effect.change.p?.0, &mut effect.p_holm)));
        assign(tested.unzip());
    }
}

fn assign((p, places): (Vec<f64>, Vec<&mut Option<f64>>)) {
    for (place, p) in places.into_iter().zip(holm(&p)) {
        *place = Some(p);
    }
}
