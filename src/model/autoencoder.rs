//! The convolutional autoencoder, with or without skips (science.md R4, R4s, R5).
//!
//! Encoder level i: `depth` blocks of 3×3 convolution and ReLU, then a 2×2 max-pool. A bottleneck convolution and
//! ReLU. Decoder level j: the blocks again, then nearest upsampling by 2. A last 3×3 convolution gives the logits.
//! A skip at a resolution joins the input of the decoder's first convolution of that resolution.

use super::blueprint::{self, Bias, source};
use super::conv::Conv;
use super::join::{self, Join};
use crate::config::{Latent, ModelConfig, Residual, Tap};
use crate::error::Result;
use crate::nn::init::Source;
use crate::nn::ops::{self, Activation, Scale};
use candle_core::Tensor;

/// The network; `C` is a convolution, on paper or built.
pub struct Autoencoder<C> {
    encoder: Vec<Vec<C>>,
    bottleneck: Option<C>,
    /// Smallest map first; the last one gives the logits.
    decoder: Vec<DecoderLevel<C>>,
    residual: Residual,
    tap: Tap,
    /// What follows the bottleneck.
    latent: Activation,
}

/// What runs at one resolution on the way up.
struct DecoderLevel<C> {
    /// How the map of an encoder level is joined first, if at all.
    skip: Option<Skip<C>>,
    convs: Vec<C>,
}

struct Skip<C> {
    encoder_level: usize,
    join: Join<C>,
}

/// `depth` 3×3 convolutions one after the other.
fn blocks(
    level: &str,
    size: [usize; 2],
    mut sources: Vec<Source>,
    width: usize,
    depth: usize,
) -> Vec<blueprint::Conv> {
    let block = |at| {
        let name = format!("{level}.conv.{at}");
        blueprint::Conv {
            sources: std::mem::replace(&mut sources, vec![source(&name, width)]),
            name,
            outputs: width,
            kernel: 3,
            size,
            bias: Bias::Learned,
        }
    };
    (0..depth).map(block).collect()
}

/// Draws the network for grey images of this size, which `config` is known to fit.
pub fn blueprint(config: &ModelConfig, image: [usize; 2]) -> Autoencoder<blueprint::Conv> {
    let levels = config.widths.len();
    let size_at = |halvings: usize| [image[0] >> halvings, image[1] >> halvings];
    let mut map = source("image", 1);
    let mut encoder = Vec::new();
    for (level, &width) in config.widths.iter().enumerate() {
        let name = format!("encoder.{level}");
        encoder.push(blocks(
            &name,
            size_at(level),
            vec![map],
            width,
            config.depth,
        ));
        map = source(name, width);
    }
    let bottleneck = config.bottleneck.map(|width| {
        let sources = vec![std::mem::replace(&mut map, source("bottleneck", width))];
        blocks("bottleneck", size_at(levels), sources, width, 1).remove(0)
    });
    let mut decoder = Vec::new();
    // The output is one more level, of one block and one channel.
    let stages = config
        .decoder_widths()
        .into_iter()
        .map(|width| (width, config.depth));
    for (level, (width, depth)) in stages.chain([(1, 1)]).enumerate() {
        let halvings = levels - level;
        let name = match halvings {
            0 => "output".to_owned(),
            _ => format!("decoder.{level}"),
        };
        let size = size_at(halvings);
        let (skip, sources) = skip(config, &name, size, halvings, map);
        decoder.push(DecoderLevel {
            skip,
            convs: blocks(&name, size, sources, width, depth),
        });
        map = source(name, width);
    }
    Autoencoder {
        encoder,
        bottleneck,
        decoder,
        residual: config.residual,
        tap: config.skip.tap,
        latent: match config.latent {
            Latent::Relu => Activation::Relu,
            Latent::Linear => Activation::None,
        },
    }
}

/// The skip that joins `map` where the image has been halved so often, if any, and what the next convolution reads.
fn skip(
    config: &ModelConfig,
    name: &str,
    size: [usize; 2],
    halvings: usize,
    map: Source,
) -> (Option<Skip<blueprint::Conv>>, Vec<Source>) {
    let encoder_level = match config.skip.tap {
        Tap::BeforePool => Some(halvings),
        Tap::AfterPool => halvings.checked_sub(1),
    };
    let tapped = encoder_level.and_then(|level| Some((level, *config.widths.get(level)?)));
    match tapped {
        Some((encoder_level, width)) if config.skip.at.contains(&size[0]) => {
            let encoder = source(format!("encoder.{encoder_level}"), width);
            let (join, sources) = join::blueprint(config.skip.mode, name, size, map, encoder);
            let skip = Skip {
                encoder_level,
                join,
            };
            (Some(skip), sources)
        }
        _ => (None, vec![map]),
    }
}

