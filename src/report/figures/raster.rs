//! Drawings and pictures as PNG, 300 pixels an inch. tiny-skia without SIMD: the same bytes on every machine.

use super::super::png::encode;
use super::drawing::{AREA, Anchor, Colour, Drawing, Pen, Point, Shape};
use super::font;
use crate::error::{Error, Result};
use png::ColorType;
use tiny_skia::{
    Color, FillRule, LineJoin, Paint, Path, PathBuilder, Pixmap, Stroke, StrokeDash, Transform,
};
use ttf_parser::OutlineBuilder;

/// Pixels for a point.
pub const SCALE: f64 = 300.0 / 72.0;

/// Pixels a metre, for those who print.
const PER_METRE: u32 = 11_811;

/// A grey picture, each of whose pixels becomes a square.
pub struct Picture<'a> {
    /// Left and upper end, in points.
    pub at: Point,
    /// Pixels of the PNG for one of the picture's.
    pub zoom: usize,
    /// Width and height of the picture in its own pixels.
    pub size: [usize; 2],
    /// Row by row.
    pub grey: &'a [u8],
}

/// A figure in colour.
///
/// # Errors
/// When it is too large for memory.
pub fn figure(drawing: &Drawing) -> Result<Vec<u8>> {
    let map = painted(drawing)?;
    let rgb: Vec<u8> = map
        .data()
        .chunks_exact(4)
        .flat_map(|pixel| [pixel[0], pixel[1], pixel[2]])
        .collect();
    png(&map, ColorType::Rgb, &rgb)
}

/// Grey pictures with the drawing's texts around them.
///
/// # Errors
/// When it is too large for memory.
pub fn sheet(drawing: &Drawing, pictures: &[Picture]) -> Result<Vec<u8>> {
    let map = painted(drawing)?;
    let (width, height) = (map.width() as usize, map.height() as usize);
    // Everything on a sheet is grey: one of the three colours says it.
    let mut grey: Vec<u8> = map.data().chunks_exact(4).map(|pixel| pixel[1]).collect();
    for picture in pictures {
        let [left, top] = picture.at.map(|value| (value * SCALE).round() as usize);
        let [w, h] = picture.size;
        for y in 0..(h * picture.zoom).min(height.saturating_sub(top)) {
            let row = &picture.grey[y / picture.zoom * w..][..w];
            let shown = (w * picture.zoom).min(width.saturating_sub(left));
            let line = &mut grey[(top + y) * width + left..][..shown];
            for (x, pixel) in line.iter_mut().enumerate() {
                *pixel = row[x / picture.zoom];
            }
        }
    }
    png(&map, ColorType::Grayscale, &grey)
}

fn painted(drawing: &Drawing) -> Result<Pixmap> {
    let [width, height] = drawing.size.map(|side| (side * SCALE).round() as u32);
    let map = Pixmap::new(width, height);
    let mut map =
        map.ok_or_else(|| Error::Internal(format!("a figure of {width}×{height} pixels")))?;
    map.fill(Color::WHITE);
    for shape in &drawing.shapes {
        paint(&mut map, shape);
    }
    Ok(map)
}

fn paint(map: &mut Pixmap, shape: &Shape) {
    let fill = |map: &mut Pixmap, path: Option<Path>, paint: Paint| {
        // No path: nothing to see.
        if let Some(path) = path {
            map.fill_path(
                &path,
                &paint,
                FillRule::Winding,
                Transform::identity(),
                None,
            );
        }
    };
    match shape {
        Shape::Line(
            points,
            Pen {
                colour,
                width,
                dashes,
            },
        ) => {
            let stroke = Stroke {
                width: pixels(*width),
                line_join: LineJoin::Round,
                dash: StrokeDash::new(dashes.iter().map(|&length| pixels(length)).collect(), 0.0),
                ..Stroke::default()
            };
            if let Some(path) = polyline(points).finish() {
                map.stroke_path(
                    &path,
                    &ink(*colour, 1.0),
                    &stroke,
                    Transform::identity(),
                    None,
                );
            }
        }
        Shape::Area(points, colour) => {
            let mut path = polyline(points);
            path.close();
            fill(map, path.finish(), ink(*colour, AREA));
        }
        Shape::Dot([x, y], radius, colour) => {
            let path = PathBuilder::from_circle(pixels(*x), pixels(*y), pixels(*radius));
            fill(map, path, ink(*colour, 1.0));
        }
        Shape::Text(at, anchor, colour, text) => {
            fill(map, outline(*at, *anchor, text), ink(*colour, 1.0))
        }
    }
}

