//! The table `/trials` of `sweep.h5`: one row a planned trial, columns of equal length.

use super::h5;
use super::schema::column;
use super::{PlannedTrial, TrialRecord};
use hdf5::Group;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Columns that grow row by row.
#[derive(Debug)]
pub struct SweepTable {
    texts: BTreeMap<&'static str, Vec<String>>,
    integers: BTreeMap<&'static str, Vec<u64>>,
    wall_seconds: Vec<f64>,
    axes: Vec<Vec<Value>>,
    metrics: BTreeMap<String, Vec<f64>>,
    rows: usize,
}

impl Default for SweepTable {
    /// No rows, but every fixed column: a sweep of which nothing is planned has a table, too.
    fn default() -> Self {
        use column::{ATTEMPT, AXES, DEVICE, HOST, ID, INDEX, MACS, OUTCOME, PARAMS, SEED};
        Self {
            texts: [ID, OUTCOME, AXES, DEVICE, HOST]
                .map(|name| (name, Vec::new()))
                .into(),
            integers: [INDEX, SEED, PARAMS, MACS, ATTEMPT]
                .map(|name| (name, Vec::new()))
                .into(),
            wall_seconds: Vec::new(),
            axes: Vec::new(),
            metrics: BTreeMap::new(),
            rows: 0,
        }
    }
}

impl SweepTable {
    /// Appends the row of a planned trial and what it left, if anything.
    pub fn push(&mut self, planned: &PlannedTrial, left: Option<&TrialRecord>) {
        let result = left.map(|left| &left.result);
        let outcome = result.map_or(planned.otherwise, |result| result.outcome);
        let row_axes: Vec<Value> = planned.axes.iter().map(|text| json(text)).collect();
        self.text(column::ID, planned.id.clone());
        self.text(column::OUTCOME, outcome.name().into());
        self.text(column::AXES, Value::Array(row_axes.clone()).to_string());
        let fact = |key| left.and_then(|left| left.environment.get(key)).cloned();
        self.text(column::DEVICE, fact("device").unwrap_or_default());
        self.text(column::HOST, fact("host").unwrap_or_default());
        self.integer(column::INDEX, planned.index as u64);
        self.integer(column::SEED, planned.seed);
        self.integer(column::PARAMS, result.map_or(0, |result| result.params));
        self.integer(column::MACS, result.map_or(0, |result| result.macs));
        self.integer(column::ATTEMPT, left.map_or(0, |left| left.attempt.into()));
        self.wall_seconds
            .push(result.map_or(f64::NAN, |result| result.wall_seconds));
        self.axes.push(row_axes);
        for (name, value) in result.iter().flat_map(|result| &result.metrics) {
            let values = self.metrics.entry(name.clone()).or_default();
            values.resize(self.rows, f64::NAN);
            values.push(*value);
        }
        self.rows += 1;
    }

    /// Names of all final metrics that have a column of their own.
    pub fn metrics(&self) -> Vec<&String> {
        let own = |name: &&String| !column::ALL.contains(&name.as_str());
        self.metrics.keys().filter(own).collect()
    }

    /// Writes the columns into the group `/trials`. `paths` names the axes, in the order of the rows' values. A column
    /// whose name another one has (first the fixed ones, then metrics, then axes) is left out.
    ///
    /// # Errors
    /// What HDF5 says.
    pub fn write(mut self, group: &Group, paths: &[String]) -> hdf5::Result<()> {
        let shape = [self.rows];
        for (name, values) in &self.texts {
            h5::texts(group, name, values)?;
        }
        for (name, values) in &self.integers {
            h5::dataset(group, name, &shape, values)?;
        }
        h5::dataset(group, column::WALL_SECONDS, &shape, &self.wall_seconds)?;
        let mut taken: BTreeSet<&str> = column::ALL.into();
        for (name, values) in &mut self.metrics {
            values.resize(self.rows, f64::NAN);
            if taken.insert(name) {
                h5::dataset(group, name, &shape, values)?;
            }
        }
        for (position, path) in paths.iter().enumerate() {
            let column: Vec<&Value> = self
                .axes
                .iter()
                .map(|row| row.get(position).unwrap_or(&Value::Null))
                .collect();
            if taken.insert(path) {
                write_axis(group, path, &column)?;
            }
        }
        Ok(())
    }

    fn text(&mut self, name: &'static str, value: String) {
        self.texts.entry(name).or_default().push(value);
    }

    fn integer(&mut self, name: &'static str, value: u64) {
        self.integers.entry(name).or_default().push(value);
    }
}

/// An axis as people want it: numbers when all values are numbers, bare strings when all are strings, else JSON text.
/// A null, which stands where the field has no effect, is NaN among numbers and the empty text among texts.
fn write_axis(group: &Group, path: &str, values: &[&Value]) -> hdf5::Result<()> {
    let some = values.iter().any(|value| !value.is_null());
    let number = |value: &&Value| match value {
        Value::Null => Some(f64::NAN),
        value => value.as_f64(),
    };
    let bare = |value: &&Value| match value {
        Value::Null => Some(String::new()),
        value => value.as_str().map(str::to_owned),
    };
    let json = || values.iter().map(ToString::to_string).collect();
    match values.iter().map(number).collect::<Option<Vec<f64>>>() {
        Some(numbers) if some => h5::dataset(group, path, &[values.len()], &numbers).map(|_| ()),
        _ => {
            let texts: Option<Vec<String>> = values.iter().map(bare).collect();
            h5::texts(group, path, &texts.unwrap_or_else(json))
        }
    }
}

/// The value of a JSON text; a text that is none is taken as a string.
fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))
}
