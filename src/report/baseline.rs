//! Which arm an arm is compared with: the baseline's values, and equal values of all other axes.
//!
//! Where the baseline has a part switched off, an axis inside that part has no effect there and its points
//! collapse into one (`skip.mode` without a skip): that one arm is the baseline for every value of the axis.

use crate::record::CompareRecord;
use serde_json::{Map, Value};

/// The resolved config of a trial by id, where it is known.
pub type Configs<'a> = dyn Fn(&str) -> Option<Map<String, Value>> + 'a;

/// The baseline of one comparison, axis by axis.
pub struct Baseline<'a> {
    axes: &'a [String],
    /// The baseline's value of every axis; `None` where it names none.
    values: Vec<Option<&'a str>>,
    /// Whether it names a field that is no axis: then no arm can be told to be it.
    foreign: bool,
}

impl<'a> Baseline<'a> {
    /// Reads the baseline that a record names.
    pub fn new(axes: &'a [String], compare: &'a CompareRecord) -> Self {
        let value = |axis| compare.baseline.get(axis).map(String::as_str);
        Self {
            axes,
            values: axes.iter().map(value).collect(),
            foreign: compare.baseline.keys().any(|key| !axes.contains(key)),
        }
    }

    /// Whether an arm with these axis values is a baseline. An axis without effect in the arm, recorded as null, fits
    /// whatever is wanted: the point with that value collapsed into this arm.
    pub fn is(&self, values: &[String]) -> bool {
        let fits = |value: &str, wanted| value == "null" || same_value(value, wanted);
        let mut wanted = values.iter().zip(&self.values);
        !self.foreign
            && wanted.all(|(value, wanted)| wanted.is_none_or(|wanted| fits(value, wanted)))
    }

    /// The position of the baseline for an arm among `arms` (axis values and the id of one trial of each).
    pub fn find(
        &self,
        arm: &[String],
        arms: &[(&[String], &str)],
        configs: &Configs,
    ) -> Option<usize> {
        let exact = |(other, _): &(&[String], &str)| {
            self.is(other) && self.differing(arm, other).next().is_none()
        };
        let collapsed = |(other, id): &(&[String], &str)| {
            self.is(other)
                && configs(id).is_some_and(|config| {
                    self.differing(arm, other)
                        .all(|axis| !config.contains_key(axis))
                })
        };
        let exact = arms.iter().position(exact);
        exact.or_else(|| arms.iter().position(collapsed))
    }

    /// The axes that the baseline does not name and in which two arms differ.
    fn differing<'b>(
        &'b self,
        a: &'b [String],
        b: &'b [String],
    ) -> impl Iterator<Item = &'b String> {
        let values = a.iter().zip(b).zip(&self.values);
        let differs = values.map(|((a, b), named)| named.is_none() && !same_value(a, b));
        self.axes
            .iter()
            .zip(differs)
            .filter(|(_, differs)| *differs)
            .map(|(axis, _)| axis)
    }
}

/// Whether two JSON texts say the same value: `1` and `1.0`, whatever the spaces.
pub(super) fn same_value(a: &str, b: &str) -> bool {
    fn same(a: &Value, b: &Value) -> bool {
        match (a, b) {
            (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
            (Value::Array(a), Value::Array(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
            }
            _ => a == b,
        }
    }
    let parsed = |text| serde_json::from_str::<Value>(text);
    a == b || matches!((parsed(a), parsed(b)), (Ok(a), Ok(b)) if same(&a, &b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|&text| text.into()).collect()
    }

    fn compare(path: &str, value: &str) -> CompareRecord {
        CompareRecord {
            baseline: [(path.into(), value.into())].into(),
            metric: "test.bce".into(),
            expect: String::new(),
            margin: 0.0,
        }
    }

    fn unknown(_: &str) -> Option<Map<String, Value>> {
        None
    }

    #[test]
    fn the_baseline_has_equal_values_of_all_other_axes() {
        let axes = strings(&["model.skip.at", "model.depth"]);
        let compare = compare("model.skip.at", "[]");
        let baseline = Baseline::new(&axes, &compare);
        let arms = [["[]", "1"], ["[]", "2"], ["[14]", "2"]].map(|values| strings(&values));
        let arms: Vec<(&[String], &str)> = arms.iter().map(|axes| (&axes[..], "")).collect();
        assert!(baseline.is(arms[0].0) && !baseline.is(arms[2].0));
        assert_eq!(baseline.find(arms[2].0, &arms, &unknown), Some(1));
        assert_eq!(
            baseline.find(&strings(&["[14]", "3"]), &arms, &unknown),
            None
        );
    }

    #[test]
    fn an_axis_without_effect_in_the_baseline_does_not_count() {
        let axes = strings(&["model.skip.at", "model.skip.mode"]);
        let compare = compare("model.skip.at", "[]");
        let baseline = Baseline::new(&axes, &compare);
        let collapsed = strings(&["[]", "\"concat\""]);
        let arms: [(&[String], &str); 1] = [(&collapsed, "a")];
        let arm = strings(&["[14]", "\"add\""]);
        let config = |fields: &str| serde_json::from_str(fields).ok();
        let off = |_: &str| config(r#"{"model.skip.at": []}"#);
        let on = |_: &str| config(r#"{"model.skip.at": [], "model.skip.mode": "concat"}"#);
        assert_eq!(baseline.find(&arm, &arms, &off), Some(0));
        assert_eq!(baseline.find(&arm, &arms, &on), None);
    }

    #[test]
    fn an_axis_without_effect_in_an_arm_fits_whatever_the_baseline_wants_of_it() {
        let axes = strings(&["model.skip.at", "model.skip.mode"]);
        let mut compare = compare("model.skip.at", "[]");
        let mode = ("model.skip.mode".into(), "\"concat\"".into());
        compare.baseline.extend([mode]);
        let baseline = Baseline::new(&axes, &compare);
        assert!(baseline.is(&strings(&["[]", "null"])));
        assert!(!baseline.is(&strings(&["[14]", "\"concat\""])));
        assert!(!baseline.is(&strings(&["[]", "\"add\""])));
    }

    #[test]
    fn a_baseline_that_names_no_axis_fits_no_arm() {
        let axes = strings(&["model.depth"]);
        let compare = compare("train.lr", "0.1");
        assert!(!Baseline::new(&axes, &compare).is(&strings(&["1"])));
    }

    #[test]
    fn values_are_compared_by_meaning() {
        assert!(same_value("[14,28]", "[14, 28]"));
        assert!(same_value("1", "1.0"));
        assert!(!same_value("[]", "[14]"));
        assert!(!same_value("\"1\"", "1"));
        assert!(same_value("not json", "not json"));
    }
}
