//! Networks built from config by one match, and what they cost.
//!
//! A network is first a blueprint, plain data (which convolutions, named how, reading what); the blueprint is
//! counted by [`cost`] and built by [`Model::new`], so that what is counted is what is trained.

mod autoencoder;
mod blueprint;
mod conv;
mod join;
mod resnet;

use crate::config::{Arch, Init, ModelConfig};
use crate::error::Result;
use crate::nn::{Parameters, ops};
use autoencoder::Autoencoder;
use candle_core::Tensor;
use conv::Conv;
use resnet::Resnet;

/// A network with its parameters. Threads may share it: each runs `forward` and `backward` on images of its own.
pub struct Model {
    network: Network,
    parameters: Parameters,
}

/// One variant for each family of networks.
enum Network {
    Autoencoder(Autoencoder<Conv>),
    Resnet(Resnet<Conv>),
}

/// What a network costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Number of parameters.
    pub params: u64,
    /// Multiply-accumulates of one forward pass of one image; taps on padding count.
    pub macs: u64,
}

/// Parameters and multiply-accumulates, by arithmetic alone.
pub fn cost(config: &ModelConfig, image: [usize; 2]) -> Cost {
    let mut cost = Cost { params: 0, macs: 0 };
    let mut count = |conv: &blueprint::Conv| {
        cost.params += conv.params();
        cost.macs += conv.macs();
    };
    match config.arch {
        Arch::Autoencoder => autoencoder::blueprint(config, image).each(&mut count),
        Arch::Resnet => resnet::blueprint(config, image).each(&mut count),
    }
    cost
}

impl Model {
    /// Builds the network for grey images of this height and width, with initial values keyed by `seed`.
    ///
    /// # Errors
    /// When a tensor cannot be made, or `ABLATE_SIMD` asks for what the processor lacks.
    pub fn new(config: &ModelConfig, image: [usize; 2], init: Init, seed: u64) -> Result<Self> {
        ops::check_dispatch()?;
        let mut parameters = Parameters::default();
        let mut build = |plan: blueprint::Conv| Conv::new(&plan, init, seed, &mut parameters);
        let network = match config.arch {
            Arch::Autoencoder => {
                Network::Autoencoder(autoencoder::blueprint(config, image).build(&mut build)?)
            }
            Arch::Resnet => Network::Resnet(resnet::blueprint(config, image).build(&mut build)?),
        };
        Ok(Self {
            network,
            parameters,
        })
    }

    /// Logits for images [n, height, width, 1]: of the same shape, or [n, classes] from a network that classifies.
    ///
    /// # Errors
    /// When shapes do not fit.
    pub fn forward(&self, images: &Tensor) -> Result<Tensor> {
        match &self.network {
            Network::Autoencoder(network) => network.forward(images),
            Network::Resnet(network) => network.forward(images),
        }
    }

    /// The parameters, shared with the network.
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{SkipConfig, SkipMode, Tap};

    const IMAGE: [usize; 2] = [28, 28];

    fn lecture(at: &[usize], mode: SkipMode) -> ModelConfig {
        ModelConfig {
            skip: SkipConfig {
                at: at.to_vec(),
                mode,
                tap: Tap::BeforePool,
            },
            ..ModelConfig::default()
        }
    }

    fn small(at: &[usize]) -> ModelConfig {
        ModelConfig {
            widths: vec![16, 32],
            bottleneck: None,
            decoder: Some(vec![16, 16]),
            skip: SkipConfig {
                at: at.to_vec(),
                mode: SkipMode::Concat,
                tap: Tap::AfterPool,
            },
            ..ModelConfig::default()
        }
    }

    /// Oracle: the table of science.md §1.
    #[test]
    fn parameter_counts_are_those_of_the_lecture() {
        for (config, params) in [
            (lecture(&[], SkipMode::Concat), 185_873),
            (lecture(&[14, 28], SkipMode::Concat), 260_177),
            (lecture(&[14], SkipMode::Concat), 259_601),
            (lecture(&[28], SkipMode::Concat), 186_449),
            (small(&[]), 11_889),
            (small(&[14]), 14_193),
        ] {
            assert_eq!(cost(&config, IMAGE).params, params);
        }
    }

    fn resnet(blocks: usize) -> ModelConfig {
        ModelConfig {
            arch: Arch::Resnet,
            blocks,
            ..ModelConfig::default()
        }
    }

