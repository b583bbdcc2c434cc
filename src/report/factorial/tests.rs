use super::design::Design;
use super::*;
use crate::outcome::Outcome;
use crate::record::TrialRow;
use crate::report::compare::{Arm, Role};
use crate::report::stats::Summary;
use std::collections::BTreeMap;

/// Rows of a grid: axis values as JSON text, then the metric by seed.
struct Grid {
    axes: Vec<String>,
    rows: Vec<(Vec<String>, Vec<TrialRow>, Vec<f64>)>,
}

impl Grid {
    fn new(axes: &[&str], arms: &[(&[&str], &[f64])]) -> Self {
        let texts = |texts: &[&str]| {
            texts
                .iter()
                .map(|&text| text.to_owned())
                .collect::<Vec<_>>()
        };
        let trial = |seed: usize| TrialRow {
            id: String::new(),
            index: 0,
            seed: seed as u64,
            outcome: Outcome::Completed,
            axes: Vec::new(),
            metrics: BTreeMap::new(),
            params: 0,
            macs: 0,
            wall_seconds: 0.0,
            device: String::new(),
            host: String::new(),
            attempt: 1,
        };
        let arm = |(values, y): &(&[&str], &[f64])| {
            (texts(values), (0..y.len()).map(trial).collect(), y.to_vec())
        };
        Self {
            axes: texts(axes),
            rows: arms.iter().map(arm).collect(),
        }
    }

    /// NaN: the trial of that seed has no value.
    fn arms(&self) -> Vec<Arm<'_>> {
        let values = |(_, _, y): &(Vec<String>, Vec<TrialRow>, Vec<f64>)| {
            let found = y.iter().enumerate().filter(|(_, y)| y.is_finite());
            found
                .map(|(seed, y)| (seed as u64, *y))
                .collect::<BTreeMap<_, _>>()
        };
        let arms = self.rows.iter();
        arms.map(|row| Arm {
            label: String::new(),
            axes: &row.0,
            trials: row.1.iter().collect(),
            values: values(row),
            summary: Summary::of(&[]),
            role: Role::Alone,
            controls: None,
        })
        .collect()
    }
}

