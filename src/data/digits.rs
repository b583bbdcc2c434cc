//! Procedural digits: handwriting drawn from stroke skeletons, for runs without a download (science.md §6).
//!
//! Every image is a pure function of (split, index): infinitely many, in any order, the same on every machine.
//! Image `index` shows the digit `index % 10`, so any run of ten is balanced. Steps: pick a [style](super::strokes),
//! move its control points, flatten to segments, map into the image, ink every pixel by its distance to the stroke.

use super::strokes::{STYLES, Stroke};
use super::{Images, Splits, split};
use crate::config::{DataConfig, DataFacts, Dataset};
use crate::error::Result;
use crate::seed::{Key, Stream};

/// Height and width.
pub const SIDE: usize = 28;

/// Raised when any image changes: part of every trial id.
const VERSION: &str = "digits-v1";

/// As good as endless, while sums of two do not overflow.
const AVAILABLE: usize = usize::MAX / 4;

/// Height of a digit in pixels before its own scale; with [`INK_EDGE`] tuned so that the mean ink is MNIST's 0.1307.
const HEIGHT: f32 = 19.5;

/// How far ink fades out beyond the stroke's edge, in pixels: a scanner's blur.
const INK_EDGE: f32 = 1.1;

const SEGMENTS_PER_SPAN: usize = 6;

/// The two sequences of images.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Training and validation images.
    Train,
    /// Test images.
    Test,
}

/// What a plan must know of the digits.
///
/// # Errors
/// None; the signature is that of every data set.
pub fn facts(_config: &DataConfig) -> Result<DataFacts> {
    Ok(DataFacts {
        dataset: Dataset::Digits,
        image: [SIDE, SIDE],
        train_available: AVAILABLE,
        test_available: AVAILABLE,
        digest: VERSION.into(),
    })
}

/// Draws the images.
///
/// # Errors
/// None; the signature is that of every data set.
pub fn load(config: &DataConfig) -> Result<Splits> {
    let train = images(Part::Train, config.train.saturating_add(config.valid));
    Ok(split(config, train, images(Part::Test, config.test)))
}

/// The first `n` images of a part, 28×28.
pub fn images(part: Part, n: usize) -> Images {
    let pixels = (0..n).flat_map(|index| image(part, index as u64)).collect();
    Images {
        n,
        h: SIDE,
        w: SIDE,
        pixels,
    }
}

/// Image `index` of a part, row-major. Values are multiples of 1/255, as in a scanned image.
pub fn image(part: Part, index: u64) -> [f32; SIDE * SIDE] {
    let number = match part {
        Part::Train => 0,
        Part::Test => 1,
    };
    let mut stream = Key::new(0, "digits").number(number).number(index).stream();
    let hand = Hand::draw(&mut stream);
    let styles = STYLES[(index % 10) as usize];
    let style = styles[stream.below(styles.len() as u64) as usize];
    let mut ink = [0.0; SIDE * SIDE];
    for stroke in style {
        let path = flatten(stroke, &hand, &mut stream);
        for (index, pair) in path.windows(2).enumerate() {
            let along = index as f32 / path.len() as f32;
            draw_segment(&mut ink, pair[0], pair[1], hand.width_at(along));
        }
    }
    ink.map(|value| (value * 255.0 + 0.5).floor() / 255.0)
}

type Point = [f32; 2];

/// What is particular to one writing of a digit.
struct Hand {
    /// Maps the unit digit into pixels: rotation, shear, scale.
    matrix: [Point; 2],
    /// Middle of the digit in pixels.
    middle: Point,
    /// Stroke width in pixels, and how much pressure varies it along a stroke.
    width: f32,
    pressure: f32,
    /// A slow bend of the whole digit: amplitude and phase for x and y.
    bend: [Point; 2],
}

impl Hand {
    fn draw(stream: &mut Stream) -> Self {
        let mut between = |low: f64, high: f64| stream.between(low, high) as f32;
        // The mean of two draws: upright writing is commoner than the extremes.
        let angle = (between(-15.0, 15.0) + between(-15.0, 15.0)) / 2.0;
        let angle = angle.to_radians();
        let shear = between(-0.2, 0.2);
        let scale = HEIGHT * between(0.8, 1.1);
        let breadth = scale * between(0.85, 1.15);
        let (sin, cos) = (libm::sinf(angle), libm::cosf(angle));
        Self {
            matrix: [
                [cos * breadth, -cos * shear * breadth - sin * scale],
                [sin * breadth, cos * scale - sin * shear * breadth],
            ],
            middle: [13.5 + between(-2.0, 2.0), 13.5 + between(-2.0, 2.0)],
            width: between(1.2, 2.6),
            pressure: between(-0.2, 0.2),
            bend: [
                [between(-0.03, 0.03), between(0.0, 6.0)],
                [between(-0.03, 0.03), between(0.0, 6.0)],
            ],
        }
    }

    /// From the unit digit to pixels.
    fn place(&self, [x, y]: Point) -> Point {
        let [[along_x, phase_x], [along_y, phase_y]] = self.bend;
        let x = x + along_x * libm::sinf(4.0 * y + phase_x);
        let y = y + along_y * libm::sinf(4.0 * x + phase_y);
        let [[a, b], [c, d]] = self.matrix;
        [
            self.middle[0] + a * x + b * y,
            self.middle[1] + c * x + d * y,
        ]
    }

    /// Stroke width at `along` ∈ [0, 1] of a stroke.
    fn width_at(&self, along: f32) -> f32 {
        (self.width * (1.0 + self.pressure * (2.0 * along - 1.0))).clamp(1.2, 2.6)
    }
}

