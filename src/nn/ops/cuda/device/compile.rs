//! Kernels, compiled at run time for the GPU that is there.

use crate::config::Precision;
use crate::nn::ops::cuda::{SOURCES, products};
use candle_core::Result;
use candle_core::cuda_backend::WrapErr;
use candle_core::cuda_backend::cudarc::driver::CudaStream;
use candle_core::cuda_backend::cudarc::nvrtc::{CompileOptions, compile_ptx_with_opts};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// PTX by the compute capability of its device and what it multiplies.
type Compiled = HashMap<((i32, i32), &'static str), Arc<str>>;

/// Our kernels as PTX for this device, compiled once a process for each kind: a second or so.
pub(super) fn compiled(stream: &CudaStream, precision: Precision) -> Result<Arc<str>> {
    static DONE: Mutex<Option<Compiled>> = Mutex::new(None);
    let (major, minor) = stream.context().compute_capability().w()?;
    let kind = ((major, minor), products(precision));
    let mut done = DONE.lock().unwrap_or_else(PoisonError::into_inner);
    let done = done.get_or_insert_with(HashMap::new);
    if let Some(ptx) = done.get(&kind) {
        return Ok(ptx.clone());
    }
    let lines = SOURCES.iter().flat_map(|(_, text)| text.lines());
    let one_file: Vec<&str> = lines.filter(|line| !line.starts_with("#include")).collect();
    let options = CompileOptions {
        options: vec![
            format!("--gpu-architecture=compute_{major}{minor}"),
            format!("-DPRODUCTS={}", kind.1),
            "--std=c++17".to_owned(),
        ],
        name: Some("ablate.cu".to_owned()),
        ..CompileOptions::default()
    };
    let ptx: Arc<str> = compile_ptx_with_opts(one_file.join("\n"), options)
        .w()?
        .to_src()
        .into();
    done.insert(kind, ptx.clone());
    Ok(ptx)
}