fn told(
    grid: &Grid,
    baseline: &[(&str, &'static str)],
) -> Vec<(String, String, Option<f64>, usize)> {
    let arms = grid.arms();
    let wanted = |axis: &str| {
        baseline
            .iter()
            .find(|(path, _)| *path == axis)
            .map(|(_, value)| *value)
    };
    let factorial = Factorial::of(&Design::of(&arms, &grid.axes, wanted));
    let tell = |effect: Effect| {
        let Contrast {
            paired, settings, ..
        } = effect.contrast;
        (effect.factor, effect.level, paired.summary.mean, settings)
    };
    factorial.effects.into_iter().map(tell).collect()
}

fn mean_of(effects: &[(String, String, Option<f64>, usize)], factor: &str) -> f64 {
    let effect = effects
        .iter()
        .find(|(name, ..)| name == factor)
        .expect(factor);
    effect.2.expect("a mean")
}

/// Oracle: science.md §5: y = 10 + 2A − B + .5C + 1.5AB at ±1 has the effects A 4, B −2, C 1, AB 3, AC 0, BC 0.
#[test]
fn the_reference_design_has_the_reference_effects() {
    let mut arms = Vec::new();
    for a in [-1.0, 1.0] {
        for b in [-1.0, 1.0] {
            for c in [-1.0, 1.0] {
                let y = 10.0 + 2.0 * a - b + 0.5 * c + 1.5 * a * b;
                let values = [a, b, c].map(|x: f64| if x < 0.0 { "0" } else { "1" });
                arms.push((values, [y, y + 0.25]));
            }
        }
    }
    let arms: Vec<(&[&str], &[f64])> = arms
        .iter()
        .map(|(values, y)| (&values[..], &y[..]))
        .collect();
    let grid = Grid::new(&["A", "B", "C"], &arms);
    let effects = told(&grid, &[]);
    let found = ["A", "B", "C", "A × B", "A × C", "B × C"].map(|name| mean_of(&effects, name));
    assert_eq!(found, [4.0, -2.0, 1.0, 3.0, 0.0, 0.0]);
    assert_eq!(effects[0].3, 4, "averaged over four settings of the others");
    let turned = told(&grid, &[("A", "1")]);
    assert_eq!(
        (turned[0].1.as_str(), mean_of(&turned, "A")),
        ("0 against 1", -4.0)
    );
}

/// By hand: the third seed lacks a value at lr 1, so that lr 2 alone tells.
#[test]
fn a_seed_is_averaged_over_the_settings_whose_values_it_has() {
    let grid = Grid::new(
        &["w", "lr"],
        &[
            (&["1", "1"], &[1.0, 2.0, 3.0]),
            (&["1", "2"], &[2.0, 4.0, 9.0]),
            (&["2", "1"], &[5.0, 7.0, f64::NAN]),
            (&["2", "2"], &[8.0, 8.0, 12.5]),
        ],
    );
    let arms = grid.arms();
    let factorial = Factorial::of(&Design::of(&arms, &grid.axes, |_| None));
    let w = &factorial.effects[0].contrast;
    // Seed 0: ((5−1) + (8−2)) / 2 = 5; seed 1: ((7−2) + (8−4)) / 2 = 4.5; seed 2: 12.5−9 = 3.5.
    assert_eq!((w.paired.summary.mean, w.planned), (Some(13.0 / 3.0), 3));
    assert_eq!((w.settings, w.averaged), (2, [1, 2]));
    let told = rows(&factorial, Better::Lower);
    assert_eq!((&*told[0].n, &*told[0].settings), ("3", "1 to 2 of 2"));
    // Of an interaction without further factors there is one setting: seed 2 has no value of it.
    assert_eq!((&*told[2].n, &*told[2].settings), ("2/3", "1"));
    let why = [("completed without a value", 1)].to_vec();
    assert_eq!(factorial.missing.len(), 1);
    assert_eq!(
        (factorial.missing[0].planned, &factorial.missing[0].why),
        (3, &why)
    );
}

/// A learning rate with which everything diverged says nothing of itself, and leaves the rest as if it had not been tried.
#[test]
fn an_arm_that_always_diverged_takes_only_its_own_settings_along() {
    const NO: &[f64] = &[f64::NAN, f64::NAN];
    let grid = Grid::new(
        &["skip", "lr"],
        &[
            (&["0", "1"], &[5.0, 6.0]),
            (&["0", "2"], &[7.0, 7.0]),
            (&["0", "9"], NO),
            (&["1", "1"], &[4.0, 4.0]),
            (&["1", "2"], &[5.0, 7.0]),
            (&["1", "9"], NO),
        ],
    );
    let mut arms = grid.arms();
    let mut diverged = grid.rows[2].1.clone();
    diverged
        .iter_mut()
        .for_each(|row| row.outcome = Outcome::Diverged);
    arms[2].trials = diverged.iter().collect();
    let design = Design::of(&arms, &grid.axes, |_| None);
    let factorial = Factorial::of(&design);
    let told: Vec<[String; 4]> = rows(&factorial, Better::Lower)
        .into_iter()
        .map(|row| [row.level, row.effect, row.n, row.settings])
        .collect();
    // Seed 0: ((4−5) + (5−7)) / 2; seed 1: ((4−6) + (7−7)) / 2. Then lr 2: ((7−5) + (5−4)) / 2 and ((7−6) + (7−4)) / 2.
    let expected = [
        ["1 against 0", "−1.2", "2", "2 of 3"],
        ["2 against 1", "+1.8", "2", "2"],
        ["9 against 1", "no value", "0/2", "0 of 2"],
        ["1 × 2", "+0.2", "2", "1"],
        ["1 × 9", "no value", "0/2", "0 of 1"],
    ];
    assert_eq!(told, expected.map(|row| row.map(String::from)));
    assert_eq!(factorial.missing[0].why, [("diverged", 2)]);
    let means = lines::of(&design, 24);
    let drawn = |line: &Vec<Summary>| line.iter().map(|it| it.mean).collect::<Vec<_>>();
    let drawn = |means: &lines::Means| means.values.iter().map(drawn).collect::<Vec<_>>();
    assert_eq!(
        drawn(&means[0]),
        [[Some(5.5), Some(4.0)], [Some(7.0), Some(6.0)], [None, None]],
        "along skip, a line a learning rate"
    );
    assert_eq!(
        drawn(&means[1]),
        [[Some(5.5), Some(7.0), None], [Some(4.0), Some(6.0), None]]
    );
    let charts = crate::report::interactions::of(&design, "loss");
    assert_eq!(charts[0].lines.len(), 2, "no line without a value");
}

#[test]
fn a_chart_without_values_is_not_drawn() {
    let no = [f64::NAN];
    let values: [[&[f64]; 4]; 3] = [
        [&[1.0], &[1.0], &no, &no],
        [&[1.0], &no, &[1.0], &no],
        [&no, &no, &no, &no],
    ];
    for [a, b, c, d] in values {
        let grid = Grid::new(
            &["a", "b"],
            &[
                (&["1", "1"], a),
                (&["1", "2"], b),
                (&["2", "1"], c),
                (&["2", "2"], d),
            ],
        );
        let arms = grid.arms();
        assert!(lines::of(&Design::of(&arms, &grid.axes, |_| None), 24).is_empty());
    }
    // Nor one whose values no seed has together.
    let grid = Grid::new(
        &["a", "b"],
        &[
            (&["1", "1"], &[1.0, f64::NAN]),
            (&["1", "2"], &[1.0, 1.0]),
            (&["2", "1"], &[1.0, 1.0]),
            (&["2", "2"], &[f64::NAN, 1.0]),
        ],
    );
    let arms = grid.arms();
    assert!(lines::of(&Design::of(&arms, &grid.axes, |_| None), 24).is_empty());
}

/// `skip.mode` has no effect without a skip: those points collapsed into one arm.
#[test]
fn a_collapsed_arm_stands_for_every_level_of_what_has_no_effect_in_it() {
    let grid = Grid::new(
        &["model.skip.at", "model.skip.mode"],
        &[
            (&["[]", "null"], &[10.0]),
            (&["[14]", "\"concat\""], &[7.0]),
            (&["[14]", "\"add\""], &[9.0]),
            (&["[28]", "\"concat\""], &[6.0]),
            (&["[28]", "\"add\""], &[4.0]),
        ],
    );
    let effects = told(&grid, &[("model.skip.at", "[]")]);
    let main = |level: &str| {
        effects
            .iter()
            .find(|(_, name, ..)| name == level)
            .map(|it| (it.2, it.3))
    };
    assert_eq!(main("[14] against []"), Some((Some(-2.0), 2)));
    assert_eq!(main("[28] against []"), Some((Some(-5.0), 2)));
    // Only where there is a skip: ((9−7) + (4−6)) / 2.
    assert_eq!(main("add against concat"), Some((Some(0.0), 2)));
    assert!(
        !effects.iter().any(|(factor, ..)| factor.contains('×')),
        "the mode has no effect at the baseline to differ from"
    );
}

#[test]
fn axes_that_move_together_are_one_factor() {
    let grid = Grid::new(
        &["model.widths", "train.lr", "model.depth"],
        &[
            (&["8", "0.1", "1"], &[1.0]),
            (&["8", "0.1", "2"], &[2.0]),
            (&["16", "0.2", "1"], &[3.0]),
            (&["16", "0.2", "2"], &[6.0]),
        ],
    );
    let effects = told(&grid, &[]);
    assert_eq!(mean_of(&effects, "widths & lr"), 3.0);
    assert_eq!(mean_of(&effects, "widths & lr × depth"), 1.0);
    assert_eq!(effects.len(), 3);
}

#[test]
fn controls_and_single_factors_are_no_design() {
    let one = Grid::new(&["a"], &[(&["1"], &[1.0]), (&["2"], &[2.0])]);
    assert!(told(&one, &[]).is_empty());
    let with_control = Grid::new(
        &["a", "control"],
        &[
            (&["1", "\"none\""], &[1.0]),
            (&["2", "\"none\""], &[2.0]),
            (&["2", "\"zero_skip\""], &[2.0]),
        ],
    );
    assert!(told(&with_control, &[]).is_empty());
}

/// A grid with a hole: the effect is averaged over the settings that are complete.
#[test]
fn an_excluded_point_takes_its_setting_out_of_the_mean() {
    let grid = Grid::new(
        &["a", "b"],
        &[
            (&["1", "1"], &[1.0]),
            (&["2", "1"], &[4.0]),
            (&["1", "2"], &[100.0]),
        ],
    );
    let effects = told(&grid, &[]);
    assert_eq!((mean_of(&effects, "a"), effects[0].3), (3.0, 1));
    assert_eq!(mean_of(&effects, "b"), 99.0);
}

/// 600 points of 600 × 600, (x, 7x mod 600), and (0, 1) beside (0, 0) and (343, 1): two effects can be told.
#[test]
fn a_grid_of_which_few_points_were_drawn_is_not_searched_whole() {
    let levels: Vec<String> = (0..600).map(|level| level.to_string()).collect();
    let values: Vec<[&str; 2]> = levels
        .iter()
        .enumerate()
        .map(|(at, level)| [level.as_str(), levels[at * 7 % 600].as_str()])
        .collect();
    let mut arms: Vec<(&[&str], &[f64])> = values
        .iter()
        .map(|values| (&values[..], &[1.0][..]))
        .collect();
    // One pair of levels more, so that the axes do not move together.
    let extra = ["0", "1"];
    arms.push((&extra, &[1.0]));
    let grid = Grid::new(&["a", "b"], &arms);
    let arms = grid.arms();
    let found = Factorial::of(&Design::of(&arms, &grid.axes, |_| None));
    let told: Vec<&str> = found
        .effects
        .iter()
        .map(|effect| effect.level.as_str())
        .collect();
    assert_eq!(told, ["343 against 0", "1 against 0"]);
    assert!(
        found.left_out > 0,
        "it is said that not all were looked for"
    );
}

/// By hand: means over the third factor, then over seeds.
#[test]
fn the_lines_of_an_interaction_are_means_over_all_other_factors() {
    let grid = Grid::new(
        &["a", "b", "c"],
        &[
            (&["1", "1", "1"], &[1.0, 3.0]),
            (&["1", "1", "2"], &[3.0, 5.0]),
            (&["1", "2", "1"], &[0.0, 0.0]),
            (&["1", "2", "2"], &[0.0, 0.0]),
            (&["2", "1", "1"], &[7.0, 7.0]),
            (&["2", "1", "2"], &[7.0, 7.0]),
            (&["2", "2", "1"], &[8.0, 8.0]),
            (&["2", "2", "2"], &[8.0, 8.0]),
        ],
    );
    let arms = grid.arms();
    let means = lines::of(&Design::of(&arms, &grid.axes, |_| None), 24);
    assert_eq!(means.len(), 6, "every ordered pair");
    let first = &means[0];
    assert_eq!((first.along, first.lines), (0, 1));
    let values: Vec<Vec<Option<f64>>> = first
        .values
        .iter()
        .map(|line| line.iter().map(|s| s.mean).collect())
        .collect();
    assert_eq!(values, [[Some(3.0), Some(7.0)], [Some(0.0), Some(8.0)]]);
}