/// The stroke as a path of short segments in pixels, its control points moved a little.
fn flatten(stroke: &Stroke, hand: &Hand, stream: &mut Stream) -> Vec<Point> {
    const JITTER: f64 = 0.025;
    let (Stroke::Curve(points) | Stroke::Line(points)) = stroke;
    let moved: Vec<Point> = points
        .iter()
        .map(|point| point.map(|value| value + stream.between(-JITTER, JITTER) as f32))
        .collect();
    let last = moved.len() - 1;
    let mut path = vec![hand.place(moved[0])];
    for span in 0..last {
        let [p1, p2] = [moved[span], moved[span + 1]];
        let [p0, p3] = [moved[span.saturating_sub(1)], moved[(span + 2).min(last)]];
        for step in 1..=SEGMENTS_PER_SPAN {
            let t = step as f32 / SEGMENTS_PER_SPAN as f32;
            path.push(hand.place(match stroke {
                Stroke::Curve(_) => catmull_rom([p0, p1, p2, p3], t),
                Stroke::Line(_) => [0, 1].map(|axis| p1[axis] + (p2[axis] - p1[axis]) * t),
            }));
        }
    }
    path
}

/// The curve between the two middle points (Catmull and Rom 1974, tension ½).
fn catmull_rom([p0, p1, p2, p3]: [Point; 4], t: f32) -> Point {
    [0, 1].map(|axis| {
        let [a, b, c, d] = [p0[axis], p1[axis], p2[axis], p3[axis]];
        let linear = (c - a) * t;
        let square = (2.0 * a - 5.0 * b + 4.0 * c - d) * t * t;
        let cube = (3.0 * b - a - 3.0 * c + d) * t * t * t;
        b + (linear + square + cube) / 2.0
    })
}

/// Inks the pixels near a segment: full inside the stroke, fading over [`INK_EDGE`] beyond it.
fn draw_segment(ink: &mut [f32; SIDE * SIDE], a: Point, b: Point, width: f32) {
    let reach = width / 2.0 + INK_EDGE;
    let span = |axis: usize| {
        let low = (a[axis].min(b[axis]) - reach).ceil().max(0.0) as usize;
        let high = (a[axis].max(b[axis]) + reach)
            .floor()
            .min(SIDE as f32 - 1.0);
        low..(high + 1.0).max(0.0) as usize
    };
    for row in span(1) {
        for column in span(0) {
            let distance = distance([column as f32, row as f32], a, b);
            let value = ((reach - distance) / INK_EDGE).clamp(0.0, 1.0);
            let pixel = &mut ink[row * SIDE + column];
            *pixel = pixel.max(value);
        }
    }
}

/// From a point to the nearest point of a segment.
fn distance(p: Point, a: Point, b: Point) -> f32 {
    let [dx, dy] = [b[0] - a[0], b[1] - a[1]];
    let [px, py] = [p[0] - a[0], p[1] - a[1]];
    let length = dx * dx + dy * dy;
    let t = if length > 0.0 {
        ((px * dx + py * dy) / length).clamp(0.0, 1.0)
    } else {
        0.0
    };
    let [ex, ey] = [px - t * dx, py - t * dy];
    (ex * ex + ey * ey).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Oracle: the mean of MNIST's training images over 255, 0.1307.
    #[test]
    fn mean_ink_is_that_of_mnist() {
        for part in [Part::Train, Part::Test] {
            let images = images(part, 2000);
            let mean = images.pixels.iter().map(|&x| f64::from(x)).sum::<f64>()
                / images.pixels.len() as f64;
            assert!((mean / 0.1307 - 1.0).abs() < 0.05, "{mean}");
        }
    }

    #[test]
    fn an_image_depends_on_its_part_and_index_alone() {
        let many = images(Part::Train, 25);
        assert_eq!(many.pixels[7 * 784..8 * 784], image(Part::Train, 7));
        assert_ne!(image(Part::Train, 7), image(Part::Test, 7));
        assert_ne!(
            image(Part::Train, 7),
            image(Part::Train, 17),
            "same digit, other hand"
        );
    }

    #[test]
    fn values_are_those_of_a_scanned_image() {
        for value in images(Part::Test, 50).pixels {
            assert!((0.0..=1.0).contains(&value));
            assert_eq!((value * 255.0).round() / 255.0, value);
        }
    }

    /// Frozen: another number means other images for the same trial id; raise [`VERSION`] with it.
    #[test]
    fn the_first_images_are_frozen() {
        use sha2::Digest as _;
        let mut hash = sha2::Sha256::new();
        for value in images(Part::Train, 100).pixels {
            hash.update([(value * 255.0).round() as u8]);
        }
        assert_eq!(crate::data::source::hex(&hash.finalize()), FROZEN);
    }
    const FROZEN: &str = "";

    /// Oracle: plane geometry.
    #[test]
    fn distance_is_to_the_segment_not_to_its_line() {
        let (a, b) = ([0.0, 0.0], [4.0, 0.0]);
        assert_eq!(distance([2.0, 3.0], a, b), 3.0);
        assert_eq!(distance([7.0, 4.0], a, b), 5.0);
        assert_eq!(distance([3.0, 4.0], a, a), 5.0);
    }

    #[test]
    fn validation_images_continue_the_training_images() {
        let config = DataConfig {
            train: 3,
            valid: 2,
            test: 1,
            ..DataConfig::default()
        };
        let splits = load(&config).unwrap();
        assert_eq!(splits.valid.pixels[..784], image(Part::Train, 3));
        assert_eq!((splits.train.n, splits.valid.n, splits.test.n), (3, 2, 1));
    }
}
