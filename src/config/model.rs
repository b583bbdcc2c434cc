//! The network and its connections.

use super::TrialConfig;
use super::field::{Field, choice, field};

choice! {
    /// The family of networks.
    pub enum Arch {
        /// Convolutions and pools down, upsampling and convolutions up (science.md R4, R4s, R5).
        Autoencoder = "autoencoder",
        /// A convolution, a pool, bottleneck blocks one after the other, two dense layers (science.md R6).
        Resnet = "resnet",
        /// Dense layers one after the other (science.md R2).
        Mlp = "mlp",
        /// Two convolutions, a pool, two dense layers (science.md R3).
        Cnn = "cnn",
        /// Convolutions down and up with skips, told the timestep (science.md R10).
        Unet = "unet",
        /// Two sets of logistic units, combined one by one (science.md R1).
        Gate = "gate",
        /// One causal attention head over a short sentence (science.md R7).
        Attention = "attention",
    }
}

choice! {
    /// How an encoder map is joined into the decoder.
    pub enum SkipMode {
        /// Joined along channels.
        Concat = "concat",
        /// Added, through a learned 1×1 projection where channels differ.
        Add = "add",
        /// Joined along channels after multiplication with σ(1×1 convolution of both maps).
        Gate = "gate",
        /// As `gate`, with one number for all channels of a pixel: σ(1×1 of ReLU(1×1 of both)) (Oktay et al. 2018).
        AttentionGate = "attention_gate",
        /// Control: as `concat`, with zeros in place of the encoder map.
        Zero = "zero",
    }
}

choice! {
    /// Which encoder map a skip takes.
    pub enum Tap {
        /// The map after its last activation, before the pool (R5).
        BeforePool = "before_pool",
        /// The pooled map (R4s).
        AfterPool = "after_pool",
    }
}

choice! {
    /// The shortcut inside a block.
    pub enum Residual {
        /// None.
        None = "none",
        /// The block's input is added to its output, after the activation (R6).
        Add = "add",
        /// `resnet`: activation before each convolution, then the block's input added (He et al. 2016b).
        PreActivation = "pre_activation",
        /// `resnet`: the block's input joined along channels, then a 1×1 convolution back to as many as before.
        Concat = "concat",
    }
}

choice! {
    /// How two sets of units are combined.
    pub enum Combine {
        /// A + B.
        Sum = "sum",
        /// A · B.
        Product = "product",
        /// A · B, with B linear.
        SigmoidGate = "sigmoid_gate",
        /// softmax(A) · B, with B linear.
        SoftmaxGate = "softmax_gate",
    }
}

choice! {
    /// What a dense layer reads beside the layer before it.
    pub enum Connection {
        /// Nothing.
        None = "none",
        /// The input of the network.
        InputConcat = "input_concat",
        /// The input of the network and all earlier layers.
        DenseConcat = "dense_concat",
        /// What the layer before it read, added (the network's input through a learned projection).
        Add = "add",
        /// Control: as `input_concat`, with zeros in place of the input.
        ZeroConcat = "zero_concat",
    }
}

choice! {
    /// Which of the two classifiers of science.md R3.
    pub enum CnnSize {
        /// 16 and 16 channels, dense 32: 76,570 parameters.
        Small = "small",
        /// 32 and 64 channels, dense 128, dropout: 1,199,882 parameters.
        Large = "large",
    }
}

choice! {
    /// How scores become the weights of values.
    pub enum Attention {
        /// e^s / Σ e^s.
        Softmax = "softmax",
        /// σ(s).
        Sigmoid = "sigmoid",
        /// All the same, whatever the scores.
        Uniform = "uniform",
    }
}

choice! {
    /// Whether scores are divided by the root of the key width.
    pub enum Scaling {
        /// They are.
        RootWidth = "root_width",
        /// They are not.
        None = "none",
    }
}

choice! {
    /// Whether tokens know where they stand.
    pub enum Position {
        /// By a learned vector for each place.
        Learned = "learned",
        /// Not.
        None = "none",
    }
}

