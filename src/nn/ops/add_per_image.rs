//! A vector added to every pixel of its image, as diffusion networks are told the time. candle's broadcast addition
//! sums its gradient over strided views.

#[cfg(feature = "cuda")]
use super::cuda::glue;
#[cfg(feature = "cuda")]
use super::cuda::plan;
use super::maps::{slice, tensor_like, with_slice};
#[cfg(feature = "cuda")]
use candle_core::CudaStorage;
use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor, bail};

/// Adds to each pixel of the map [n, h, w, c] the vector [n, c] of its image.
///
/// # Errors
/// When the shapes do not fit, or tensors are not contiguous f32 on the CPU.
pub fn add_per_image(map: &Tensor, vector: &Tensor) -> Result<Tensor> {
    map.apply_op2(vector, AddPerImage)
}

struct AddPerImage;

/// The dimensions of the map, which the vectors fit.
fn fitting(map: &Layout, vector: &Layout) -> Result<(usize, usize, usize, usize)> {
    let (n, height, width, channels) = map.shape().dims4()?;
    if vector.dims() != [n, channels] || height * width * channels == 0 {
        bail!(
            "add_per_image: expected a map [n, h, w, c] and vectors [n, c], found {:?} and {:?}",
            map.shape(),
            vector.shape()
        );
    }
    Ok((n, height, width, channels))
}

impl CustomOp2 for AddPerImage {
    fn name(&self) -> &'static str {
        "add_per_image"
    }

    fn cpu_fwd(
        &self,
        map: &CpuStorage,
        map_layout: &Layout,
        vector: &CpuStorage,
        vector_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (_, height, width, channels) = fitting(map_layout, vector_layout)?;
        let vectors = slice(vector, vector_layout)?.chunks_exact(channels);
        let images = slice(map, map_layout)?.chunks_exact(height * width * channels);
        let mut out = Vec::with_capacity(map_layout.shape().elem_count());
        for (image, vector) in images.zip(vectors) {
            for pixel in image.chunks_exact(channels) {
                out.extend(pixel.iter().zip(vector).map(|(x, v)| x + v));
            }
        }
        Ok((CpuStorage::F32(out), map_layout.shape().clone()))
    }

    #[cfg(feature = "cuda")]
    fn cuda_fwd(
        &self,
        map: &CudaStorage,
        map_layout: &Layout,
        vector: &CudaStorage,
        vector_layout: &Layout,
    ) -> Result<(CudaStorage, Shape)> {
        fitting(map_layout, vector_layout)?;
        glue::add_per_image((map, map_layout), (vector, vector_layout))
    }

    /// The map's is the gradient itself, the vector's its sum over pixels, in f64.
    fn bwd(
        &self,
        _map: &Tensor,
        vector: &Tensor,
        out: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        #[cfg(feature = "cuda")]
        if gradient.device().is_cuda() {
            let (n, height, width, channels) = out.dims4()?;
            let dims = [n, height, width, channels];
            let sums = plan::maps::channel_sums;
            let to_vector = glue::moved_back("add_per_image", vector, gradient, dims, sums)?;
            return Ok((Some(gradient.clone()), Some(to_vector)));
        }
        let (_, height, width, channels) = out.dims4()?;
        let numbers = with_slice(gradient, |gradient| {
            let mut to = Vec::with_capacity(vector.elem_count());
            for image in gradient.chunks_exact(height * width * channels) {
                let mut sums = vec![0.0; channels];
                for pixel in image.chunks_exact(channels) {
                    for (sum, &g) in sums.iter_mut().zip(pixel) {
                        *sum += f64::from(g);
                    }
                }
                to.extend(sums.into_iter().map(|sum: f64| sum as f32));
            }
            to
        })?;
        Ok((Some(gradient.clone()), Some(tensor_like(vector, numbers)?)))
    }
}
