//! Everything as one JSON object, for scripts.

use super::Across;
use super::differs::Difference;
use super::effects::Effect;
use super::judged;
use super::notes::notes;
use super::pair::{Alike, PointPair, TrialPair};
use super::versus::Versus;
use super::words::answer;
use crate::report::json::inert;
use crate::report::stats::{Interval, Paired, Summary, Test};
use serde_json::{Value, json};

/// Raised when a key changes its meaning or goes away.
const FORMAT: u32 = 1;

/// Writes the object; numbers that cannot be said are null.
pub fn text(across: &Across) -> String {
    let side = |(side, arms): &(&super::Side, &crate::report::compare::Comparisons)| {
        let counts = arms.counts.iter();
        let counts = counts.map(|(outcome, n)| (outcome.name().to_owned(), json!(n)));
        json!({
            "name": side.name,
            "sweep": side.record.name,
            "path": side.record.path.to_string_lossy(),
            "trials": counts.collect::<serde_json::Map<_, _>>(),
        })
    };
    let versus = across.versus.iter().map(|versus| beside(across, versus));
    let whole = json!({
        "format": FORMAT,
        "unit": across.unit.name(),
        "metric": across.metric,
        "better": across.better.name(),
        "sweeps": across.sides.iter().map(side).collect::<Value>(),
        "comparisons": versus.collect::<Value>(),
    });
    inert(&format!("{whole:#}"))
}

fn beside(across: &Across, versus: &Versus) -> Value {
    let mut matched_by = versus.matching.by.clone();
    matched_by.sort();
    let alone = |side: usize| -> Value {
        let points = versus.alone[side].iter();
        points
            .map(|(label, trials)| json!({ "point": label, "trials": trials }))
            .collect()
    };
    json!({
        "reference": across.reference().name,
        "name": versus.name,
        "answer": answer(across, versus),
        "notes": notes(across, versus),
        "matched_by": matched_by,
        "free_axes": versus.matching.free,
        "pairs": {
            "planned": versus.trials().count(),
            "valued": versus.valued(),
            "equal": versus.equal(),
            "same_parameters": versus.alike(Alike::Parameters),
            "identical": versus.alike(Alike::Everything),
        },
        "overall": versus.overall.as_ref().map(paired),
        "wall_ratio": wall(&versus.log_wall),
        "points": versus.points.iter().map(point).collect::<Value>(),
        "effects": versus.effects.iter().map(effect).collect::<Value>(),
        "differences": versus.differences.iter().map(difference).collect::<Value>(),
        "only_in_reference": alone(0),
        "only_here": alone(1),
    })
}

fn point(point: &PointPair) -> Value {
    let trial = |pair: &TrialPair| {
        json!({
            "seed": pair.reference.seed,
            "outcomes": [pair.reference.outcome.name(), pair.other.outcome.name()],
            "values": pair.values,
            "identical": pair.alike.name(),
            "wall_ratio": pair.wall_ratio,
            "ids": [pair.reference.id, pair.other.id],
        })
    };
    json!({
        "point": point.label,
        "reference": summary(&point.summaries[0]),
        "here": summary(&point.summaries[1]),
        "difference": paired(&point.paired),
        "p_holm": point.p_holm,
        "equal": point.equal,
        "trials": point.trials.iter().map(trial).collect::<Value>(),
        "other_seeds": point.lonely.each_ref().map(Vec::len),
    })
}

fn effect(effect: &Effect) -> Value {
    json!({
        "arm": effect.label,
        "baseline": effect.baseline,
        "reference": paired(&effect.reference),
        "here": paired(&effect.other),
        "change": paired(&effect.change),
        "p_holm": effect.p_holm,
        "verdicts": effect.verdicts.map(|sides| sides.map(judged::key)),
    })
}

fn difference(difference: &Difference) -> Value {
    json!({
        "where": difference.place.name(),
        "what": difference.what,
        "reference": difference.from,
        "here": difference.to,
        "points": difference.share.map(|(n, of)| json!({ "differ": n, "of": of })),
    })
}

fn wall(logs: &Summary) -> Value {
    let interval = logs.interval.map(|i| [i.low.exp(), i.high.exp()]);
    json!({ "n": logs.n, "geometric_mean": logs.mean.map(f64::exp), "interval": interval })
}

fn summary(summary: &Summary) -> Value {
    let interval = summary.interval.map(|Interval { low, high }| [low, high]);
    json!({ "n": summary.n, "mean": summary.mean, "sd": summary.sd, "interval": interval })
}

fn paired(paired: &Paired) -> Value {
    let test = paired.p.map(|(_, test)| match test {
        Test::SignFlip => "sign-flip",
        Test::StudentT => "t",
    });
    let mut value = summary(&paired.summary);
    value["t"] = json!(paired.t);
    value["p_t"] = json!(paired.p_t);
    value["d_z"] = json!(paired.d_z);
    value["p"] = json!(paired.p.map(|(p, _)| p));
    value["test"] = json!(test);
    value["lower"] = json!(paired.lower);
    value["higher"] = json!(paired.higher);
    value
}
