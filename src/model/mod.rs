//! Networks built from config by one match, and what they cost.
//!
//! A network is first a blueprint, plain data (which convolutions, named how, reading what); the blueprint is
//! counted by [`cost`] and built by [`Model::new`], so that what is counted is what is trained.

mod autoencoder;
mod blocks;
mod blueprint;
mod cnn;
mod conv;
mod drawing;
mod gates;
mod join;
mod mlp;
mod norm;
mod resnet;
mod sentence;
mod unet;

pub use sentence::VOCABULARY;

use crate::config::{
    Arch, Init, ModelConfig, Norm, Residual, Space, TaskKind, TrialConfig, Variance,
};
use crate::error::{Error, Result};
use crate::nn::{Parameters, ops};
use crate::outcome::Weight;
use crate::seed::Key;
use autoencoder::Autoencoder;
use candle_core::Tensor;
use conv::Conv;
use drawing::{Drawing, Layers};
use resnet::Resnet;
use std::collections::BTreeMap;

/// Height, width and channels of what a network reads, and channels of what it answers where that is a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Io {
    /// Height and width of the input.
    pub size: [usize; 2],
    /// Its channels.
    pub channels: usize,
    /// Channels of the answer.
    pub outputs: usize,
}

impl From<[usize; 2]> for Io {
    /// A grey image in, one channel out.
    fn from(size: [usize; 2]) -> Self {
        Self {
            size,
            channels: 1,
            outputs: 1,
        }
    }
}

impl Io {
    /// What the network of a trial reads and answers, for images of this height and width.
    pub fn of(config: &TrialConfig, image: [usize; 2]) -> Self {
        if config.task != TaskKind::Diffuse {
            return Self::from(image);
        }
        let channels = match config.diffusion.space {
            Space::Pixel => 1,
            Space::Latent => LATENT_CHANNELS,
        };
        let answers = match config.diffusion.variance {
            Variance::FixedSmall | Variance::FixedLarge => 1,
            // The second half says where the variance lies between the two.
            Variance::Learned => 2,
        };
        Self {
            size: config.diffused(image),
            channels,
            outputs: answers * channels,
        }
    }
}

/// Channels of the latents of science.md R11.
pub const LATENT_CHANNELS: usize = 16;

/// What a network is told beside its input.
#[derive(Clone, Copy)]
pub enum Context<'a> {
    /// Nothing: it answers.
    Answer,
    /// It is trained; one key an image, for what is drawn on the way.
    Train(&'a [Key]),
    /// The timestep of every image.
    At(&'a [usize]),
}

/// A network with its parameters. Threads may share it: each runs `forward` and `backward` on images of its own.
pub struct Model {
    network: Network,
    parameters: Parameters,
    /// What is neither learned nor constant: running averages.
    buffers: Parameters,
}

/// One variant for each family of networks.
enum Network {
    Autoencoder(Autoencoder<Conv>),
    Resnet(Resnet<Conv>),
    Wired(Wiring, Layers),
}

/// How the numbered layers of a drawing are connected.
enum Wiring {
    Blocks(blocks::Blocks),
    Mlp(mlp::Mlp),
    Cnn(cnn::Cnn),
    Gates(gates::Gates),
    Sentence(sentence::Sentence),
    Unet(Box<unet::Unet>),
}

impl Wiring {
    fn forward(&self, layers: &Layers, maps: &Tensor, context: Context) -> Result<Tensor> {
        match self {
            Self::Blocks(network) => network.forward(layers, maps, context),
            Self::Mlp(network) => network.forward(layers, maps),
            Self::Cnn(network) => network.forward(layers, maps, context),
            Self::Gates(network) => network.forward(layers, maps),
            Self::Sentence(network) => network.forward(layers, maps),
            Self::Unet(network) => network.forward(layers, maps, context),
        }
    }
}

/// What a network costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Number of parameters.
    pub params: u64,
    /// Multiply-accumulates of one forward pass of one image; taps on padding count.
    pub macs: u64,
}

/// A network on paper.
enum Paper {
    Autoencoder(Autoencoder<blueprint::Conv>),
    Resnet(Resnet<blueprint::Conv>),
    Wired(Wiring, Drawing),
}

/// Draws the network that `config` is known to fit.
fn paper(config: &ModelConfig, io: Io) -> Paper {
    let fused =
        config.norm == Norm::None && matches!(config.residual, Residual::None | Residual::Add);
    let mut drawing = Drawing::default();
    let on = &mut drawing;
    let wiring = match config.arch {
        Arch::Autoencoder => return Paper::Autoencoder(autoencoder::blueprint(config, io.size)),
        Arch::Resnet if fused => return Paper::Resnet(resnet::blueprint(config, io.size)),
        Arch::Resnet => Wiring::Blocks(blocks::draw(config, io, on)),
        Arch::Mlp => Wiring::Mlp(mlp::draw(config, io, on)),
        Arch::Cnn => Wiring::Cnn(cnn::draw(config, io, on)),
        Arch::Gate => Wiring::Gates(gates::draw(config, io, on)),
        Arch::Attention => Wiring::Sentence(sentence::draw(config, io, on)),
        Arch::Unet => Wiring::Unet(Box::new(unet::draw(config, io, on))),
    };
    Paper::Wired(wiring, drawing)
}

/// As [`cost`], of the network of a trial, for images of this height and width.
pub fn cost_of(config: &TrialConfig, image: [usize; 2]) -> Cost {
    cost(&config.model, Io::of(config, image))
}

