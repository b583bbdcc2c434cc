//! The network of diffusion: maps down and up with skips, told the timestep (science.md R10; after Ho et al. 2020).
//!
//! Every level has `depth` blocks on the way down and on the way up; a 3×3 convolution of stride 2 leads down, nearest
//! upsampling and a 3×3 convolution up. Two blocks stand at the bottom. A skip takes the last map of a level on the way
//! down and joins what the first block of that level reads on the way up.

mod block;

use super::blueprint::{self, Bias, source};
use super::drawing::{ConvId, Drawing, Layers, NormId};
use super::join::{self, Join, Joined};
use super::norm::{self, Over};
use super::{Context, Io};
use crate::config::ModelConfig;
use crate::diffusion::time_embedding;
use crate::error::{Error, Result};
use crate::nn;
use crate::nn::init::Source;
use crate::nn::ops::{self, Activation, Normalised, Scale};
use block::{Attend, Block};
use candle_core::Tensor;
use candle_nn::Module as _;
use std::convert::Infallible;

/// The network.
pub struct Unet {
    /// Numbers that stand for a timestep, before the two dense layers.
    embedded: usize,
    time: [ConvId; 2],
    stem: ConvId,
    /// Largest map first.
    down: Vec<Down>,
    middle: (Block, Option<Attend>, Block),
    /// Smallest map first.
    up: Vec<Up>,
    norm: NormId,
    output: ConvId,
}

struct Down {
    stage: Stage,
    /// To the next level.
    next: Option<ConvId>,
}

struct Up {
    /// Upsamples the level before by its convolution.
    from: Option<ConvId>,
    /// The level on the way down that is joined, and how.
    skip: Option<(usize, Join<ConvId>)>,
    stage: Stage,
}

/// The blocks of one level, each perhaps followed by self-attention.
struct Stage(Vec<(Block, Option<Attend>)>);

/// Largest number of groups, at most 8, that divides the channels.
fn groups(channels: usize) -> Over {
    let divides = |groups: &usize| channels.is_multiple_of(*groups);
    Over::Groups((1..=8).rev().find(divides).unwrap_or(1))
}

fn channels(maps: &[Source]) -> usize {
    maps.iter().map(|map| map.channels).sum()
}

/// What drawing needs at every step.
struct Pen<'a> {
    config: &'a ModelConfig,
    drawing: &'a mut Drawing,
    /// Width of the embedding of time.
    time: usize,
}

impl Pen<'_> {
    fn conv(&mut self, name: &str, from: &[Source], outputs: usize, size: [usize; 2]) -> ConvId {
        self.square(3, name, from, outputs, size)
    }

    fn one_by_one(
        &mut self,
        name: &str,
        from: &[Source],
        outputs: usize,
        size: [usize; 2],
    ) -> ConvId {
        self.square(1, name, from, outputs, size)
    }

    fn square(
        &mut self,
        kernel: usize,
        name: &str,
        from: &[Source],
        outputs: usize,
        size: [usize; 2],
    ) -> ConvId {
        self.drawing.conv(blueprint::Conv {
            name: name.to_owned(),
            sources: from.to_vec(),
            outputs,
            kernel,
            size,
            bias: Bias::Learned,
        })
    }

    fn norm(&mut self, name: &str, channels: usize) -> NormId {
        self.drawing.norm(norm::Blueprint {
            name: name.to_owned(),
            channels,
            over: groups(channels),
        })
    }

    /// The blocks of a level; `map` becomes what they leave, named after the level and not after its last block: networks
    /// of any depth then share the first values of what reads it.
    fn stage(
        &mut self,
        name: &str,
        map: &mut Vec<Source>,
        width: usize,
        size: [usize; 2],
    ) -> Stage {
        let blocks = (0..self.config.depth).map(|at| {
            let block_name = format!("{name}.block.{at}");
            let block = Block::draw(self, &block_name, map, width, size);
            let attend = self.attend(&block_name, width, size);
            *map = vec![source(&block_name, width)];
            (block, attend)
        });
        let stage = Stage(blocks.collect());
        *map = vec![source(name, width)];
        stage
    }

    /// Self-attention behind a block, where it is asked for.
    fn attend(&mut self, name: &str, width: usize, size: [usize; 2]) -> Option<Attend> {
        let wanted = self.config.attention_at.contains(&size[0]);
        wanted.then(|| Attend::draw(self, &format!("{name}.attend"), width, size))
    }
}

