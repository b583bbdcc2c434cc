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

fn is_autoencoder(config: &TrialConfig) -> bool {
    config.model.arch == Arch::Autoencoder
}

fn is_resnet(config: &TrialConfig) -> bool {
    config.model.arch == Arch::Resnet
}

fn has_skip(config: &TrialConfig) -> bool {
    is_autoencoder(config) && !config.model.skip.at.is_empty()
}

/// Far above any sensible layer, far below an overflow of counts.
const WIDEST: usize = 65_536;

fn sensible(widths: &[usize]) -> bool {
    !widths.is_empty() && widths.len() <= 16 && widths.iter().all(|w| (1..=WIDEST).contains(w))
}

pub(super) const FIELDS: &[Field] = &[
    field!(model.arch: Arch, "the family of networks: autoencoder denoises, resnet classifies"),
    field!(model.blocks: usize, "resnet: blocks after the pool",
        valid(n, (1..=24).contains(n), "a whole number from 1 to 24"), active(c, is_resnet(c))),
    field!(model.widths: Vec<usize>, "channels of each encoder resolution, largest map first",
        valid(w, sensible(w), "a list of 1 to 16 whole numbers from 1 to 65536"), active(c, is_autoencoder(c))),
    field!(model.bottleneck: Option<usize>, "channels of the convolution at the smallest resolution",
        valid(w, w.is_none_or(|w| (1..=WIDEST).contains(&w)), "a whole number from 1 to 65536, or none"),
        active(c, is_autoencoder(c))),
    field!(model.decoder: Option<Vec<usize>>, "channels of each decoder resolution, smallest map first",
        valid(w, w.as_ref().is_none_or(|w| sensible(w)), "a list of whole numbers from 1 to 65536, or none"),
        active(c, is_autoencoder(c))),
    field!(model.depth: usize, "convolution blocks per resolution",
        valid(d, (1..=64).contains(d), "a whole number from 1 to 64"), active(c, is_autoencoder(c))),
    field!(model.residual: Residual, "shortcut inside every block (autoencoder: after a resolution's first)",
        active(c, is_resnet(c) || c.model.depth > 1)),
    field!(model.skip.at: Vec<usize>, "resolutions (image heights) at which an encoder map joins the decoder",
        active(c, is_autoencoder(c))),
    field!(model.skip.mode: SkipMode, "how the encoder map joins", active(c, has_skip(c))),
    field!(model.skip.tap: Tap, "which encoder map joins", active(c, has_skip(c))),
];
