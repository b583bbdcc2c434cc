//! Ranges: `{ from, to, step }` and `{ log: { from, to, count } }` to lists of values.

use super::assign::{Assignment, Entries, read};
use super::diagnose::Diagnostic;
use super::node::Node;
use crate::config::Field;
use serde_json::Value;

/// Most values that one range makes.
const MOST: f64 = 10_000.0;

/// The values of a range, ends included.
pub fn values(field: &'static Field, node: &Node, found: &mut Vec<Diagnostic>) -> Vec<Assignment> {
    let path = field.path;
    let before = found.len();
    let entries = Entries::read(node, path, &["from", "to", "step", "log"], found);
    let (numbers, rounding) = match entries.get("log") {
        Some(log) => (logarithmic(path, log, found), Rounding::Nearest),
        None => (linear(path, node, &entries, found), Rounding::Refused),
    };
    let Some(numbers) = numbers.filter(|_| found.len() == before) else {
        return Vec::new();
    };
    let mut out = Vec::with_capacity(numbers.len());
    for number in numbers {
        match fit(field, number, rounding, node) {
            Ok(assignment) => out.push(assignment),
            Err(expected) => {
                let problem = format!("the range makes the value {number}");
                found.push(Diagnostic::new(node.place, path, problem, expected));
                break;
            }
        }
    }
    if let Some(pair) = out.windows(2).find(|pair| pair[0].text == pair[1].text) {
        let problem = format!("the range makes the value {} more than once", pair[0].text);
        let expected = "every value once: fewer values, or a list of them";
        found.push(Diagnostic::new(node.place, path, problem, expected));
        return Vec::new();
    }
    out
}

/// What becomes of a fraction where only whole numbers fit.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rounding {
    /// The nearest whole number: values spread in the logarithm are hardly ever whole.
    Nearest,
    /// An error: whoever writes a linear range means its values.
    Refused,
}

/// A number as the field takes it: itself, or as a whole number where only those fit.
fn fit(
    field: &'static Field,
    number: f64,
    rounding: Rounding,
    node: &Node,
) -> Result<Assignment, String> {
    let whole = number.round();
    let exact = Assignment::from_json(field, &Value::from(number), node.place);
    exact.or_else(|mismatch| {
        let changed = whole != number && rounding == Rounding::Refused;
        if changed || !(0.0..9e15).contains(&whole) {
            return Err(mismatch.expected);
        }
        Assignment::from_json(field, &Value::from(whole as u64), node.place).map_err(|m| m.expected)
    })
}

fn linear(
    path: &str,
    node: &Node,
    entries: &Entries<'_>,
    found: &mut Vec<Diagnostic>,
) -> Option<Vec<f64>> {
    let (from, to) = ends(path, node, entries, found)?;
    let step = match entries.get("step") {
        Some(step) => read::<f64>(step, path, found)?,
        None => 1.0,
    };
    // A step that ends within a billionth of `to` reaches it.
    let steps = ((to - from) / step + 1e-9).floor();
    if step <= 0.0 || !(0.0..MOST).contains(&steps) {
        let problem =
            format!("from {from} to {to} in steps of {step} does not make 1 to {MOST} values");
        found.push(Diagnostic::new(
            node.place,
            path,
            problem,
            format!("from <= to, a step above 0 and at most {MOST} values"),
        ));
        return None;
    }
    Some(
        (0..=steps as usize)
            .map(|i| tidy(from + i as f64 * step))
            .collect(),
    )
}

