//! The times that a sweep leaves behind: whether they are times at all, and by which clock they were taken.

use crate::clock::{Clock, DAY};
use crate::scene::{HANG, Scene};
use ablate::record::read_trial_file;
use chrono::{DateTime, Utc};
use serde_json::Value;

/// When something started and when it ended.
type Span = (DateTime<Utc>, DateTime<Utc>);

fn moment(text: &str) -> DateTime<Utc> {
    let parsed = DateTime::parse_from_rfc3339(text);
    parsed
        .unwrap_or_else(|error| panic!("{text:?}: {error}"))
        .to_utc()
}

/// That seconds are seconds; no trial here takes longer than the guard against hangs.
fn check_seconds(what: &str, seconds: f64) {
    let sensible = 0.0..HANG.as_secs_f64();
    assert!(sensible.contains(&seconds), "{what}: {seconds} seconds");
}

/// Every number in JSON that is a time span, and every text that is a moment.
pub fn check_json(value: &Value) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::Number(number) if name.contains("seconds") => {
                        check_seconds(name, number.as_f64().expect("a number"));
                    }
                    Value::String(text)
                        if ["time", "started", "updated", "ended", "created"]
                            .contains(&name.as_str()) =>
                    {
                        moment(text);
                    }
                    other => check_json(other),
                }
            }
        }
        Value::Array(values) => values.iter().for_each(check_json),
        _ => {}
    }
}

/// Start and end of every trial, with all recorded times checked.
pub fn spans(scene: &Scene) -> Vec<Span> {
    let record = scene.record();
    moment(&record.created);
    let details = record.details().expect("a record");
    for row in &record.trials {
        check_seconds("a trial", row.wall_seconds);
        let detail = details.read(&row.id).expect("details");
        moment(&detail.ended);
        for seconds in detail.epochs.column("seconds").expect("seconds") {
            check_seconds("an epoch", *seconds);
        }
    }
    for (path, (bytes, _)) in scene.files() {
        if path
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            check_json(&serde_json::from_slice(&bytes).expect("JSON"));
        }
    }
    let spans = record.trials.iter().map(|row| {
        let file = scene.folder().join("trials").join(format!("{}.h5", row.id));
        let trial = read_trial_file(&file, &row.id).expect("a committed trial");
        (moment(&trial.started), moment(&trial.ended))
    });
    spans.collect()
}

/// That the trials really saw this clock: else all of this would test nothing.
pub fn check_seen(clock: Clock, spans: &[Span]) {
    let day = chrono::TimeDelta::seconds(DAY);
    let hour = chrono::TimeDelta::hours(1);
    let now = Utc::now();
    for (started, ended) in spans {
        let seen = match clock {
            Clock::Off(seconds) => {
                let shown = now + chrono::TimeDelta::seconds(seconds);
                (*ended - shown).abs() < hour
            }
            Clock::Jumping(..0) => ended < started,
            Clock::Jumping(_) => *ended - *started >= day,
            Clock::Empty => *started == DateTime::UNIX_EPOCH && started == ended,
        };
        assert!(seen, "{clock:?}: {started} to {ended}, and it is {now}");
    }
}
