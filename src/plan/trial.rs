//! One training run, and the line of JSON that carries it to a worker.

use super::Device;
use super::artefact::Role;
use super::evaluation::Evaluation;
use super::id::{TrialId, trial_id};
use crate::config::TrialConfig;
use crate::error::{Error, Result};
use serde_json::{Map, Value, json};

/// One training run: a point with a seed.
#[derive(Clone, Debug)]
pub struct Trial {
    /// Content identity.
    pub id: TrialId,
    /// What it is trained on.
    pub device: Device,
    /// Position in the plan.
    pub index: usize,
    /// Position of its point (its arm) among the plan's points.
    pub point: usize,
    /// The seed.
    pub seed: u64,
    /// Value of every axis of the plan (`Plan::axes`), in that order; null where the field does not matter
    /// (the mode of a skip that is not there), `"none"` for a part that is left out.
    pub axes: Vec<Value>,
    /// Its config, `dataset: auto` resolved.
    pub config: TrialConfig,
    /// Digest of the data it reads ([`crate::config::DataFacts::digest`]).
    pub data_digest: String,
    /// Height and width of its images.
    pub image: [usize; 2],
    /// The networks that it needs, which were trained first.
    pub needs: Vec<(Role, TrialId)>,
    /// What its network is used for when it is trained.
    pub evaluations: Vec<Evaluation>,
}

impl Trial {
    /// The message that tells a worker what to train: one line of JSON.
    pub fn to_json(&self) -> String {
        let config: Value = serde_json::from_str(&self.config.resolved()).unwrap_or_default();
        json!({
            "id": self.id.to_string(),
            "device": self.device.name(),
            "index": self.index,
            "point": self.point,
            "seed": self.seed,
            "axes": self.axes,
            "config": config,
            "data_digest": self.data_digest,
            "image": self.image,
            "needs": self.needs.iter().map(|(role, id)| json!([role.name(), id.to_string()])).collect::<Vec<_>>(),
            "evaluations": self.evaluations.iter().map(evaluation).collect::<Vec<_>>(),
        })
        .to_string()
    }

    /// Reads [`to_json`](Self::to_json) back and checks the id against the content.
    ///
    /// # Errors
    /// When the text is no trial or its id does not match.
    pub fn from_json(text: &str) -> Result<Self> {
        let bad = |what: &str| Error::Worker(format!("the message is no trial: {what}"));
        let message: Map<String, Value> =
            serde_json::from_str(text).map_err(|error| bad(&error.to_string()))?;
        let get = |name: &str| {
            message
                .get(name)
                .ok_or_else(|| bad(&format!("{name} is missing")))
        };
        let number = |name: &str| {
            get(name)?
                .as_u64()
                .ok_or_else(|| bad(&format!("{name} is no number")))
        };
        let word = |name: &str| {
            get(name)?
                .as_str()
                .ok_or_else(|| bad(&format!("{name} is no text")))
        };
        let list = |name: &str| {
            get(name)?
                .as_array()
                .ok_or_else(|| bad(&format!("{name} is no list")))
        };
        let config = get("config")?
            .as_object()
            .ok_or_else(|| bad("config is no object"))?;
        let trial = Self {
            id: TrialId::parse(word("id")?).ok_or_else(|| bad("id is no 64 hex digits"))?,
            device: Device::from_name(word("device")?)
                .ok_or_else(|| bad("device is no class of devices"))?,
            index: number("index")? as usize,
            point: number("point")? as usize,
            seed: number("seed")?,
            axes: get("axes")?
                .as_array()
                .ok_or_else(|| bad("axes is no list"))?
                .clone(),
            config: TrialConfig::from_flat(config).map_err(|problem| bad(&problem))?,
            data_digest: word("data_digest")?.to_owned(),
            image: serde_json::from_value(get("image")?.clone())
                .map_err(|_| bad("image is no [height, width]"))?,
            needs: list("needs")?
                .iter()
                .map(|need| {
                    Some((
                        Role::from_name(need[0].as_str()?)?,
                        TrialId::parse(need[1].as_str()?)?,
                    ))
                })
                .collect::<Option<_>>()
                .ok_or_else(|| bad("needs are no roles with ids"))?,
            evaluations: list("evaluations")?
                .iter()
                .map(|text| read_evaluation(text).ok_or_else(|| bad("an evaluation is none")))
                .collect::<Result<_>>()?,
        };
        let id = trial_id(trial.device, &trial.config, trial.seed, &trial.data_digest);
        if id == trial.id {
            Ok(trial)
        } else {
            Err(bad(&format!(
                "its id {} does not match its content {}; supervisor and worker are different builds",
                trial.id.short(),
                id.short()
            )))
        }
    }
}

fn evaluation(evaluation: &Evaluation) -> Value {
    let config: Value = serde_json::from_str(&evaluation.config.resolved()).unwrap_or_default();
    json!({
        "id": evaluation.id.to_string(),
        "settings": evaluation.settings,
        "config": config,
    })
}

fn read_evaluation(value: &Value) -> Option<Evaluation> {
    Some(Evaluation {
        id: TrialId::parse(value.get("id")?.as_str()?)?,
        settings: serde_json::from_value(value.get("settings")?.clone()).ok()?,
        config: TrialConfig::from_flat(value.get("config")?.as_object()?).ok()?,
    })
}
