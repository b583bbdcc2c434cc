//! What a control sets on top of the arm that it controls, or why there is none. Nothing here knows of a plan.

use super::space::Origin;
use crate::config::{Arch, Connection, ModelConfig, SkipMode, TrialConfig, field};
use crate::model::cost_of;
use crate::sweep::{Assignment, Control as Kind, Place};
use serde_json::Value;

/// The axis of a sweep with controls: what kind of control an arm is. It is no field of a config.
pub const CONTROL: &str = "control";

/// The value of [`CONTROL`] at arms that the sweep file asks for.
pub const NO_CONTROL: &str = "none";

/// A control's size counts as that of its arm when it differs by this part of it at most.
pub const TOLERANCE: f64 = 0.02;

/// Steps of the search for a factor: the distance between two widths' roundings is far larger than 2^-40 of it.
const STEPS: usize = 40;

/// An arm that was made from another one.
pub(super) struct Control {
    pub(super) kind: Kind,
    /// Position of the arm that it controls.
    pub(super) arm: usize,
    /// Where that arm comes from.
    pub(super) of: Origin,
    /// What it has otherwise, each field once.
    pub(super) set: Vec<Assignment>,
}

/// Why an arm has no control of some kind.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Lack {
    /// There is nothing to control: no skip.
    Nothing,
    /// There is no need, or no such network.
    Because(String),
    /// One would be needed, but this family has no width.
    NoWidth(Arch),
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Measure {
    Parameters,
    Macs,
}

impl Measure {
    /// What a matching kind of control holds fixed.
    pub(super) fn of(kind: Kind) -> Option<Self> {
        match kind {
            Kind::MatchedParameters => Some(Self::Parameters),
            Kind::MatchedMacs => Some(Self::Macs),
            Kind::ZeroSkip => None,
        }
    }

    /// How many a network has, for images of this height and width.
    pub(super) fn count(self, config: &TrialConfig, image: [usize; 2]) -> u64 {
        let cost = cost_of(config, image);
        match self {
            Self::Parameters => cost.params,
            Self::Macs => cost.macs,
        }
    }

    /// The name in messages.
    fn name(self) -> &'static str {
        match self {
            Self::Parameters => "parameters",
            Self::Macs => "MACs",
        }
    }

    /// The name of an arm's key in a plan's JSON.
    pub(super) fn key(self) -> &'static str {
        match self {
            Self::Parameters => "params",
            Self::Macs => "macs",
        }
    }
}

/// By which part `count` is above `wanted`: 0.01 is 1 % more.
pub(super) fn excess(count: u64, wanted: u64) -> f64 {
    count as f64 / wanted as f64 - 1.0
}

/// A part as a change in percent: `−0.3 %`.
pub fn percent(part: f64) -> String {
    format!("{:+.1} %", 100.0 * part).replace('-', "−")
}

/// The baseline, so wide that it costs what the arm costs. `baseline`: the values that make the arm its baseline; `place`:
/// where the control is asked for.
///
/// # Errors
/// Why there is none.
pub(super) fn matched(
    edited: &TrialConfig,
    baseline: &[Assignment],
    image: [usize; 2],
    measure: Measure,
    place: Place,
) -> Result<Vec<Assignment>, Lack> {
    let mut base = edited.clone();
    baseline.iter().for_each(|value| (value.set)(&mut base));
    if let Some(conflict) = base.conflicts(image).first() {
        let problem = &conflict.problem;
        return Err(Lack::Because(format!("its baseline is none: {problem}")));
    }
    let wanted = measure.count(edited, image);
    let own = excess(measure.count(&base, image), wanted);
    let name = measure.name();
    if own.abs() <= TOLERANCE {
        let because = match own == 0.0 {
            true => format!("its baseline has as many {name}"),
            false => format!(
                "its baseline's {name} are within 2 % of its own ({})",
                percent(own)
            ),
        };
        return Err(Lack::Because(because));
    }
    let sized =
        nearest(&base, image, measure, wanted, place).ok_or(Lack::NoWidth(base.model.arch))?;
    if sized.iter().all(|value| value.holds(&base)) {
        let because = format!("no other width of its baseline comes nearer to its {name}");
        return Err(Lack::Because(because));
    }
    let sets = |value: &&Assignment| !sized.iter().any(|s| s.field.path == value.field.path);
    let mut set: Vec<_> = baseline.iter().filter(sets).cloned().collect();
    set.extend(sized);
    Ok(set)
}

