//! A network as numbered layers: drawn on paper, counted, then built. A wiring keeps the numbers, and finds the built
//! layers by them.

use super::blueprint::{self, Bias};
use super::conv::Conv;
use super::norm::{self, Norm};
use crate::config::Init;
use crate::error::Result;
use crate::nn::Parameters;
use crate::nn::init::{self, Source};
use candle_core::Var;

/// Number of a convolution (or dense layer, which is one of 1×1).
#[derive(Clone, Copy, Debug)]
pub struct ConvId(usize);

/// Number of a normalisation.
#[derive(Clone, Copy, Debug)]
pub struct NormId(usize);

/// Number of a table of learned vectors.
#[derive(Clone, Copy, Debug)]
pub struct TableId(usize);

/// A table of learned vectors on paper.
#[derive(Clone, Debug)]
pub struct Table {
    /// What its parameter is called.
    pub name: String,
    /// Vectors.
    pub rows: usize,
    /// Their length.
    pub width: usize,
}

/// Layers on paper.
#[derive(Debug, Default)]
pub struct Drawing {
    convs: Vec<blueprint::Conv>,
    norms: Vec<norm::Blueprint>,
    tables: Vec<Table>,
    /// Multiply-accumulates of an image that belong to no layer with weights: attention.
    macs: u64,
}

impl Drawing {
    /// Adds a convolution.
    pub fn conv(&mut self, conv: blueprint::Conv) -> ConvId {
        self.convs.push(conv);
        ConvId(self.convs.len() - 1)
    }

    /// Adds a dense layer.
    pub fn dense(&mut self, name: &str, sources: Vec<Source>, outputs: usize) -> ConvId {
        self.conv(blueprint::Conv {
            name: name.to_owned(),
            sources,
            outputs,
            kernel: 1,
            size: [1, 1],
            bias: Bias::Learned,
        })
    }

    /// Adds a normalisation.
    pub fn norm(&mut self, norm: norm::Blueprint) -> NormId {
        self.norms.push(norm);
        NormId(self.norms.len() - 1)
    }

    /// Adds a table.
    pub fn table(&mut self, name: &str, rows: usize, width: usize) -> TableId {
        let name = name.to_owned();
        self.tables.push(Table { name, rows, width });
        TableId(self.tables.len() - 1)
    }

    /// Counts work that no layer's weights account for.
    pub fn count_macs(&mut self, macs: u64) {
        self.macs += macs;
    }

    /// Number of parameters.
    pub fn params(&self) -> u64 {
        let convs = self.convs.iter().map(blueprint::Conv::params);
        let norms = self.norms.iter().map(norm::Blueprint::params);
        let tables = self.tables.iter().map(|t| (t.rows * t.width) as u64);
        convs.chain(norms).chain(tables).sum()
    }

    /// Multiply-accumulates of one forward pass of one image; taps on padding count.
    pub fn macs(&self) -> u64 {
        self.convs.iter().map(blueprint::Conv::macs).sum::<u64>() + self.macs
    }

    /// Draws the initial values.
    ///
    /// # Errors
    /// When a tensor cannot be made, or two parameters have one name.
    pub fn build(
        &self,
        init: Init,
        seed: u64,
        parameters: &mut Parameters,
        buffers: &mut Parameters,
    ) -> Result<Layers> {
        let mut layers = Layers::default();
        for plan in &self.convs {
            layers.convs.push(Conv::new(plan, init, seed, parameters)?);
        }
        for plan in &self.norms {
            layers.norms.push(Norm::new(plan, parameters, buffers)?);
        }
        for plan in &self.tables {
            let weight = init::table(seed, &plan.name, plan.rows, plan.width);
            layers
                .tables
                .push(parameters.add(plan.name.clone(), weight)?);
        }
        Ok(layers)
    }
}

/// Built layers.
#[derive(Default)]
pub struct Layers {
    convs: Vec<Conv>,
    norms: Vec<Norm>,
    tables: Vec<Var>,
}

impl Layers {
    /// The convolution with this number.
    pub fn conv(&self, id: ConvId) -> &Conv {
        &self.convs[id.0]
    }

    /// The normalisation with this number.
    pub fn norm(&self, id: NormId) -> &Norm {
        &self.norms[id.0]
    }

    /// The table with this number, [rows, width].
    pub fn table(&self, id: TableId) -> &Var {
        &self.tables[id.0]
    }
}