impl<C> Autoencoder<C> {
    /// The same network with every convolution replaced.
    ///
    /// # Errors
    /// Those of `f`.
    pub fn build<D>(self, f: &mut impl FnMut(C) -> Result<D>) -> Result<Autoencoder<D>> {
        let mut encoder = Vec::new();
        for convs in self.encoder {
            encoder.push(convs.into_iter().map(&mut *f).collect::<Result<_>>()?);
        }
        let bottleneck = self.bottleneck.map(&mut *f).transpose()?;
        let mut decoder = Vec::new();
        for level in self.decoder {
            let skip = match level.skip {
                None => None,
                Some(skip) => Some(Skip {
                    encoder_level: skip.encoder_level,
                    join: skip.join.build(f)?,
                }),
            };
            let convs = level
                .convs
                .into_iter()
                .map(&mut *f)
                .collect::<Result<_>>()?;
            decoder.push(DecoderLevel { skip, convs });
        }
        Ok(Autoencoder {
            encoder,
            bottleneck,
            decoder,
            residual: self.residual,
            tap: self.tap,
            latent: self.latent,
        })
    }

    /// Calls `f` with every convolution.
    pub fn each(&self, f: &mut impl FnMut(&C)) {
        self.encoder.iter().flatten().for_each(&mut *f);
        self.bottleneck.iter().for_each(&mut *f);
        for level in &self.decoder {
            if let Some(skip) = &level.skip {
                skip.join.each(f);
            }
            level.convs.iter().for_each(&mut *f);
        }
    }
}

impl Autoencoder<Conv> {
    /// Logits [n, h, w, 1] of images [n, h, w, 1].
    ///
    /// # Errors
    /// When shapes do not fit.
    pub fn forward(&self, images: &Tensor) -> Result<Tensor> {
        let (latents, taps) = self.down(images)?;
        self.up(&latents, &taps)
    }

    /// The smallest map of images, [n, h, w, channels].
    ///
    /// # Errors
    /// When shapes do not fit.
    pub fn encode(&self, images: &Tensor) -> Result<Tensor> {
        Ok(self.down(images)?.0)
    }

    /// Logits of the images that have this smallest map; only without skips, which need the other maps too.
    ///
    /// # Errors
    /// When shapes do not fit.
    pub fn decode(&self, latents: &Tensor) -> Result<Tensor> {
        self.up(latents, &[])
    }

    /// The smallest map, and what skips take.
    fn down(&self, images: &Tensor) -> Result<(Tensor, Vec<Tensor>)> {
        let mut map = images.clone();
        let mut taps = Vec::new();
        for (level, convs) in self.encoder.iter().enumerate() {
            let before = match &convs[..] {
                // Nobody looks at the map before the pool.
                [only] if !self.is_tapped_before_pool(level) => {
                    map = only.pooled(&map)?;
                    None
                }
                _ => {
                    let before = self.run_blocks(convs, None, (&map, Scale::Full), &taps)?;
                    map = ops::max_pool2(&before)?;
                    Some(before)
                }
            };
            taps.push(match (self.tap, before) {
                (Tap::BeforePool, Some(before)) => before,
                _ => map.clone(),
            });
        }
        if let Some(conv) = &self.bottleneck {
            map = conv.joined(&[(&map, Scale::Full)], self.latent)?;
        }
        Ok((map, taps))
    }

    fn up(&self, latents: &Tensor, taps: &[Tensor]) -> Result<Tensor> {
        let mut map = latents.clone();
        // Every level leaves its map for the next one to upsample, which its convolution does without building it.
        let mut scale = Scale::Full;
        let (output, levels) = self
            .decoder
            .split_last()
            .expect("a blueprint ends in the output");
        for level in levels {
            map = self.run_blocks(&level.convs, level.skip.as_ref(), (&map, scale), taps)?;
            scale = Scale::Upsampled;
        }
        // No ReLU: these are the logits.
        first(
            &output.convs[0],
            output.skip.as_ref(),
            (&map, scale),
            taps,
            Activation::None,
        )
    }

    fn is_tapped_before_pool(&self, level: usize) -> bool {
        let mut skips = self.decoder.iter().filter_map(|level| level.skip.as_ref());
        self.tap == Tap::BeforePool && skips.any(|skip| skip.encoder_level == level)
    }

    /// Convolution and ReLU, and the shortcut of every block after the first, whose input has the same channels.
    fn run_blocks(
        &self,
        convs: &[Conv],
        skip: Option<&Skip<Conv>>,
        from: (&Tensor, Scale),
        taps: &[Tensor],
    ) -> Result<Tensor> {
        let (head, more) = convs.split_first().expect("a level has a convolution");
        let map = first(head, skip, from, taps, Activation::Relu)?;
        if more.is_empty() {
            return Ok(map);
        }
        let mut links = Vec::new();
        for (at, conv) in more.iter().enumerate() {
            let shortcut = match self.residual {
                Residual::Add => Some(at),
                // The others are shortcuts of resnet alone.
                Residual::None | Residual::PreActivation | Residual::Concat => None,
            };
            links.push(conv.link(shortcut));
        }
        Ok(ops::chain(&map, &links)?)
    }
}

/// The first convolution of a level, which reads what the skip, if any, joins.
fn first(
    conv: &Conv,
    skip: Option<&Skip<Conv>>,
    from: (&Tensor, Scale),
    taps: &[Tensor],
    activation: Activation,
) -> Result<Tensor> {
    match skip {
        None => Ok(conv.joined(&[from], activation)?),
        Some(skip) => skip
            .join
            .forward(conv, from, &taps[skip.encoder_level], activation),
    }
}
