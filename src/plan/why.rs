//! `--why FIELD=VALUE,…`: what became of the points that have these values.

use super::space::Matcher;
use super::{Collapsed, Origin, Plan};
use crate::config::{FIELDS, field};
use crate::error::{Error, Result};
use crate::grid::Grid;
use crate::sweep::{Assignment, nearest, quote};

/// Points explained one by one; a question that fits more is answered for the first.
const MOST: usize = 10;

impl Plan {
    /// Explains every point that has the values asked for: one sentence each.
    ///
    /// # Errors
    /// When the question is not of the form `FIELD=VALUE,…`.
    pub fn why(&self, question: &str) -> Result<Vec<String>> {
        let conditions = conditions(question)?;
        let matcher = Matcher::new(&self.space.sweep, &conditions);
        let axes = self.space.sweep.axes.iter().enumerate();
        let levels: Vec<_> = axes
            .map(|(axis, written)| matcher.levels(axis, written.levels.len()))
            .collect();
        let matched = Grid::new(levels.iter().map(Vec::len).collect())
            .expect("not larger than the whole grid");
        // Without axes there are no levels that could rule the one point out.
        let size = match self.space.sweep.axes.is_empty() && !matcher.meets(&[]) {
            true => 0,
            false => matched.size(),
        };
        let mut out = Vec::new();
        for number in 0..size.min(MOST as u64) {
            let mut digits = Vec::new();
            matched.digits(number, &mut digits);
            let chosen: Vec<usize> = digits
                .iter()
                .zip(&levels)
                .map(|(digit, levels)| levels[*digit])
                .collect();
            out.push(self.fate(Origin::Grid(self.space.grid.number(&chosen))));
        }
        if size > MOST as u64 {
            out.push(format!(
                "… and {} more points of the grid; name more fields to see them",
                size - MOST as u64
            ));
        }
        for index in 0..self.space.sweep.include.len() {
            let origin = Origin::Include(index);
            if matcher.meets_config(&self.space.config(origin)) {
                out.push(self.fate(origin));
            }
        }
        out.extend(self.controls_with(&matcher));
        if out.is_empty() {
            out.push(self.absent(&conditions));
        }
        Ok(out)
    }

    /// What became of the controls that have the values, or whose arm has them.
    fn controls_with(&self, matcher: &Matcher) -> Vec<String> {
        let has = |origin| matcher.meets_config(&self.space.config(origin));
        let controls = self.space.controls.iter().enumerate();
        let made = controls.filter_map(|(index, control)| {
            let origin = Origin::Control(index);
            (has(control.of) || has(origin)).then(|| self.fate(origin))
        });
        let without = self.uncontrolled.iter().filter_map(|lack| {
            let of = self.arms[lack.arm].origin;
            let (kind, point) = (lack.kind.name(), self.space.describe(of));
            has(of).then(|| format!("{kind} of {point}: none, because {}", lack.reason))
        });
        made.chain(without).take(MOST).collect()
    }

    /// What became of one point.
    fn fate(&self, origin: Origin) -> String {
        let sweep = &self.space.sweep;
        let point = self.space.describe(origin);
        if let Some(arm) = self.arms.iter().position(|arm| arm.origin == origin) {
            let seeds = sweep.seeds.len();
            return format!(
                "{point}: kept as arm {arm}, trials {} to {}",
                arm * seeds,
                (arm + 1) * seeds - 1
            );
        }
        if let Some(collapsed) = self.collapsed.iter().find(|point| point.origin == origin) {
            return format!(
                "{point}: collapsed into arm {} because {}",
                collapsed.into,
                self.reason(collapsed)
            );
        }
        let mut digits = Vec::new();
        if let Origin::Grid(number) = origin {
            self.space.grid.digits(number, &mut digits);
        }
        let rule = sweep
            .exclude
            .iter()
            .find(|rule| Matcher::new(sweep, &rule.values).meets(&digits));
        match rule {
            Some(rule) => format!("{point}: excluded by the rule on line {}", rule.place.line),
            None => format!("{point}: not in the sample"),
        }
    }

    /// Why a point is the same trial as its arm.
    pub(super) fn reason(&self, collapsed: &Collapsed) -> String {
        let config = self.space.config(collapsed.origin);
        let other = self.space.config(self.arms[collapsed.into].origin);
        let differ = |field: &&&crate::config::Field| field.value(&config) != field.value(&other);
        let (inactive, resolved): (Vec<_>, Vec<_>) = self
            .space
            .fields
            .iter()
            .filter(differ)
            .partition(|field| !(field.active)(&config));
        let names = |fields: &[&&'static crate::config::Field]| {
            fields
                .iter()
                .map(|field| field.path)
                .collect::<Vec<_>>()
                .join(", ")
        };
        let is_control = |origin| matches!(origin, Origin::Control(_));
        match (inactive.as_slice(), resolved.as_slice()) {
            _ if is_control(collapsed.origin) => "it is the same network, trained alike".into(),
            ([], []) => "it is written a second time".into(),
            ([], resolved) => format!("{} stands for the same value", names(resolved)),
            ([one], _) => format!("{} has no effect there", one.path),
            (many, _) => format!("{} have no effect there", names(many)),
        }
    }

    /// Why no point has the values.
    fn absent(&self, conditions: &[Assignment]) -> String {
        let varied = |path: &str| self.axes().iter().any(|axis| axis == path);
        for condition in conditions {
            let path = condition.field.path;
            if !varied(path) && !condition.holds(&self.space.sweep.base) {
                let value = condition.field.value(&self.space.sweep.base);
                return format!("not in the grid: {path} is {value} at every point");
            }
        }
        "not in the grid: no axis has these values".into()
    }
}

fn conditions(question: &str) -> Result<Vec<Assignment>> {
    let usage = |problem: String| {
        Error::Usage {
        problem: format!("--why {}: {problem}", quote(question)),
        next: "write FIELD=VALUE,… with values as in the YAML, for example --why 'model.depth=2,model.skip.at=[14]'".into(),
    }
    };
    let mut out = Vec::new();
    for part in split(question) {
        let (path, value) = part
            .split_once('=')
            .ok_or_else(|| usage(format!("{} has no '='", quote(part))))?;
        let path = path.trim();
        let field = field(path).ok_or_else(|| {
            let meant = nearest(path, FIELDS.iter().map(|field| field.path));
            let hint = meant
                .map(|word| format!("; did you mean {word}?"))
                .unwrap_or_default();
            usage(format!("there is no field {}{hint}", quote(path)))
        })?;
        let read = Assignment::from_text(field, value);
        out.push(read.map_err(|expected| usage(format!("{path}: expected {expected}")))?);
    }
    Ok(out)
}

/// Splits at commas outside brackets.
fn split(question: &str) -> Vec<&str> {
    let mut depth = 0i32;
    question
        .split(move |c: char| {
            match c {
                '[' | '{' => depth += 1,
                ']' | '}' => depth -= 1,
                _ => {}
            }
            c == ',' && depth == 0
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_inside_brackets_do_not_split() {
        assert_eq!(split("a=[1, 2],b=3"), ["a=[1, 2]", "b=3"]);
    }
}
