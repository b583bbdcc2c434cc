//! A checkpoint with something else in it, and checksums that fit.

use serde_json::Value;
use std::fs;
use std::path::Path;

/// Changes a checkpoint and mends its checksums. Layout: src/train/checkpoint/container.rs.
pub fn edit(path: &Path, change: impl Fn(&mut Value, &mut [(String, Vec<u8>)])) {
    let file = fs::read(path).expect("a checkpoint");
    let length = u32::from_le_bytes(file[12..16].try_into().expect("a checkpoint")) as usize;
    let mut header: Value = serde_json::from_slice(&file[16..16 + length]).expect("a checkpoint");
    let mut at = 16 + length + 4;
    let mut sections = Vec::new();
    for section in header["sections"].as_array().expect("a checkpoint") {
        let bytes = section["bytes"].as_u64().expect("a checkpoint") as usize;
        let name = section["name"].as_str().expect("a checkpoint").to_owned();
        sections.push((name, file[at..at + bytes].to_vec()));
        at += bytes;
    }
    change(&mut header, &mut sections);
    for (entry, (_, bytes)) in header["sections"]
        .as_array_mut()
        .expect("a checkpoint")
        .iter_mut()
        .zip(&sections)
    {
        entry["crc32"] = crc32fast::hash(bytes).into();
    }
    let text = serde_json::to_vec(&header).expect("a checkpoint");
    let mut mended = file[..12].to_vec();
    mended.extend((text.len() as u32).to_le_bytes());
    mended.extend(&text);
    mended.extend(crc32fast::hash(&text).to_le_bytes());
    mended.extend(sections.iter().flat_map(|(_, bytes)| bytes));
    mended.extend(crc32fast::hash(&mended).to_le_bytes());
    fs::write(path, mended).expect("a checkpoint");
}
