//! What both directions share: the padded copy of an image, and tiles of constant size chosen at run time.

use super::conv::Shape;

/// One image with a border of zeros, and at the end as many zeros as a vector may read too far.
pub struct Padded {
    /// [height + border, width + border, channels], then the slack.
    pub map: Vec<f32>,
    /// Numbers from one row to the next.
    pub row: usize,
    border: usize,
    channels: usize,
}

impl Padded {
    /// All zeros; `slack` numbers too long.
    pub fn new(shape: Shape, slack: usize) -> Self {
        let border = shape.kernel / 2;
        let row = (shape.width + 2 * border) * shape.input;
        Self {
            map: vec![0.0; (shape.height + 2 * border) * row + slack],
            row,
            border,
            channels: shape.input,
        }
    }

    /// Puts in the next image.
    pub fn fill(&mut self, width: usize, image: &[f32]) {
        for (y, line) in image.chunks_exact(width * self.channels).enumerate() {
            let at = (y + self.border) * self.row + self.border * self.channels;
            self.map[at..at + line.len()].copy_from_slice(line);
        }
    }
}

/// Cuts 0..total into the fewest pieces of at most `largest`, as even as can be: (start, length) of each.
#[inline(always)]
pub fn pieces(total: usize, largest: usize) -> impl Iterator<Item = (usize, usize)> {
    let count = total.div_ceil(largest);
    let (length, longer) = (total / count, total % count);
    (0..count).map(move |at| {
        (
            at * length + at.min(longer),
            length + usize::from(at < longer),
        )
    })
}

/// Calls a tile with the constant size that `$size` has at run time. Sizes above the limit never occur.
macro_rules! with_size {
    ($size:expr, $limit:expr, |$P:ident| $call:expr, $($n:literal)+) => {
        match $size {
            $($n if $n <= $limit => { const $P: usize = $n; $call })+
            size => unreachable!("no tile of size {size}"),
        }
    };
}
pub(super) use with_size;
