//! Sweep files.

use ablate::config::{DataConfig, DataFacts};
use ablate::data::digits;
use ablate::error::{Error, ExitCode, Result};
use ablate::plan::{Plan, Trial};
use ablate::sweep::Sweep;

/// Larger plans only take longer.
const MOST_TRIALS: usize = 500;

/// Nothing is read that the text names.
fn facts(_: &DataConfig) -> Result<DataFacts> {
    Ok(digits::facts())
}

/// A text is refused with places, or its plan says and reads back what it says.
pub fn check(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let sweep = match Sweep::parse("fuzz.yaml", text) {
        Ok(sweep) => sweep,
        Err(error) => return refused(&error),
    };
    let plan = match Plan::build(&sweep, MOST_TRIALS, &facts) {
        Ok(plan) => plan,
        Err(error) => return refused(&error),
    };
    serde_json::to_string(&plan.summary(2)).expect("a summary is JSON");
    for index in 0..plan.units().min(8) {
        let trial = plan.trial(index);
        let back = Trial::from_json(&trial.to_json()).expect("a trial reads back");
        assert_eq!(back.id, trial.id);
    }
}

fn refused(error: &Error) {
    let said = error.to_string();
    assert_eq!(error.exit_code(), ExitCode::BadInput, "{said}");
    assert!(said.contains("fuzz.yaml:"), "names no place: {said}");
}