choice! {
    /// Normalisation after each convolution of a block.
    pub enum Norm {
        /// None.
        None = "none",
        /// Over a group of channels of one image, 8 groups (Wu and He 2018).
        Group = "group",
        /// Over the batch, channel by channel (Ioffe and Szegedy 2015).
        Batch = "batch",
    }
}

choice! {
    /// The activation of an autoencoder's bottleneck.
    pub enum Latent {
        /// ReLU.
        Relu = "relu",
        /// None: latents that can be negative, for diffusion.
        Linear = "linear",
    }
}

/// Skip connections from encoder to decoder.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SkipConfig {
    /// The resolutions (image heights) at which a skip joins; empty for none.
    pub at: Vec<usize>,
    /// How it joins.
    pub mode: SkipMode,
    /// What it takes.
    pub tap: Tap,
}

/// The network of a trial.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelConfig {
    /// The family.
    pub arch: Arch,
    /// Channels of each encoder resolution, largest map first; a pool by 2 follows each.
    pub widths: Vec<usize>,
    /// Channels of the convolution at the smallest resolution, if there is one.
    pub bottleneck: Option<usize>,
    /// Channels of each decoder resolution, smallest map first, an upsampling by 2 after each; none: `widths` reversed.
    pub decoder: Option<Vec<usize>>,
    /// Convolution blocks per resolution, in the encoder and in the decoder.
    pub depth: usize,
    /// Shortcut inside every block; in an autoencoder, every block after a resolution's first.
    pub residual: Residual,
    /// Skip connections.
    pub skip: SkipConfig,
    /// `resnet`: blocks after the pool.
    pub blocks: usize,
    /// `resnet`: normalisation after each convolution of a block.
    pub norm: Norm,
    /// Activation of the bottleneck.
    pub latent: Latent,
    /// `mlp`: units of each hidden layer.
    pub width: usize,
    /// `mlp`: what layers read beside the layer before.
    pub connection: Connection,
    /// `cnn`: which of the two.
    pub size: CnnSize,
    /// `gate`: units of each of the two sets.
    pub units: usize,
    /// `gate`: how the two sets are combined.
    pub combine: Combine,
    /// `attention`: width of queries and keys.
    pub key_width: usize,
    /// `attention`: how scores become weights.
    pub attention: Attention,
    /// `attention`: whether scores are scaled.
    pub scaling: Scaling,
    /// `attention`: whether tokens know where they stand.
    pub position: Position,
    /// `unet`: resolutions (heights) with a self-attention block.
    pub attention_at: Vec<usize>,
}

impl Default for ModelConfig {
    fn default() -> Self {
        Self {
            arch: Arch::default(),
            widths: vec![64, 128],
            bottleneck: Some(16),
            decoder: None,
            depth: 1,
            residual: Residual::default(),
            skip: SkipConfig::default(),
            blocks: 3,
            norm: Norm::default(),
            latent: Latent::default(),
            width: 64,
            connection: Connection::default(),
            size: CnnSize::default(),
            units: 4,
            combine: Combine::default(),
            key_width: 5,
            attention: Attention::default(),
            scaling: Scaling::default(),
            position: Position::default(),
            attention_at: Vec::new(),
        }
    }
}

impl ModelConfig {
    /// Channels of each decoder resolution, smallest map first.
    pub fn decoder_widths(&self) -> Vec<usize> {
        match &self.decoder {
            Some(widths) => widths.clone(),
            None => self.widths.iter().rev().copied().collect(),
        }
    }
}

fn is(config: &TrialConfig, arch: Arch) -> bool {
    config.model.arch == arch
}

/// Networks with maps of several resolutions on the way down and up.
fn has_levels(config: &TrialConfig) -> bool {
    is(config, Arch::Autoencoder) || is(config, Arch::Unet)
}

fn has_skip(config: &TrialConfig) -> bool {
    has_levels(config) && !config.model.skip.at.is_empty()
}

fn has_shortcuts(config: &TrialConfig) -> bool {
    match config.model.arch {
        Arch::Resnet | Arch::Unet => true,
        Arch::Autoencoder => config.model.depth > 1,
        Arch::Mlp | Arch::Cnn | Arch::Gate | Arch::Attention => false,
    }
}