/// Draws the network, which `config` is known to fit.
pub fn draw(config: &ModelConfig, io: Io, drawing: &mut Drawing) -> Unet {
    let first = config.widths[0];
    let levels = config.widths.len();
    // Sines and cosines: an even number of them.
    let embedded = first.next_multiple_of(2).max(4);
    let time = 4 * first;
    let mut pen = Pen {
        config,
        drawing,
        time,
    };
    let dense = |pen: &mut Pen, name: &str, from: Source| pen.drawing.dense(name, vec![from], time);
    let time_layers = [
        dense(&mut pen, "time.0", source("timestep", embedded)),
        dense(&mut pen, "time.1", source("time.0", time)),
    ];
    let size_at = |level: usize| io.size.map(|side| side >> level);
    let image = [source("image", io.channels)];
    let stem = pen.conv("stem", &image, first, io.size);
    // What is read next, map by map: what a skip joins leaves the others their first values.
    let mut map = vec![source("stem", first)];
    let mut down = Vec::with_capacity(levels);
    for (level, &width) in config.widths.iter().enumerate() {
        let name = format!("down.{level}");
        let stage = pen.stage(&name, &mut map, width, size_at(level));
        let next = (level + 1 < levels).then(|| {
            let name = format!("{name}.next");
            let conv = pen.conv(&name, &map, width, size_at(level + 1));
            map = vec![source(name, width)];
            conv
        });
        down.push(Down { stage, next });
    }
    let (bottom, width) = (size_at(levels - 1), channels(&map));
    let before = Block::draw(&mut pen, "middle.0", &map, width, bottom);
    let between = pen.attend("middle", width, bottom);
    map = vec![source("middle.0", width)];
    let after = Block::draw(&mut pen, "middle.1", &map, width, bottom);
    map = vec![source("middle.1", width)];
    let mut up = Vec::with_capacity(levels);
    for (level, &width) in config.widths.iter().enumerate().rev() {
        let (name, size) = (format!("up.{level}"), size_at(level));
        let from = (level + 1 < levels).then(|| {
            let name = format!("{name}.from");
            let conv = pen.conv(&name, &map, width, size);
            map = vec![source(name, width)];
            conv
        });
        let skip = config.skip.at.contains(&size[0]).then(|| {
            let encoder = source(format!("down.{level}"), width);
            let decoder = map.remove(0);
            let (join, read) = join::blueprint(config.skip.mode, &name, size, decoder, encoder);
            map = read;
            let Ok(join) = join.build(&mut |conv| Ok::<_, Infallible>(pen.drawing.conv(conv)));
            (level, join)
        });
        let stage = pen.stage(&name, &mut map, width, size);
        up.push(Up { from, skip, stage });
    }
    let norm = pen.norm("output.norm", channels(&map));
    Unet {
        embedded,
        time: time_layers,
        stem,
        down,
        middle: (before, between, after),
        up,
        norm,
        output: pen.conv("output", &map, io.outputs, io.size),
    }
}

impl Unet {
    /// Answers [n, h, w, outputs] to maps [n, h, w, channels] at these timesteps.
    ///
    /// # Errors
    /// When shapes do not fit, or no timestep is told.
    pub fn forward(&self, layers: &Layers, maps: &Tensor, context: Context) -> Result<Tensor> {
        let Context::At(timesteps) = context else {
            let problem = "this network has to be told the timestep of every image";
            return Err(Error::Internal(problem.into()));
        };
        let time = self.time(layers, timesteps)?;
        let mut map = layers.conv(self.stem).forward(maps)?;
        let mut taps = Vec::with_capacity(self.down.len());
        for level in &self.down {
            map = level.stage.forward(layers, &map, &time)?;
            taps.push(map.clone());
            if let Some(next) = level.next {
                map = layers.conv(next).strided(&map)?;
            }
        }
        let (before, between, after) = &self.middle;
        map = before.forward(layers, &map, &time)?;
        if let Some(attend) = between {
            map = attend.forward(layers, &map)?;
        }
        map = after.forward(layers, &map, &time)?;
        for level in &self.up {
            if let Some(from) = level.from {
                let upsampled = [(&map, Scale::Upsampled)];
                map = layers.conv(from).joined(&upsampled, Activation::None)?;
            }
            if let Some((tap, join)) = &level.skip {
                let decoder = || Ok(map.clone());
                map = match join.join(|id| layers.conv(*id), decoder, &taps[*tap])? {
                    Joined::Beside(encoder) => ops::concat(&map, &encoder)?,
                    Joined::Alone(map) => map,
                };
            }
            map = level.stage.forward(layers, &map, &time)?;
        }
        let norm = layers.norm(self.norm);
        let map = norm.forward(&map, Normalised::Silu, Context::Answer)?;
        Ok(layers.conv(self.output).forward(&map)?)
    }

    /// What blocks are told of the timesteps, [n, 1, 1, width], after its SiLU.
    fn time(&self, layers: &Layers, timesteps: &[usize]) -> Result<Tensor> {
        let embed = |&t: &usize| time_embedding(t, self.embedded);
        let numbers: Vec<f32> = timesteps.iter().flat_map(embed).collect();
        let shape = (timesteps.len(), 1, 1, self.embedded);
        let embedded = Tensor::from_vec(numbers, shape, nn::device())?;
        let hidden = ops::silu(&layers.conv(self.time[0]).forward(&embedded)?)?;
        Ok(ops::silu(&layers.conv(self.time[1]).forward(&hidden)?)?)
    }
}

impl Stage {
    fn forward(&self, layers: &Layers, map: &Tensor, time: &Tensor) -> Result<Tensor> {
        let mut map = map.clone();
        for (block, attend) in &self.0 {
            map = block.forward(layers, &map, time)?;
            if let Some(attend) = attend {
                map = attend.forward(layers, &map)?;
            }
        }
        Ok(map)
    }
}