/// Parameters and multiply-accumulates, by arithmetic alone.
pub fn cost(config: &ModelConfig, io: impl Into<Io>) -> Cost {
    let mut cost = Cost { params: 0, macs: 0 };
    let mut count = |conv: &blueprint::Conv| {
        cost.params += conv.params();
        cost.macs += conv.macs();
    };
    match paper(config, io.into()) {
        Paper::Autoencoder(network) => network.each(&mut count),
        Paper::Resnet(network) => network.each(&mut count),
        Paper::Wired(_, drawing) => {
            return Cost {
                params: drawing.params(),
                macs: drawing.macs(),
            };
        }
    }
    cost
}

impl Model {
    /// Builds the network with initial values keyed by `seed`.
    ///
    /// # Errors
    /// When a tensor cannot be made, or `ABLATE_SIMD` asks for what the processor lacks.
    pub fn new(config: &ModelConfig, io: impl Into<Io>, init: Init, seed: u64) -> Result<Self> {
        ops::check_dispatch()?;
        let (mut parameters, mut buffers) = (Parameters::default(), Parameters::default());
        let mut build = |plan: blueprint::Conv| Conv::new(&plan, init, seed, &mut parameters);
        let network = match paper(config, io.into()) {
            Paper::Autoencoder(network) => Network::Autoencoder(network.build(&mut build)?),
            Paper::Resnet(network) => Network::Resnet(network.build(&mut build)?),
            Paper::Wired(wiring, drawing) => {
                let layers = drawing.build(init, seed, &mut parameters, &mut buffers)?;
                Network::Wired(wiring, layers)
            }
        };
        Ok(Self {
            network,
            parameters,
            buffers,
        })
    }

    /// Answers to images [n, height, width, 1]: of the same shape, or [n, classes] from a network that classifies.
    ///
    /// # Errors
    /// When shapes do not fit.
    pub fn forward(&self, images: &Tensor) -> Result<Tensor> {
        self.respond(images, Context::Answer)
    }

    /// As [`forward`](Self::forward), told more.
    ///
    /// # Errors
    /// When shapes do not fit.
    pub fn respond(&self, images: &Tensor, context: Context) -> Result<Tensor> {
        match &self.network {
            Network::Autoencoder(network) => network.forward(images),
            Network::Resnet(network) => network.forward(images),
            Network::Wired(wiring, layers) => wiring.forward(layers, images, context),
        }
    }

    /// What the classifier `cnn` makes of images before its last layer, [n, 1, 1, width].
    ///
    /// # Errors
    /// When this is another network, or shapes do not fit.
    pub fn features(&self, images: &Tensor) -> Result<Tensor> {
        match &self.network {
            Network::Wired(Wiring::Cnn(network), layers) => {
                network.features(layers, images, Context::Answer)
            }
            _ => Err(Error::Internal("only a cnn has features".into())),
        }
    }

    /// The weights with which `attention` looks at sentences, [n, length, length]; none of other networks.
    ///
    /// # Errors
    /// When shapes do not fit.
    pub fn attended(&self, sentences: &Tensor) -> Result<Option<Tensor>> {
        match &self.network {
            Network::Wired(Wiring::Sentence(network), layers) => {
                network.attended(layers, sentences).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// The smallest map that an autoencoder makes of images.
    ///
    /// # Errors
    /// When this is another network, or shapes do not fit.
    pub fn encode(&self, images: &Tensor) -> Result<Tensor> {
        match &self.network {
            Network::Autoencoder(network) => network.encode(images),
            _ => Err(Error::Internal("only an autoencoder encodes".into())),
        }
    }

    /// Logits of the images that an autoencoder without skips makes of its smallest map.
    ///
    /// # Errors
    /// When this is another network, or shapes do not fit.
    pub fn decode(&self, latents: &Tensor) -> Result<Tensor> {
        match &self.network {
            Network::Autoencoder(network) => network.decode(latents),
            _ => Err(Error::Internal("only an autoencoder decodes".into())),
        }
    }

    /// The parameters, shared with the network.
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// What is neither learned nor constant, shared with the network.
    pub fn buffers(&self) -> &Parameters {
        &self.buffers
    }

    /// Whether a batch has to be seen whole: its statistics are part of the answer.
    pub fn sees_whole_batches(&self) -> bool {
        !self.buffers.0.is_empty()
    }

    /// Sets parameters and buffers.
    ///
    /// # Errors
    /// When names and shapes are not exactly those of this network.
    pub fn restore(&self, weights: &BTreeMap<String, Weight>) -> Result<()> {
        restore(&self.parameters, &self.buffers, weights)
    }
}

/// Sets parameters and buffers from one map.
///
/// # Errors
/// When names and shapes are not exactly theirs.
pub fn restore(
    parameters: &Parameters,
    buffers: &Parameters,
    weights: &BTreeMap<String, Weight>,
) -> Result<()> {
    let is_buffer = |(name, _): &(&String, &Weight)| buffers.0.contains_key(*name);
    let (of_buffers, of_parameters): (Vec<_>, Vec<_>) = weights.iter().partition(is_buffer);
    let own = |pairs: Vec<(&String, &Weight)>| {
        let pairs = pairs.into_iter();
        pairs
            .map(|(name, weight)| (name.clone(), weight.clone()))
            .collect()
    };
    parameters.restore(&own(of_parameters))?;
    buffers.restore(&own(of_buffers))
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
