//! Convolutions with ReLU one after the other, with shortcuts between them.

use super::conv::{Conv, Source};
use super::pointwise;
use crate::nn::ops::cuda::program::{Program, Slot};
use crate::nn::ops::kernel::conv::{Activation, Scale, Shape};

/// The sizes of a link.
#[derive(Clone, Copy, Debug)]
pub struct Link {
    /// Side of its kernel.
    pub kernel: usize,
    /// Its input channels.
    pub inputs: usize,
    /// Its output channels.
    pub outputs: usize,
    /// The map that is added after the ReLU: 0 is the chain's input, i what link number i (from 1) gave.
    pub shortcut: Option<usize>,
}

impl Link {
    fn weights(self) -> usize {
        self.kernel * self.kernel * self.inputs * self.outputs
    }
}

/// What a link gave, before and after the shortcut; the same where it has none.
#[derive(Clone, Copy, Debug)]
pub struct Kept {
    /// After the ReLU.
    pub activated: Slot,
    /// After the shortcut.
    pub sum: Slot,
}

/// A chain to be computed.
#[derive(Clone, Copy, Debug)]
pub struct Chain<'a> {
    /// Images, height and width.
    pub size: [usize; 3],
    /// In order.
    pub links: &'a [Link],
    /// Its input.
    pub x: Slot,
    /// Weights, then bias, link by link.
    pub parameters: Slot,
}

impl Chain<'_> {
    fn pixels(&self) -> usize {
        self.size.iter().product()
    }

    /// Where the parameters of a link begin.
    fn start(&self, link: usize) -> usize {
        let before = self.links[..link].iter();
        before.map(|link| link.weights() + link.outputs).sum()
    }

    /// Numbers of all parameters.
    pub fn parameter_count(&self) -> usize {
        self.start(self.links.len())
    }

    fn with_conv<T>(&self, link: usize, map: Slot, f: impl FnOnce(&Conv) -> T) -> T {
        let Link {
            kernel,
            inputs,
            outputs,
            ..
        } = self.links[link];
        let [n, height, width] = self.size;
        let weights = self.parameters.at(self.start(link));
        f(&Conv {
            shape: Shape {
                n,
                height,
                width,
                output: outputs,
                kernel,
            },
            sources: &[Source {
                map,
                channels: inputs,
                scale: Scale::Full,
            }],
            weights,
            bias: weights.at(self.links[link].weights()),
            activation: Activation::Relu,
        })
    }

    /// Map number `at`: 0 is the input, i what link i gave.
    fn map(&self, kept: &[Kept], at: usize) -> Slot {
        at.checked_sub(1).map_or(self.x, |link| kept[link].sum)
    }

    /// What every link gave; the last one's is the result.
    pub fn forward(&self, program: &mut Program) -> Vec<Kept> {
        let mut kept: Vec<Kept> = Vec::new();
        for (number, link) in self.links.iter().enumerate() {
            let map = self.map(&kept, number);
            let activated = self.with_conv(number, map, |conv| conv.forward(program));
            let sum = match link.shortcut {
                None => activated,
                Some(from) => {
                    let other = self.map(&kept, from);
                    pointwise::add(program, activated, other, self.pixels() * link.outputs)
                }
            };
            kept.push(Kept { activated, sum });
        }
        kept
    }

    /// The gradient of the input, where wanted, and of all parameters.
    pub fn back(
        &self,
        program: &mut Program,
        kept: &[Kept],
        gradient: Slot,
        wanted: bool,
    ) -> (Option<Slot>, Slot) {
        let packed = program.floats(self.parameter_count());
        // By map, what shortcuts give it.
        let mut by_shortcut: Vec<Option<Slot>> = vec![None; self.links.len()];
        let mut gradient = gradient;
        for (number, link) in self.links.iter().enumerate().rev() {
            let to_weights = packed.at(self.start(number));
            let to_parameters = [to_weights, to_weights.at(link.weights())];
            let map = self.map(kept, number);
            let further = number > 0 || wanted;
            let found = self.with_conv(number, map, |conv| {
                let activated = kept[number].activated;
                conv.back(program, activated, gradient, &[further], to_parameters)
            });
            if let Some(from) = link.shortcut {
                let more = gradient;
                by_shortcut[from] = Some(match by_shortcut[from] {
                    Some(sum) => pointwise::add(program, sum, more, self.pixels() * link.outputs),
                    None => more,
                });
            }
            let Some(to_map) = found.into_iter().flatten().next() else {
                break; // the input, which nobody learns from
            };
            gradient = match by_shortcut[number] {
                Some(more) => pointwise::add(program, to_map, more, self.pixels() * link.inputs),
                None => to_map,
            };
        }
        (wanted.then_some(gradient), packed)
    }
}
