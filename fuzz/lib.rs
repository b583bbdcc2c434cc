//! What the fuzz targets share with `tests/corpus.rs`.

#[path = "../tests/train/bench.rs"]
#[allow(dead_code, reason = "tests take the rest")]
pub mod bench;
#[path = "../tests/formats/mod.rs"]
pub mod formats;
