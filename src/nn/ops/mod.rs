//! The hot operations, one file each, forward and backward.

/// The kernels in use on this machine: "avx512", "avx2" or "portable".
pub fn dispatch() -> &'static str {
    "portable"
}
