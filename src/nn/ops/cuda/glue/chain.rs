//! Chains of convolutions.

use super::{Kept, gpu, keep, kept, shaped};
use crate::nn::ops::cuda::device::Work;
use crate::nn::ops::cuda::plan::chain::{self, Chain, Link};
use crate::nn::ops::cuda::program::Slot;
use candle_core::{CudaStorage, Layout, Result, Shape, Tensor, bail};
use std::slice::Iter;

/// The chain; keeps what its links gave, but the last one's sum, which candle keeps.
pub(in crate::nn::ops) fn chain(
    x: (&CudaStorage, &Layout),
    parameters: (&CudaStorage, &Layout),
    links: &[Link],
    state: &Kept,
) -> Result<(CudaStorage, Shape)> {
    let (n, height, width, _) = x.1.shape().dims4()?;
    let mut work = Work::new("chain", &x.0.device);
    let chain = Chain {
        size: [n, height, width],
        links,
        x: work.storage(x.0, x.1)?,
        parameters: work.storage(parameters.0, parameters.1)?,
    };
    let found = chain.forward(&mut work.program);
    let (Some(last), Some(link)) = (found.last(), links.last()) else {
        bail!("chain: expected links");
    };
    let mut wanted = vec![last.sum];
    wanted.extend(slots(&found));
    let mut storages = work.run_all(&wanted)?;
    let rest = storages.split_off(1);
    keep(state, "chain", rest)?;
    let Some(out) = storages.pop() else {
        bail!("chain: the result is missing");
    };
    Ok((out, (n, height, width, link.outputs).into()))
}

/// What is kept of the links, in order: what each gave before its shortcut and, where that is another buffer, after
/// it; of the last link nothing that is the result itself.
fn slots(found: &[chain::Kept]) -> Vec<Slot> {
    let mut slots = Vec::new();
    for (number, kept) in found.iter().enumerate() {
        let last = number + 1 == found.len();
        if !last || kept.activated != kept.sum {
            slots.push(kept.activated);
        }
        if !last && kept.activated != kept.sum {
            slots.push(kept.sum);
        }
    }
    slots
}

/// The next map that was kept.
fn next<'a>(storages: &mut Iter<'a, CudaStorage>, work: &mut Work<'a>) -> Result<Slot> {
    match storages.next() {
        Some(storage) => work.kept(storage),
        None => bail!("chain: a kept map is missing"),
    }
}

/// Its way back: the gradients of input, where it is learned from, and parameters.
pub(in crate::nn::ops) fn chain_back(
    [x, parameters, out, gradient]: [&Tensor; 4],
    links: &[Link],
    state: &Kept,
) -> Result<(Option<Tensor>, Tensor)> {
    let (n, height, width, _) = x.dims4()?;
    let mut work = Work::new("chain", gpu(gradient)?);
    let [of_x, of_parameters, of_out, of_gradient] =
        [x, parameters, out, gradient].map(|tensor| work.tensor(tensor));
    let mut storages = kept(state, "chain")?.iter();
    let mut found = Vec::new();
    for (number, link) in links.iter().enumerate() {
        let last = number + 1 == links.len();
        found.push(match (last, link.shortcut.is_some()) {
            (true, false) => chain::Kept {
                activated: of_out,
                sum: of_out,
            },
            (true, true) => chain::Kept {
                activated: next(&mut storages, &mut work)?,
                sum: of_out,
            },
            (false, false) => {
                let activated = next(&mut storages, &mut work)?;
                chain::Kept {
                    activated,
                    sum: activated,
                }
            }
            (false, true) => chain::Kept {
                activated: next(&mut storages, &mut work)?,
                sum: next(&mut storages, &mut work)?,
            },
        });
    }
    let chain = Chain {
        size: [n, height, width],
        links,
        x: of_x,
        parameters: of_parameters,
    };
    let wanted = x.track_op();
    let (to_x, packed) = chain.back(&mut work.program, &found, of_gradient, wanted);
    let slots: Vec<Slot> = [packed].into_iter().chain(to_x).collect();
    let mut storages = work.run_all(&slots)?.into_iter();
    let Some(packed) = storages.next() else {
        bail!("chain: a gradient is missing");
    };
    let to_x = storages
        .next()
        .map(|storage| shaped(x, storage, x.shape().clone()));
    let to_parameters = shaped(x, packed, parameters.shape().clone())?;
    Ok((to_x.transpose()?, to_parameters))
}