fn logarithmic(path: &str, node: &Node, found: &mut Vec<Diagnostic>) -> Option<Vec<f64>> {
    let entries = Entries::read(node, path, &["from", "to", "count"], found);
    let (from, to) = ends(path, node, &entries, found)?;
    let Some(count) = entries.get("count") else {
        found.push(Diagnostic::new(
            node.place,
            path,
            "the range has no count",
            "log: { from, to, count }",
        ));
        return None;
    };
    let count = read::<usize>(count, path, found)?;
    if from <= 0.0 || to <= from || count < 2 || count as f64 > MOST {
        let problem =
            format!("{count} values from {from} to {to} cannot be spread evenly in the logarithm");
        found.push(Diagnostic::new(
            node.place,
            path,
            problem,
            format!("0 < from < to and a count from 2 to {MOST}"),
        ));
        return None;
    }
    // libm: the same values, and so the same trial ids, on every platform.
    let growth = (libm::log(to) - libm::log(from)) / (count - 1) as f64;
    let value = |i: usize| tidy(libm::exp(libm::log(from) + i as f64 * growth));
    Some(
        (0..count)
            .map(|i| {
                if i == 0 {
                    from
                } else if i == count - 1 {
                    to
                } else {
                    value(i)
                }
            })
            .collect(),
    )
}

fn ends(
    path: &str,
    node: &Node,
    entries: &Entries<'_>,
    found: &mut Vec<Diagnostic>,
) -> Option<(f64, f64)> {
    let (Some(from), Some(to)) = (entries.get("from"), entries.get("to")) else {
        let expected = "{ from, to, step } or { log: { from, to, count } }";
        found.push(Diagnostic::new(
            node.place,
            path,
            "the range has no from or no to",
            expected,
        ));
        return None;
    };
    Some((
        read::<f64>(from, path, found)?,
        read::<f64>(to, path, found)?,
    ))
}

/// Twelve significant digits: 0.1 + 2 · 0.1 is 0.3, as it was meant.
fn tidy(x: f64) -> f64 {
    format!("{x:.11e}").parse().unwrap_or(x)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::field;

    fn texts(path: &str, yaml: &str) -> Result<Vec<String>, String> {
        let node = super::super::node::parse(yaml).expect("YAML");
        let mut found = Vec::new();
        let values = values(field(path).expect("field"), &node, &mut found);
        match found.first() {
            None => Ok(values.into_iter().map(|value| value.text).collect()),
            Some(diagnostic) => Err(diagnostic.problem.clone()),
        }
    }

    #[test]
    fn a_linear_range_includes_its_ends_and_has_no_rounding_dust() {
        let lr = texts("train.lr", "{from: 0.1, to: 0.5, step: 0.1}").expect("range");
        assert_eq!(lr, ["0.1", "0.2", "0.3", "0.4", "0.5"]);
        assert_eq!(
            texts("model.depth", "{from: 1, to: 3}").expect("range"),
            ["1", "2", "3"]
        );
    }

    #[test]
    fn a_log_range_hits_the_powers_of_ten() {
        let lr = texts("train.lr", "log: {from: 1e-4, to: 0.1, count: 4}").expect("range");
        assert_eq!(lr, ["0.0001", "0.001", "0.01", "0.1"]);
        let depth = texts("model.depth", "log: {from: 1, to: 8, count: 4}").expect("range");
        assert_eq!(depth, ["1", "2", "4", "8"]);
    }

    #[test]
    fn ranges_that_never_arrive_are_refused_before_they_are_made() {
        for yaml in [
            "{from: 1, to: 3, step: 0}",
            "{from: 1, to: 3, step: -1}",
            "{from: 3, to: 1}",
            "{from: 1, to: 1000000000000}",
            "{from: 1e-300, to: 1e300, step: 1e-300}",
            "{from: 1}",
            "log: {from: 0, to: 1, count: 3}",
            "log: {from: 1, to: 2, count: 1000000000}",
        ] {
            assert!(texts("train.epochs", yaml).is_err(), "{yaml}");
        }
    }

    #[test]
    fn a_fraction_of_a_whole_number_is_refused_and_so_are_equal_values() {
        let refused = |yaml| texts("model.depth", yaml).expect_err(yaml);
        assert_eq!(
            refused("{from: 1, to: 3, step: 0.5}"),
            "the range makes the value 1.5"
        );
        assert_eq!(
            refused("{from: 1.5, to: 3}"),
            "the range makes the value 1.5"
        );
        assert_eq!(
            refused("log: {from: 1, to: 3, count: 9}"),
            "the range makes the value 1 more than once"
        );
    }
}
