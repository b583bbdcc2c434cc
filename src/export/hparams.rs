//! What TensorBoard's HParams tab compares: axes and seed as hyperparameters, final metrics and costs as metrics; one row a run.
//!
//! Field numbers: `tensorboard/plugins/hparams/{api,plugin_data}.proto`, `google/protobuf/struct.proto`.

use super::event::{Value, tag};
use super::runs::Run;
use super::wire::Message;
use crate::outcome::Outcome;
use crate::record::SweepRecord;
use crate::record::schema::{METRICS, column};
use crate::report::label;
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};

/// More levels than this of a number are shown as a range.
const LISTED: usize = 12;

/// The name of the seed among the hyperparameters.
const SEED: &str = "seed";

/// What all values of a hyperparameter are: a `DataType` of the plugin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text = 1,
    Bool = 2,
    Number = 3,
}

/// The hyperparameters of an export: every axis in the record's order, then the seed.
#[derive(Clone, Debug, PartialEq)]
pub struct Hparams<'a> {
    kinds: Vec<(&'a str, Kind, Vec<Json>)>,
}

impl<'a> Hparams<'a> {
    /// Looks at the values of all runs. An axis without effect on any of them is none here.
    pub fn of(record: &'a SweepRecord, runs: &[Run<'a>]) -> Self {
        let mut levels: BTreeMap<&str, (BTreeSet<String>, Vec<Json>)> = BTreeMap::new();
        for (name, value) in runs.iter().flat_map(values) {
            let (seen, values) = levels.entry(name).or_default();
            if seen.insert(value.to_string()) {
                values.push(value);
            }
        }
        let axes = record.axes.iter().chain(&record.evaluation_axes);
        let kinds = axes.map(String::as_str).chain([SEED]).filter_map(|name| {
            let (_, values) = levels.remove(name)?;
            Some((name, kind(&values), values))
        });
        Self {
            kinds: kinds.collect(),
        }
    }

    /// What is compared, for the folder of all runs.
    pub fn experiment(&self, record: &SweepRecord, runs: &[Run]) -> Value {
        let hparams = self.kinds.iter().map(|(name, kind, values)| {
            let info = Message::default()
                .text(1, &label::visible(name))
                .integer(4, *kind as i64);
            domain(info, *kind, values)
        });
        let compared = record.compare.as_ref().map(|compare| &compare.metric);
        let metrics = metrics(record, runs).into_iter().map(|metric| {
            let info = Message::default()
                .message(1, &Message::default().text(2, &tag(METRICS, metric)))
                .text(3, &label::visible(metric));
            match compared.is_some_and(|compared| compared == metric) {
                true => info.text(4, "what the sweep compares"),
                false => info,
            }
        });
        let experiment = Message::default()
            .text(1, &label::visible(&record.question))
            .messages(4, hparams)
            .messages(5, metrics)
            .text(6, &label::visible(&record.name));
        Value::hparams("_hparams_/experiment", 2, &experiment)
    }

    /// The hyperparameters of one run and when it started, in seconds since 1970.
    pub fn start(&self, run: &Run, time: f64) -> Value {
        let own: BTreeMap<&str, Json> = values(run).collect();
        let entries = self.kinds.iter().filter_map(|(name, kind, _)| {
            let value = encoded(*kind, own.get(name)?);
            let name = label::visible(name);
            Some(Message::default().text(1, &name).message(2, &value))
        });
        let info = Message::default().messages(1, entries).double(5, time);
        Value::hparams("_hparams_/session_start_info", 3, &info)
    }
}

/// How and when a run ended, in seconds since 1970.
pub fn end(outcome: Outcome, time: f64) -> Value {
    const SUCCESS: i64 = 1;
    const FAILURE: i64 = 2;
    let status = match outcome {
        Outcome::Completed => SUCCESS,
        _ => FAILURE,
    };
    let info = Message::default().integer(1, status).double(2, time);
    Value::hparams("_hparams_/session_end_info", 4, &info)
}

/// The final numbers of a run by name: metrics, then what it cost; what is not known is left out.
pub fn finals<'a>(run: &Run<'a>) -> impl Iterator<Item = (&'a str, f64)> + use<'a> {
    let row = run.row;
    let metrics = row
        .metrics
        .iter()
        .map(|(name, value)| (name.as_str(), *value));
    let costs = [
        (column::PARAMS, row.params as f64),
        (column::MACS, row.macs as f64),
        (column::WALL_SECONDS, row.wall_seconds),
    ];
    let costs = costs.into_iter().filter(|(_, cost)| *cost > 0.0);
    metrics.filter(|(_, value)| !value.is_nan()).chain(costs)
}

/// The names of final numbers: the compared metric, other metrics, costs.
fn metrics<'a>(record: &'a SweepRecord, runs: &[Run<'a>]) -> Vec<&'a str> {
    let compared = record
        .compare
        .as_ref()
        .map(|compare| compare.metric.as_str());
    let names: BTreeSet<&str> = runs.iter().flat_map(finals).map(|(name, _)| name).collect();
    let mut names: Vec<&str> = names.into_iter().collect();
    let costs = [column::PARAMS, column::MACS, column::WALL_SECONDS];
    names.sort_by_key(|name| (Some(*name) != compared, costs.contains(name)));
    names
}

/// The hyperparameters of a run; those without effect on it are left out.
fn values<'a>(run: &Run<'a>) -> impl Iterator<Item = (&'a str, Json)> + use<'a> {
    let axes = run.axes.iter().zip(&run.row.axes);
    let parsed = axes.filter_map(|(axis, text)| {
        let value: Json = serde_json::from_str(text).ok()?;
        (!value.is_null()).then_some((axis.as_str(), value))
    });
    parsed.chain([(SEED, Json::from(run.row.seed))])
}

fn kind(values: &[Json]) -> Kind {
    if values.iter().all(Json::is_number) {
        Kind::Number
    } else if values.iter().all(Json::is_boolean) {
        Kind::Bool
    } else {
        Kind::Text
    }
}

/// A `google.protobuf.Value`.
fn encoded(kind: Kind, value: &Json) -> Message {
    let message = Message::default();
    match (kind, value) {
        (Kind::Number, Json::Number(number)) => {
            message.double(2, number.as_f64().unwrap_or_default())
        }
        (Kind::Bool, Json::Bool(value)) => message.integer(4, i64::from(*value)),
        _ => message.text(3, &label::value(&value.to_string())),
    }
}

/// Which values a hyperparameter has: a list, or for many numbers their range.
fn domain(info: Message, kind: Kind, values: &[Json]) -> Message {
    if kind == Kind::Number && values.len() > LISTED {
        let numbers = || values.iter().filter_map(Json::as_f64);
        let interval = Message::default()
            .double(1, numbers().fold(f64::INFINITY, f64::min))
            .double(2, numbers().fold(f64::NEG_INFINITY, f64::max));
        return info.message(6, &interval);
    }
    let list = Message::default().messages(1, values.iter().map(|value| encoded(kind, value)));
    info.message(5, &list)
}
