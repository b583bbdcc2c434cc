//! Stock candle's side of `make bench`: the same nets from candle's own layers (see `protocol.rs`).
//!
//! Only its time counts. Its gradients are known to be wrong (max-pool scaled by ¼, an upsampled map that a skip also
//! reads gets one gradient of two): that is why `ablate` has operations of its own.

mod protocol;

use candle_core::{D, DType, Device, Result, Tensor};
use candle_nn::{
    AdamW, Conv2d, Conv2dConfig, Linear, Module, Optimizer, ParamsAdamW, VarBuilder, VarMap,
    conv2d, linear, loss,
};
use clap::Parser;
use protocol::{Outcome, Peer, milliseconds, refuse, serve};
use serde_json::json;
use std::time::Instant;

const SIDE: usize = 28;
const CLASSES: usize = 10;

/// Threads are candle's: as many as `RAYON_NUM_THREADS` says.
#[derive(Parser)]
struct Args {
    /// R4s, R4, R5 or R6 (science.md §1)
    #[arg(long)]
    net: String,
    #[arg(long, default_value_t = 128)]
    batch: usize,
}

/// Which encoder map joins the decoder at 14×14.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Join14 {
    None,
    BeforePool,
    AfterPool,
}

struct Autoencoder {
    encoder: [Conv2d; 2],
    bottleneck: Option<Conv2d>,
    decoder: [Conv2d; 2],
    output: Conv2d,
    join14: Join14,
    /// Whether the first encoder map joins at 28×28.
    join28: bool,
}

struct ResNet {
    stem: Conv2d,
    blocks: Vec<[Conv2d; 3]>,
    dense: [Linear; 2],
}

enum Net {
    Autoencoder(Autoencoder),
    ResNet(ResNet),
}

fn same(inputs: usize, outputs: usize, kernel: usize, at: VarBuilder<'_>) -> Result<Conv2d> {
    let config = Conv2dConfig {
        padding: kernel / 2,
        ..Default::default()
    };
    conv2d(inputs, outputs, kernel, config, at)
}

impl Autoencoder {
    fn new(
        widths: [usize; 2],
        bottleneck: Option<usize>,
        decoder: [usize; 2],
        (join14, join28): (Join14, bool),
        at: &VarBuilder<'_>,
    ) -> Result<Self> {
        let tapped = match join14 {
            Join14::None => 0,
            Join14::BeforePool => widths[1],
            Join14::AfterPool => widths[0],
        };
        let bottom = bottleneck.unwrap_or(widths[1]);
        let last = decoder[1] + if join28 { widths[0] } else { 0 };
        Ok(Self {
            encoder: [
                same(1, widths[0], 3, at.pp("e0"))?,
                same(widths[0], widths[1], 3, at.pp("e1"))?,
            ],
            bottleneck: bottleneck
                .map(|width| same(widths[1], width, 3, at.pp("b")))
                .transpose()?,
            decoder: [
                same(bottom, decoder[0], 3, at.pp("d0"))?,
                same(decoder[0] + tapped, decoder[1], 3, at.pp("d1"))?,
            ],
            output: same(last, 1, 3, at.pp("o"))?,
            join14,
            join28,
        })
    }

    fn forward(&self, images: &Tensor) -> Result<Tensor> {
        let first = self.encoder[0].forward(images)?.relu()?;
        let pooled = first.max_pool2d(2)?;
        let second = self.encoder[1].forward(&pooled)?.relu()?;
        let mut map = second.max_pool2d(2)?;
        if let Some(bottleneck) = &self.bottleneck {
            map = bottleneck.forward(&map)?.relu()?;
        }
        map = self.decoder[0]
            .forward(&map)?
            .relu()?
            .upsample_nearest2d(SIDE / 2, SIDE / 2)?;
        map = match self.join14 {
            Join14::None => map,
            Join14::BeforePool => Tensor::cat(&[&map, &second], 1)?,
            Join14::AfterPool => Tensor::cat(&[&map, &pooled], 1)?,
        };
        map = self.decoder[1]
            .forward(&map)?
            .relu()?
            .upsample_nearest2d(SIDE, SIDE)?;
        if self.join28 {
            map = Tensor::cat(&[&map, &first], 1)?;
        }
        self.output.forward(&map)
    }
}

