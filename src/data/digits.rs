//! Procedural digits: handwriting drawn from stroke skeletons, for runs without a download (science.md §6).
//!
//! Every image is a pure function of (split, index): infinitely many, in any order, the same on every machine.
//! Image `index` shows the digit `index % 10`, so any run of ten is balanced. Steps: pick a [style](super::strokes),
//! move its control points, flatten to segments, map into the image, ink every pixel by its distance to the stroke.

use super::pen::{Point, catmull_rom, draw_segment};
use super::strokes::{STYLES, Stroke};
use super::{Classes, Images, Splits, enough, split};
use crate::config::{DataConfig, DataFacts, Dataset};
use crate::error::Result;
use crate::seed::{Key, Stream};
use std::path::Path;

/// Height and width of an image.
pub const SIDE: usize = 28;

/// Raised when any image changes: part of every trial id.
const VERSION: &str = "digits-v1";

/// There is no last digit, but a slip of the finger must not fill the memory: ten million are 31 GB.
const AVAILABLE: usize = 10_000_000;

/// Height of a digit in pixels before its own scale; with the pen's ink edge tuned so that the mean ink is MNIST's 0.1307.
const HEIGHT: f32 = 18.4;

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
pub fn facts() -> DataFacts {
    DataFacts {
        dataset: Dataset::Digits,
        image: [SIDE, SIDE],
        train_available: AVAILABLE,
        test_available: AVAILABLE,
        classes: true,
        digest: VERSION.into(),
    }
}

/// Draws the images.
///
/// # Errors
/// [`crate::Error::Data`] when a part asks for more than ten million.
pub fn load(config: &DataConfig) -> Result<Splits> {
    enough(config, [Path::new(VERSION); 2], [AVAILABLE; 2])?;
    let train = images(Part::Train, config.train + config.valid);
    Ok(split(config, train, images(Part::Test, config.test)))
}

/// The classes of the same images.
///
/// # Errors
/// As [`load`].
pub fn classes(config: &DataConfig) -> Result<Classes> {
    enough(config, [Path::new(VERSION); 2], [AVAILABLE; 2])?;
    let first = |n: usize| (0..n).map(|index| class(index as u64)).collect();
    let train = first(config.train + config.valid);
    Ok(Classes::split(config, train, first(config.test)))
}

/// The digit that image `index` of either part shows.
fn class(index: u64) -> u8 {
    (index % 10) as u8
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
    let styles = STYLES[usize::from(class(index))];
    let style = styles[stream.below(styles.len() as u64) as usize];
    let mut ink = [0.0; SIDE * SIDE];
    for stroke in style {
        let path = flatten(stroke, &hand, &mut stream);
        for (index, pair) in path.windows(2).enumerate() {
            let along = index as f32 / path.len() as f32;
            draw_segment(&mut ink, SIDE, pair[0], pair[1], hand.width_at(along));
        }
    }
    ink.map(|value| (value * 255.0 + 0.5).floor() / 255.0)
}

/// What is particular to one writing of a digit.
struct Hand {
    /// Maps the unit digit into pixels: rotation, shear, scale.
    matrix: [Point; 2],
    /// Middle of the digit in pixels.
    middle: Point,
    /// Mean stroke width in pixels.
    width: f32,
    /// How pressure varies the width along a stroke: share, waves, phase.
    pressure: [f32; 3],
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
        let breadth = scale * between(0.85, 1.4);
        let (sin, cos) = (libm::sinf(angle), libm::cosf(angle));
        Self {
            matrix: [
                [cos * breadth, -cos * shear * breadth - sin * scale],
                [sin * breadth, cos * scale - sin * shear * breadth],
            ],
            middle: [13.5 + between(-2.0, 2.0), 13.5 + between(-2.0, 2.0)],
            width: between(1.2, 2.6),
            pressure: [between(0.0, 0.3), between(2.0, 9.0), between(0.0, 6.0)],
            bend: [
                [between(-0.05, 0.05), between(0.0, 6.0)],
                [between(-0.05, 0.05), between(0.0, 6.0)],
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
        let [share, waves, phase] = self.pressure;
        (self.width * (1.0 + share * libm::sinf(waves * along + phase))).clamp(1.2, 2.6)
    }
}

/// The stroke as a path of short segments in pixels, its control points moved a little.
fn flatten(stroke: &Stroke, hand: &Hand, stream: &mut Stream) -> Vec<Point> {
    const JITTER: f64 = 0.045;
    let (Stroke::Curve(points) | Stroke::Line(points)) = stroke;
    let moved: Vec<Point> = points
        .iter()
        .map(|point| {
            point.map(|value| f32::from(value) / 100.0 + stream.between(-JITTER, JITTER) as f32)
        })
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
    fn a_slip_of_the_finger_is_refused_before_anything_is_drawn() {
        let config = DataConfig {
            train: usize::MAX,
            valid: 5,
            ..DataConfig::default()
        };
        assert!(load(&config).is_err());
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
    const FROZEN: &str = "4c9457aa11a8a0ded79d5507142a31e5cb558ad5382b187078c74a926c115e30";

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
        let classes = classes(&config).unwrap();
        assert_eq!(classes.train, [0, 1, 2]);
        assert_eq!((classes.valid, classes.test), (vec![3, 4], vec![0]));
    }
}
