//! Cross-entropy of logits z against the right class y: Σ over rows of ln Σ_k e^{z_k} − z_y. Not candle's, which goes
//! through the platform's exponential and a gather.

#[cfg(feature = "cuda")]
use super::cuda::glue;
use super::exponential::exp_of_negative;
use super::maps::{slice, tensor_like, with_slice};
#[cfg(feature = "cuda")]
use candle_core::CudaStorage;
use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor, bail};

/// The sum (not the mean: callers divide, also over micro-batches) over the rows of `logits` [n, classes], in nats;
/// `right` holds the index of each row's class. Its gradient is softmax(z) − onehot(y).
///
/// # Errors
/// When there is not one right class below `classes` for each row, or `logits` is no contiguous f32 on the CPU.
pub fn cross_entropy(logits: &Tensor, right: &[u8]) -> Result<Tensor> {
    let right = right.to_vec();
    logits.apply_op1(CrossEntropy { right })
}

struct CrossEntropy {
    right: Vec<u8>,
}

/// The largest number of a row, and Σ e^{z − largest}, which lies between 1 and the number of classes: nothing
/// overflows. NaN where the row holds one, or +∞, which has no place in a sum of probabilities.
fn scaled_sum(row: &[f32]) -> (f32, f64) {
    let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let terms = row.iter().map(|z| f64::from(exp_of_negative(z - largest)));
    (largest, terms.sum())
}

/// One logarithm a row, in f64 so that the small loss of a sure and right answer keeps its digits.
fn loss(row: &[f32], right: usize) -> f64 {
    let (largest, sum) = scaled_sum(row);
    libm::log(sum) + (f64::from(largest) - f64::from(row[right]))
}

impl CrossEntropy {
    fn classes(&self, dims: &[usize]) -> Result<usize> {
        match *dims {
            [n, classes]
                if n == self.right.len()
                    && self.right.iter().all(|&y| usize::from(y) < classes) =>
            {
                Ok(classes)
            }
            _ => bail!(
                "cross_entropy: expected logits [n, classes] and n classes below that number, found {dims:?} and {} classes up to {:?}",
                self.right.len(),
                self.right.iter().max()
            ),
        }
    }
}

impl CustomOp1 for CrossEntropy {
    fn name(&self) -> &'static str {
        "cross_entropy"
    }

    fn cpu_fwd(&self, logits: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let classes = self.classes(layout.dims())?;
        let rows = slice(logits, layout)?.chunks(classes.max(1));
        let losses = rows
            .zip(&self.right)
            .map(|(row, &right)| loss(row, right.into()));
        let sum: f64 = losses.sum();
        Ok((CpuStorage::F32(vec![sum as f32]), ().into()))
    }

    #[cfg(feature = "cuda")]
    fn cuda_fwd(&self, logits: &CudaStorage, layout: &Layout) -> Result<(CudaStorage, Shape)> {
        let classes = self.classes(layout.dims())?;
        glue::cross_entropy(logits, layout, &self.right, classes)
    }

    fn bwd(&self, logits: &Tensor, _sum: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>> {
        #[cfg(feature = "cuda")]
        if gradient.device().is_cuda() {
            return glue::cross_entropy_back(
                logits,
                gradient,
                &self.right,
                self.classes(logits.dims())?,
            )
            .map(Some);
        }
        let classes = self.classes(logits.dims())?;
        let scale = gradient.to_scalar::<f32>()?;
        let numbers = with_slice(logits, |z| {
            let mut numbers = Vec::with_capacity(z.len());
            for (row, &right) in z.chunks(classes.max(1)).zip(&self.right) {
                let (largest, sum) = scaled_sum(row);
                let share = (1.0 / sum) as f32;
                numbers.extend(row.iter().enumerate().map(|(class, z)| {
                    let wanted = if class == usize::from(right) {
                        1.0
                    } else {
                        0.0
                    };
                    scale * (exp_of_negative(z - largest) * share - wanted)
                }));
            }
            numbers
        })?;
        tensor_like(logits, numbers).map(Some)
    }
}