    /// Oracle: the table of science.md §1; multiply-accumulates written out by hand.
    #[test]
    fn a_resnet_of_three_blocks_costs_what_the_table_says() {
        let found = cost(&resnet(3), IMAGE);
        assert_eq!(found.params, 415_754);
        let block = 196 * (64 * 16 + 16 * 16 * 9 + 16 * 64);
        let macs = 784 * 64 * 9 + 3 * block + 196 * 64 * 32 + 32 * 10;
        assert_eq!(found.macs, macs);
        let model = Model::new(&resnet(3), IMAGE, Init::Pytorch, 1).unwrap();
        assert_eq!(model.parameters().count(), found.params);
    }

    /// Otherwise an axis of depths would compare other initial values too.
    #[test]
    fn resnets_of_a_seed_share_the_initial_values_of_what_they_have_in_common() {
        let build = |blocks| Model::new(&resnet(blocks), [4, 4], Init::Pytorch, 3).unwrap();
        let values = |blocks| build(blocks).parameters().copy_out().unwrap();
        let (shallow, deep) = (values(1), values(12));
        assert_eq!(deep.len(), shallow.len() + 11 * 6);
        for (name, weight) in &shallow {
            assert_eq!(weight, &deep[name], "{name}");
        }
    }

    /// Oracle: the sum over layers written out by hand, height · width · in · out · taps.
    #[test]
    fn multiply_accumulates_count_taps_on_padding() {
        let macs = 784 * 64 * 9 + 196 * 64 * 128 * 9 + 49 * 128 * 16 * 9 + 49 * 16 * 128 * 9;
        let macs = macs + 196 * 256 * 64 * 9 + 784 * 128 * 9;
        assert_eq!(
            cost(&lecture(&[14, 28], SkipMode::Concat), IMAGE).macs,
            macs
        );
    }

    #[test]
    fn what_is_counted_is_what_is_built_in_every_mode() {
        for &mode in SkipMode::ALL {
            for depth in [1, 2] {
                let mut config = lecture(&[14, 28], mode);
                (config.widths, config.depth) = (vec![3, 5], depth);
                let model = Model::new(&config, IMAGE, Init::Keras, 1).unwrap();
                assert_eq!(
                    model.parameters().count(),
                    cost(&config, IMAGE).params,
                    "{mode:?}"
                );
            }
        }
    }

    #[test]
    fn arms_of_a_seed_share_the_initial_values_of_what_they_have_in_common() {
        let build = |at: &[usize]| Model::new(&small(at), IMAGE, Init::Pytorch, 3).unwrap();
        let (plain, skip) = (build(&[]), build(&[14]));
        let values = |model: &Model| model.parameters().copy_out().unwrap();
        let (plain, skip) = (values(&plain), values(&skip));
        for (name, weight) in &plain {
            let joined = name.starts_with("decoder.1.conv.0");
            assert_eq!(weight == &skip[name], !joined, "{name}");
        }
        // The joined convolution differs by its bound alone: fan-in doubled.
        let (narrow, wide) = (
            &plain["decoder.1.conv.0.weight"],
            &skip["decoder.1.conv.0.weight"],
        );
        let ratio = wide.values[0] / narrow.values[0];
        assert!((ratio - 0.5f32.sqrt()).abs() < 1e-6, "{ratio}");
    }

    #[test]
    fn names_are_stable_across_arms() {
        let names = |config: &ModelConfig| -> Vec<String> {
            let model = Model::new(config, IMAGE, Init::Keras, 1).unwrap();
            model.parameters().0.keys().cloned().collect()
        };
        let (plain, gated) = (lecture(&[], SkipMode::Gate), lecture(&[28], SkipMode::Gate));
        let (plain, gated) = (names(&plain), names(&gated));
        assert!(plain.contains(&"encoder.0.conv.0.weight".to_owned()));
        assert!(plain.iter().all(|name| gated.contains(name)));
        let new: Vec<_> = gated.iter().filter(|name| !plain.contains(name)).collect();
        assert_eq!(new, ["output.join.gate.bias", "output.join.gate.weight"]);
    }

    #[test]
    fn a_model_can_be_shared_by_threads() {
        fn shared<T: Send + Sync>() {}
        shared::<Model>();
    }
}
