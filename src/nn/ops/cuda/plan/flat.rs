//! Many small buffers as one, eight of them a launch.

use crate::nn::ops::cuda::program::{Argument, Program, Slot, arguments};

/// Buffers that one launch moves.
const EIGHT: usize = 8;

/// A buffer of f32.
#[derive(Clone, Copy)]
pub struct Part {
    /// Where.
    pub slot: Slot,
    /// How many numbers.
    pub count: usize,
}

/// All parts, each number times `scale`, one behind the other in a new buffer.
pub fn gather(program: &mut Program, parts: &[Part], scale: f32) -> Slot {
    let flat = program.floats(parts.iter().map(|part| part.count).sum());
    eights("gather_eight", program, flat, parts, &[scale.into()]);
    flat
}

/// The numbers of `flat`, back into the parts.
pub fn scatter(program: &mut Program, flat: Slot, parts: &[Part]) {
    eights("scatter_eight", program, flat, parts, arguments![]);
}

/// Launches `kernel`(flat, eight buffers, where each ends, rest) for each eight of the parts.
fn eights(
    kernel: &'static str,
    program: &mut Program,
    flat: Slot,
    parts: &[Part],
    rest: &[Argument],
) {
    let mut start = 0;
    for some in parts.chunks(EIGHT) {
        let mut slots = Vec::with_capacity(EIGHT);
        let mut ends = Vec::with_capacity(EIGHT);
        let mut end = 0;
        for at in 0..EIGHT {
            // Where there are fewer, the last one comes again, with nothing of it.
            let part = some.get(at).copied().unwrap_or(Part {
                count: 0,
                ..some[some.len() - 1]
            });
            end += part.count;
            slots.push(part.slot.into());
            ends.push(end.into());
        }
        let all = [&[flat.at(start).into()], &slots[..], &ends[..], rest].concat();
        program.each(kernel, end, &all);
        start += end;
    }
}