impl ResNet {
    fn new(blocks: usize, at: &VarBuilder<'_>) -> Result<Self> {
        let block = |index| {
            let at = at.pp(format!("block{index}"));
            Ok([
                same(64, 16, 1, at.pp("0"))?,
                same(16, 16, 3, at.pp("1"))?,
                same(16, 64, 1, at.pp("2"))?,
            ])
        };
        Ok(Self {
            stem: same(1, 64, 3, at.pp("stem"))?,
            blocks: (0..blocks).map(block).collect::<Result<_>>()?,
            dense: [
                linear(64 * (SIDE / 2) * (SIDE / 2), 32, at.pp("hidden"))?,
                linear(32, CLASSES, at.pp("logits"))?,
            ],
        })
    }

    fn forward(&self, images: &Tensor) -> Result<Tensor> {
        let mut map = self.stem.forward(images)?.relu()?.max_pool2d(2)?;
        for block in &self.blocks {
            let mut inner = map.clone();
            for conv in block {
                inner = conv.forward(&inner)?.relu()?;
            }
            map = (map + inner)?;
        }
        let hidden = self.dense[0].forward(&map.flatten_from(1)?)?.relu()?;
        self.dense[1].forward(&hidden)
    }
}

impl Net {
    fn new(name: &str, at: &VarBuilder<'_>) -> Result<Option<Self>> {
        let lecture = |joins| Autoencoder::new([64, 128], Some(16), [128, 64], joins, at);
        Ok(Some(match name {
            "R4s" => Self::Autoencoder(Autoencoder::new(
                [16, 32],
                None,
                [16, 16],
                (Join14::AfterPool, false),
                at,
            )?),
            "R4" => Self::Autoencoder(lecture((Join14::None, false))?),
            "R5" => Self::Autoencoder(lecture((Join14::BeforePool, true))?),
            "R6" => Self::ResNet(ResNet::new(6, at)?),
            _ => return Ok(None),
        }))
    }

    fn forward(&self, images: &Tensor) -> Result<Tensor> {
        match self {
            Self::Autoencoder(net) => net.forward(images),
            Self::ResNet(net) => net.forward(images),
        }
    }

    fn loss(&self, images: &Tensor, targets: &Tensor) -> Result<Tensor> {
        let logits = self.forward(images)?;
        match self {
            Self::Autoencoder(_) => loss::binary_cross_entropy_with_logit(&logits, targets),
            Self::ResNet(_) => loss::cross_entropy(&logits, targets),
        }
    }

    /// Grey images, or classes.
    fn targets(&self, images: &Tensor) -> Result<Tensor> {
        match self {
            Self::Autoencoder(_) => images.rand_like(0.0, 1.0),
            Self::ResNet(_) => {
                let classes = Tensor::rand(0f32, CLASSES as f32, images.dim(0)?, images.device())?;
                classes.to_dtype(DType::U32)
            }
        }
    }
}

struct Candle {
    net: Net,
    optimizer: AdamW,
    images: Tensor,
    targets: Tensor,
}

impl Peer for Candle {
    fn train(&mut self, steps: usize) -> Outcome<Vec<f64>> {
        let mut times = Vec::new();
        for _ in 0..steps {
            let started = Instant::now();
            let loss = self.net.loss(&self.images, &self.targets)?;
            self.optimizer.backward_step(&loss)?;
            times.push(milliseconds(started));
        }
        Ok(times)
    }

    fn evaluate(&mut self, passes: usize) -> Outcome<Vec<f64>> {
        let mut times = Vec::new();
        for _ in 0..passes {
            let started = Instant::now();
            self.net.forward(&self.images)?.detach().max(D::Minus1)?;
            times.push(milliseconds(started));
        }
        Ok(times)
    }
}

fn main() -> Outcome<()> {
    let args = Args::parse();
    let variables = VarMap::new();
    let at = VarBuilder::from_varmap(&variables, DType::F32, &Device::Cpu);
    let Some(net) = Net::new(&args.net, &at)? else {
        return refuse(&format!("there is no net {}", args.net));
    };
    let images = Tensor::rand(0f32, 1f32, (args.batch, 1, SIDE, SIDE), &Device::Cpu)?;
    let params: usize = variables
        .all_vars()
        .iter()
        .map(|var| var.elem_count())
        .sum();
    let adam = ParamsAdamW {
        weight_decay: 0.0,
        ..Default::default()
    };
    let mut peer = Candle {
        targets: net.targets(&images)?,
        optimizer: AdamW::new(variables.all_vars(), adam)?,
        net,
        images,
    };
    peer.train(1)?;
    let ready = json!({
        "net": args.net, "params": params, "threads": candle_core::utils::get_num_threads(),
    });
    serve(ready, &mut peer)
}