fn pixels(points: f64) -> f32 {
    (points * SCALE) as f32
}

fn ink(Colour(r, g, b): Colour, opacity: f64) -> Paint<'static> {
    let mut paint = Paint::default();
    paint.set_color_rgba8(r, g, b, (opacity * 255.0).round() as u8);
    paint.anti_alias = true;
    paint
}

fn polyline(points: &[Point]) -> PathBuilder {
    let mut path = PathBuilder::new();
    for (index, [x, y]) in points.iter().enumerate() {
        let (x, y) = (pixels(*x), pixels(*y));
        match index {
            0 => path.move_to(x, y),
            _ => path.line_to(x, y),
        }
    }
    path
}

/// The outlines of a text.
fn outline([x, y]: Point, anchor: Anchor, text: &str) -> Option<Path> {
    let before = match anchor {
        Anchor::Start => 0.0,
        Anchor::Middle => font::width(text) / 2.0,
        Anchor::End => font::width(text),
    };
    let mut pen = Outline {
        path: PathBuilder::new(),
        x: x - before,
        y,
    };
    for glyph in text.chars().map(font::glyph) {
        // A space has no outline.
        let _ = font::face().outline_glyph(glyph, &mut pen);
        pen.x += font::advance(glyph);
    }
    pen.path.finish()
}

/// Takes outlines in units of the font, y upwards.
struct Outline {
    path: PathBuilder,
    x: f64,
    y: f64,
}

impl Outline {
    fn at(&self, x: f32, y: f32) -> (f32, f32) {
        let scale = font::scale();
        (
            pixels(self.x + scale * f64::from(x)),
            pixels(self.y - scale * f64::from(y)),
        )
    }
}

impl OutlineBuilder for Outline {
    fn move_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.at(x, y);
        self.path.move_to(x, y);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.at(x, y);
        self.path.line_to(x, y);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        let ((x1, y1), (x, y)) = (self.at(x1, y1), self.at(x, y));
        self.path.quad_to(x1, y1, x, y);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        let ((x1, y1), (x2, y2), (x, y)) = (self.at(x1, y1), self.at(x2, y2), self.at(x, y));
        self.path.cubic_to(x1, y1, x2, y2, x, y);
    }

    fn close(&mut self) {
        self.path.close();
    }
}

fn png(map: &Pixmap, colour: ColorType, pixels: &[u8]) -> Result<Vec<u8>> {
    let size = [map.width() as usize, map.height() as usize];
    encode(size, colour, pixels, Some(PER_METRE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_enlarged_pixel_by_pixel_on_white() {
        let mut drawing = Drawing::new(String::new());
        drawing.size = [4.0 / SCALE, 3.0 / SCALE];
        let picture = Picture {
            at: [1.0 / SCALE, 1.0 / SCALE],
            zoom: 2,
            size: [2, 1],
            grey: &[10, 20],
        };
        let bytes = sheet(&drawing, &[picture]).unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(bytes))
            .read_info()
            .unwrap();
        let mut pixels = [0; 12];
        reader.next_frame(&mut pixels).unwrap();
        // Four columns, the last half of the second pixel cut off.
        let lines = [[255; 4], [255, 10, 10, 20], [255, 10, 10, 20]];
        assert_eq!(pixels, lines.concat()[..]);
    }
}
