//! Checkpoints, as they are and with their checksums made right, so that what is behind those is reached too.

use super::Held;
use crate::bench::{Bench, Listener};
use ablate::config::NUMERICS_VERSION;
use ablate::nn::ops::dispatch;
use ablate::train::{Ended, Event, inspect_checkpoints};
use serde_json::{Value, json};
use std::fs;

/// The trial that goes on from it.
const TRIAL: &str = "abababababababababababababababababababababababababababababababab";

/// A checkpoint is passed over, or gone on from to a whole result.
pub fn check(bytes: &[u8]) {
    go_on_from(bytes);
    if let Some(sealed) = seal(bytes) {
        go_on_from(&sealed);
    }
}

/// The step at which a trial goes on from it; `None` where it is passed over.
pub fn goes_on_at(bytes: &[u8]) -> Option<u64> {
    go_on_from(&seal(bytes)?)
}

fn go_on_from(bytes: &[u8]) -> Option<u64> {
    let held = Held::new(bytes);
    let root = tempfile::tempdir_in("/dev/shm").expect("memory");
    let attempt = root.path().join("1");
    fs::create_dir(&attempt).expect("made");
    // Its name has to say its step; several names cost less than knowing it.
    for step in 1..=crate::bench::STEPS {
        let name = attempt.join(format!("step-{step}.ckpt"));
        std::os::unix::fs::symlink(held.path(), name).expect("linked");
    }
    inspect_checkpoints(root.path(), TRIAL).expect("listed");
    let bench = Bench::new();
    let mut listener = Listener::default();
    match bench.attempt(root.path(), 2, &mut listener) {
        Ok(Ended::Finished(result)) => {
            for samples in &result.samples {
                let [n, h, w] = samples.shape;
                assert_eq!(samples.pixels.len(), samples.epochs.len() * n * h * w);
            }
        }
        Ok(Ended::Stopped { step }) => panic!("nobody asked to stop at step {step}"),
        Err(error) => panic!("damage stands in the way: {error}"),
    }
    listener.events.iter().find_map(|event| match event {
        Event::Resumed { step, .. } => Some(*step),
        _ => None,
    })
}

/// The same bytes with the checksums, lengths and identity that they need to be read; `None` where there is no header.
///
/// The layout is that of `src/train/checkpoint/container.rs`.
fn seal(bytes: &[u8]) -> Option<Vec<u8>> {
    let length = u32::from_le_bytes(*bytes.get(12..)?.first_chunk()?) as usize;
    let header = bytes.get(16..16usize.checked_add(length)?)?;
    let mut header: Value = serde_json::from_slice(header).ok()?;
    let rest = bytes.get(16 + length + 4..).unwrap_or_default();
    let body = &rest[..rest.len().saturating_sub(4)];
    let mut from = 0;
    for section in header.get_mut("sections")?.as_array_mut()? {
        let wanted = section.get("bytes")?.as_u64()?;
        let left = &body[from..];
        let taken = &left[..left.len().min(usize::try_from(wanted).ok()?)];
        from += taken.len();
        let section = section.as_object_mut()?;
        section.insert("bytes".into(), json!(taken.len()));
        section.insert("crc32".into(), json!(crc32fast::hash(taken)));
    }
    let identity = json!({
        "trial": TRIAL, "numerics": NUMERICS_VERSION, "dispatch": dispatch(),
    });
    let content = header.get_mut("content")?.as_object_mut()?;
    content.insert("identity".into(), identity);
    let header = serde_json::to_vec(&header).expect("JSON");
    let mut file = b"ABLATECK\x01\0\0\0".to_vec();
    file.extend((header.len() as u32).to_le_bytes());
    file.extend(&header);
    file.extend(crc32fast::hash(&header).to_le_bytes());
    file.extend(&body[..from]);
    file.extend(crc32fast::hash(&file).to_le_bytes());
    Some(file)
}
