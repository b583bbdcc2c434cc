//! Update rules, with PyTorch's semantics, as flat loops over f32 slices.

mod adam;
mod sgd;

use super::gradient::Gradients;
use crate::config::{OptimizerKind, TrainConfig};
use crate::outcome::Weight;
use std::collections::BTreeMap;

/// What an update rule remembers of one parameter.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Moments {
    /// Adam: running mean of gradients. SGD: momentum buffer.
    pub(super) first: Vec<f32>,
    /// Adam: running mean of squared gradients. SGD: empty.
    pub(super) second: Vec<f32>,
}

/// Moments by parameter name: with the step count, all that a rule remembers.
pub(super) type AllMoments = BTreeMap<String, Moments>;

/// Moments of zero, as before the first step.
pub(super) fn fresh_moments(
    kind: OptimizerKind,
    parameters: &BTreeMap<String, Weight>,
) -> AllMoments {
    let moments = |weight: &Weight| {
        let zeros = vec![0.0; weight.values.len()];
        match kind {
            OptimizerKind::Adam | OptimizerKind::AdamW => Moments {
                first: zeros.clone(),
                second: zeros,
            },
            OptimizerKind::Sgd => Moments {
                first: zeros,
                second: Vec::new(),
            },
        }
    };
    parameters
        .iter()
        .map(|(name, weight)| (name.clone(), moments(weight)))
        .collect()
}

/// Makes step number `step` (from 1) with learning rate `lr`. The three maps have the same names.
pub(super) fn update(
    config: &TrainConfig,
    step: u64,
    lr: f64,
    parameters: &mut BTreeMap<String, Weight>,
    moments: &mut AllMoments,
    gradients: &Gradients,
) {
    let each = parameters.values_mut().zip(moments.values_mut());
    for ((weight, moments), gradient) in each.zip(gradients.values()) {
        match config.optimizer {
            OptimizerKind::Adam => {
                adam::update(config, step, lr, 0.0, &mut weight.values, moments, gradient);
            }
            OptimizerKind::AdamW => {
                let decay = lr * config.weight_decay;
                adam::update(
                    config,
                    step,
                    lr,
                    decay,
                    &mut weight.values,
                    moments,
                    gradient,
                );
            }
            OptimizerKind::Sgd => {
                sgd::update(config, lr, &mut weight.values, &mut moments.first, gradient);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::clip::clip;
    use super::*;
    use serde_json::Value;

    fn numbers(value: &Value) -> Vec<f32> {
        let list = value.as_array().expect("list");
        list.iter()
            .map(|x| x.as_f64().expect("number") as f32)
            .collect()
    }

    fn by_name(value: &Value) -> Gradients {
        let map = value.as_object().expect("map");
        map.iter()
            .map(|(name, list)| (name.clone(), numbers(list)))
            .collect()
    }

    /// Oracle: PyTorch 2.15, tests/vectors/make_optimizer.py (Adam, AdamW, SGD, clip_grad_norm_; f32).
    #[test]
    fn every_step_is_pytorchs() {
        let text = include_str!("../../../tests/vectors/optimizer.json");
        let vectors: Value = serde_json::from_str(text).expect("JSON");
        let cases = vectors["cases"].as_array().expect("list");
        assert_eq!(cases.len(), 6);
        for case in cases {
            let mut config = TrainConfig::default();
            let set = |field: &mut f64, key: &str| {
                if let Some(value) = case["config"][key].as_f64() {
                    *field = value;
                }
            };
            set(&mut config.lr, "lr");
            set(&mut config.momentum, "momentum");
            set(&mut config.weight_decay, "weight_decay");
            set(&mut config.beta1, "beta1");
            set(&mut config.beta2, "beta2");
            set(&mut config.eps, "eps");
            config.clip = case["config"]["clip"].as_f64();
            let kind = case["config"]["optimizer"].as_str().expect("name");
            let mut kinds = OptimizerKind::ALL.iter();
            config.optimizer = *kinds.find(|k| k.name() == kind).expect("known");

            let weight = |values: Vec<f32>| Weight {
                shape: vec![values.len()],
                values,
            };
            let mut parameters: BTreeMap<_, _> = by_name(&vectors["start"])
                .into_iter()
                .map(|(name, values)| (name, weight(values)))
                .collect();
            let mut moments = fresh_moments(config.optimizer, &parameters);
            let gradients = vectors["gradients"].as_array().expect("list");
            let expected = case["after"].as_array().expect("list");
            for (index, (gradient, after)) in gradients.iter().zip(expected).enumerate() {
                let (step, mut gradient) = (index as u64 + 1, by_name(gradient));
                if let Some(largest) = config.clip {
                    clip(&mut gradient, largest);
                }
                update(
                    &config,
                    step,
                    config.lr,
                    &mut parameters,
                    &mut moments,
                    &gradient,
                );
                for (name, expected) in by_name(after) {
                    for (found, expected) in parameters[&name].values.iter().zip(expected) {
                        assert!(
                            (found - expected).abs() <= 2e-7 + 1e-6 * expected.abs(),
                            "{kind} {name} step {step}: {found} {expected}"
                        );
                    }
                }
            }
        }
    }
}