/// Values of the fields that say how wide a network is.
type Widths = Vec<(&'static str, Value)>;

/// The values that make a network as large as `wanted`, or as nearly as one factor for all of its widths allows; nothing
/// where it has no width.
fn nearest(
    base: &TrialConfig,
    image: [usize; 2],
    measure: Measure,
    wanted: u64,
    place: Place,
) -> Option<Vec<Assignment>> {
    scaled(&base.model, 1.0)?;
    // Nothing where a width is beyond what its field takes.
    let sized = |widths: &Widths| -> Option<(u64, Vec<Assignment>)> {
        let values = widths.iter();
        let set: Vec<Assignment> = values
            .map(|(path, value)| Assignment::from_json(field(path)?, value, place).ok())
            .collect::<Option<_>>()?;
        let mut config = base.clone();
        set.iter().for_each(|value| (value.set)(&mut config));
        Some((measure.count(&config, image), set))
    };
    let count = |factor| Some(sized(&scaled(&base.model, factor)?)?.0);
    // Costs rise with the factor: the two networks on both sides of the wanted cost are where the halves meet.
    let (mut low, mut high) = (0.0, 1.0);
    while count(high).is_some_and(|count| count < wanted) {
        (low, high) = (high, 2.0 * high);
    }
    for _ in 0..STEPS {
        let middle = (low + high) / 2.0;
        match count(middle) {
            Some(count) if count <= wanted => low = middle,
            _ => high = middle,
        }
    }
    let sides = between(scaled(&base.model, low)?, scaled(&base.model, high)?);
    let sized = sides.iter().filter_map(sized);
    let (_, set) = sized.min_by_key(|(count, _)| count.abs_diff(wanted))?;
    Some(set)
}

/// Two neighbours and what lies between them: equal widths are rounded up at the same factor, but need not all be.
fn between(low: Widths, high: Widths) -> Vec<Widths> {
    let mut all = Vec::new();
    if let ([(path, Value::Array(low))], [(_, Value::Array(high))]) = (&low[..], &high[..]) {
        // The smaller maps get the wider layers.
        let mixed = |kept: usize| low[..kept].iter().chain(&high[kept..]).cloned().collect();
        all.extend((1..low.len()).map(|kept| vec![(*path, mixed(kept))]));
    }
    all.extend([low, high]);
    all
}

/// The fields that say how wide a network is, multiplied by a factor; nothing where it has none.
fn scaled(model: &ModelConfig, factor: f64) -> Option<Widths> {
    let whole = |width: usize| multiple(width, 1, factor);
    let all = |widths: &[usize]| widths.iter().copied().map(whole).collect::<Value>();
    Some(match model.arch {
        Arch::Autoencoder => {
            let decoder = model.decoder.iter();
            [("model.widths", all(&model.widths))]
                .into_iter()
                .chain(decoder.map(|widths| ("model.decoder", all(widths))))
                .collect()
        }
        Arch::Unet => {
            // Groups of 8 channels are normalised together: what divides by 8 stays so.
            let one = |width: &usize| match width.is_multiple_of(8) {
                true => multiple(*width, 8, factor),
                false => whole(*width),
            };
            vec![("model.widths", model.widths.iter().map(one).collect())]
        }
        Arch::Mlp => vec![("model.width", whole(model.width).into())],
        Arch::Gate => vec![("model.units", whole(model.units).into())],
        Arch::Attention => vec![("model.key_width", whole(model.key_width).into())],
        Arch::Resnet | Arch::Cnn => return None,
    })
}

/// The multiple of `unit`, at least one of it, that is nearest to `width · factor`.
fn multiple(width: usize, unit: usize, factor: f64) -> usize {
    let units = (width as f64 * factor / unit as f64).round() as usize;
    units.max(1).saturating_mul(unit)
}

/// The arm, with zeros in place of what its skip brings.
///
/// # Errors
/// Why there is none.
pub(super) fn zeroed(config: &TrialConfig, place: Place) -> Result<Vec<Assignment>, Lack> {
    let model = &config.model;
    let because = |text: &str| Err(Lack::Because(text.into()));
    let (path, value) = match model.arch {
        Arch::Autoencoder | Arch::Unet if !model.skip.at.is_empty() => match model.skip.mode {
            SkipMode::Concat | SkipMode::Gate | SkipMode::AttentionGate => {
                ("model.skip.mode", SkipMode::Zero.name())
            }
            SkipMode::Add => return because("zeros added would be no skip at all"),
            SkipMode::Zero => return because("its skip brings zeros already"),
        },
        Arch::Mlp if model.depth > 1 => match model.connection {
            Connection::InputConcat => ("model.connection", Connection::ZeroConcat.name()),
            Connection::DenseConcat => return because("dense_concat has no form with zeros"),
            Connection::Add => return because("zeros added would be no connection at all"),
            Connection::ZeroConcat => return because("its connection brings zeros already"),
            Connection::None => return Err(Lack::Nothing),
        },
        _ => return Err(Lack::Nothing),
    };
    let set = field(path).and_then(|field| Assignment::from_json(field, &value.into(), place).ok());
    Ok(set.into_iter().collect())
}

#[cfg(test)]
mod tests;
