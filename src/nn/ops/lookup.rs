//! Rows of a table by their number: embeddings. The gradients of a row that is taken several times add up in order.

#[cfg(feature = "cuda")]
use super::cuda::glue;
use super::maps::{slice, tensor_like, with_slice};
#[cfg(feature = "cuda")]
use candle_core::CudaStorage;
use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor, bail};

/// The rows `indices` of `table` [rows, width]: [indices, width].
///
/// # Errors
/// When an index is no row of the table, or `table` is not contiguous f32 on the CPU.
pub fn lookup(table: &Tensor, indices: &[usize]) -> Result<Tensor> {
    let (rows, width) = table.dims2()?;
    if let Some(index) = indices.iter().find(|&&index| index >= rows) {
        bail!("lookup: the table has rows 0 to below {rows}, and no row {index}");
    }
    let indices = indices.to_vec();
    table.apply_op1(Lookup { indices, width })
}

struct Lookup {
    indices: Vec<usize>,
    width: usize,
}

impl CustomOp1 for Lookup {
    fn name(&self) -> &'static str {
        "lookup"
    }

    fn cpu_fwd(&self, table: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let table = slice(table, layout)?;
        let mut out = Vec::with_capacity(self.indices.len() * self.width);
        for index in &self.indices {
            out.extend_from_slice(&table[index * self.width..][..self.width]);
        }
        Ok((
            CpuStorage::F32(out),
            (self.indices.len(), self.width).into(),
        ))
    }

    #[cfg(feature = "cuda")]
    fn cuda_fwd(&self, table: &CudaStorage, layout: &Layout) -> Result<(CudaStorage, Shape)> {
        glue::lookup((table, layout), &self.indices, self.width)
    }

    fn bwd(&self, table: &Tensor, _out: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>> {
        #[cfg(feature = "cuda")]
        if gradient.device().is_cuda() {
            return glue::lookup_back(table, gradient, &self.indices).map(Some);
        }
        let numbers = with_slice(gradient, |gradient| {
            let mut to = vec![0.0; table.elem_count()];
            for (at, index) in self.indices.iter().enumerate() {
                let to = &mut to[index * self.width..][..self.width];
                let from = &gradient[at * self.width..][..self.width];
                to.iter_mut().zip(from).for_each(|(to, g)| *to += g);
            }
            to
        })?;
        tensor_like(table, numbers).map(Some)
    }
}
