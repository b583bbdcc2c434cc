//! Records: HDF5 files under a good seal, read as `ablate verify`, `report` and `compare` read them.

use super::Held;
use ablate::record::SweepRecord;
use ablate::record::inspect::{Kind, inspect};

/// A file is refused, or all that is in it can be read.
pub fn check(bytes: &[u8]) {
    let held = Held::new(&sealed(bytes));
    let path = held.path();
    let Ok(whole) = inspect(&path) else {
        return;
    };
    if whole.kind == Kind::Sweep {
        let record = SweepRecord::open(&path).expect("whole, and refused");
        if let Ok(details) = record.details() {
            for row in &record.trials {
                let _ = details.read(&row.id);
            }
        }
    }
}

/// With the seal of `src/record/h5/seal.rs`, which anybody can compute.
pub fn sealed(bytes: &[u8]) -> Vec<u8> {
    let mut file = bytes.to_vec();
    file.resize(file.len().max(512), 0);
    let crc = crc32fast::hash(&file[512..]);
    let seal = format!("ablate record 1\nbytes {}\ncrc32 {crc:08x}\n", file.len());
    file[..512].fill(0);
    file[..seal.len()].copy_from_slice(seal.as_bytes());
    file
}