/// Far above any sensible layer, far below an overflow of counts.
const WIDEST: usize = 65_536;

fn sensible(widths: &[usize]) -> bool {
    !widths.is_empty() && widths.len() <= 16 && widths.iter().all(|w| (1..=WIDEST).contains(w))
}

pub(super) const FIELDS: &[Field] = &[
    field!(model.arch: Arch, "the family of networks: autoencoder denoises and restores; resnet, mlp and cnn classify; unet diffuses"),
    field!(model.blocks: usize, "resnet: blocks after the pool",
        valid(n, (1..=24).contains(n), "a whole number from 1 to 24"), active(c, is(c, Arch::Resnet))),
    field!(model.norm: Norm, "resnet: normalisation after each convolution of a block", active(c, is(c, Arch::Resnet))),
    field!(model.widths: Vec<usize>, "channels of each encoder resolution, largest map first",
        valid(w, sensible(w), "a list of 1 to 16 whole numbers from 1 to 65536"), active(c, has_levels(c))),
    field!(model.bottleneck: Option<usize>, "channels of the convolution at the smallest resolution",
        valid(w, w.is_none_or(|w| (1..=WIDEST).contains(&w)), "a whole number from 1 to 65536, or none"),
        active(c, is(c, Arch::Autoencoder))),
    field!(model.latent: Latent, "activation of the bottleneck",
        active(c, is(c, Arch::Autoencoder) && c.model.bottleneck.is_some())),
    field!(model.decoder: Option<Vec<usize>>, "channels of each decoder resolution, smallest map first",
        valid(w, w.as_ref().is_none_or(|w| sensible(w)), "a list of whole numbers from 1 to 65536, or none"),
        active(c, is(c, Arch::Autoencoder))),
    field!(model.depth: usize, "convolution blocks per resolution; mlp: hidden layers",
        valid(d, (1..=64).contains(d), "a whole number from 1 to 64"), active(c, has_levels(c) || is(c, Arch::Mlp))),
    field!(model.residual: Residual, "shortcut inside every block (autoencoder: after a resolution's first)",
        active(c, has_shortcuts(c))),
    field!(model.skip.at: Vec<usize>, "resolutions (image heights) at which an encoder map joins the decoder",
        active(c, has_levels(c))),
    field!(model.skip.mode: SkipMode, "how the encoder map joins", active(c, has_skip(c))),
    field!(model.skip.tap: Tap, "which encoder map joins", active(c, is(c, Arch::Autoencoder) && has_skip(c))),
    field!(model.attention_at: Vec<usize>, "unet: resolutions (image heights) with a self-attention block",
        active(c, is(c, Arch::Unet))),
    field!(model.width: usize, "mlp: units of each hidden layer",
        valid(n, (1..=WIDEST).contains(n), "a whole number from 1 to 65536"), active(c, is(c, Arch::Mlp))),
    field!(model.connection: Connection, "mlp: what a hidden layer reads beside the layer before it",
        active(c, is(c, Arch::Mlp) && c.model.depth > 1)),
    field!(model.size: CnnSize, "cnn: which of the two classifiers", active(c, is(c, Arch::Cnn))),
    field!(model.units: usize, "gate: units of each of the two sets",
        valid(n, (1..=1024).contains(n), "a whole number from 1 to 1024"), active(c, is(c, Arch::Gate))),
    field!(model.combine: Combine, "gate: how the two sets are combined", active(c, is(c, Arch::Gate))),
    field!(model.key_width: usize, "attention: width of queries and keys",
        valid(n, (1..=1024).contains(n), "a whole number from 1 to 1024"), active(c, is(c, Arch::Attention))),
    field!(model.attention: Attention, "attention: how scores become weights", active(c, is(c, Arch::Attention))),
    field!(model.scaling: Scaling, "attention: whether scores are divided by the root of the key width",
        active(c, is(c, Arch::Attention) && c.model.attention != Attention::Uniform)),
    field!(model.position: Position, "attention: whether tokens know where they stand",
        active(c, is(c, Arch::Attention))),
];
