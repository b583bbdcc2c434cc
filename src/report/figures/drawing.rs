//! A figure as data: shapes in points (1/72 inch), y downwards, later ones on top.

use super::font;

/// Size of all text: readable where a figure is printed as wide as it is.
pub const TEXT: f64 = 8.0;

/// From one line of text to the next.
pub const LEADING: f64 = 11.0;

/// Room around what is drawn.
pub const MARGIN: f64 = 4.0;

/// The width of a column of a two-column paper: 3.3 inches.
pub const COLUMN: f64 = 237.6;

/// The width of such a page's text: 7 inches.
pub const PAGE: f64 = 504.0;

/// How much of an area's colour is seen.
pub const AREA: f64 = 0.18;

/// Red, green and blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour(pub u8, pub u8, pub u8);

/// Text.
pub const INK: Colour = Colour(0x1c, 0x1d, 0x1f);
/// Text beside it, axes.
pub const SOFT: Colour = Colour(0x5c, 0x60, 0x66);
/// Grids.
pub const LINE: Colour = Colour(0xdc, 0xdc, 0xd6);

/// A place in points.
pub type Point = [f64; 2];

/// A figure.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawing {
    /// Width and height.
    pub size: Point,
    /// What it shows, for those who do not see it.
    pub title: String,
    /// What is drawn.
    pub shapes: Vec<Shape>,
}

/// How a line is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pen {
    /// Its colour.
    pub colour: Colour,
    /// Its width.
    pub width: f64,
    /// Lengths of dashes and gaps; none for a solid line.
    pub dashes: &'static [f64],
}

/// Which side of a text is at its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// The left end.
    Start,
    /// The middle.
    Middle,
    /// The right end.
    End,
}

/// Something drawn.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// A line through these points.
    Line(Vec<Point>, Pen),
    /// A light area within these points.
    Area(Vec<Point>, Colour),
    /// A disc of this radius.
    Dot(Point, f64, Colour),
    /// A line of text of size [`TEXT`] on this baseline.
    Text(Point, Anchor, Colour, String),
}

impl Drawing {
    /// Nothing yet.
    pub fn new(title: String) -> Self {
        Self {
            size: [0.0, 0.0],
            title,
            shapes: Vec::new(),
        }
    }

    /// Adds a solid line.
    pub fn line(&mut self, points: &[Point], colour: Colour, width: f64) {
        let dashes = &[];
        let pen = Pen {
            colour,
            width,
            dashes,
        };
        self.pen(points, pen);
    }

    /// Adds a line; nothing without two points.
    pub fn pen(&mut self, points: &[Point], pen: Pen) {
        if points.len() > 1 {
            let points = points.iter().copied().map(rounded).collect();
            self.shapes.push(Shape::Line(points, pen));
        }
    }

    /// Adds a light area; nothing without three points.
    pub fn area(&mut self, points: impl Iterator<Item = Point>, colour: Colour) {
        let points: Vec<Point> = points.map(rounded).collect();
        if points.len() > 2 {
            self.shapes.push(Shape::Area(points, colour));
        }
    }

    /// Adds a dot.
    pub fn dot(&mut self, at: Point, radius: f64, colour: Colour) {
        self.shapes.push(Shape::Dot(rounded(at), radius, colour));
    }

    /// Adds all of another drawing, moved by this.
    pub fn add(&mut self, other: Self, [dx, dy]: Point) {
        let moved = |[x, y]: Point| rounded([x + dx, y + dy]);
        let shapes = other.shapes.into_iter().map(|shape| match shape {
            Shape::Line(points, pen) => Shape::Line(points.into_iter().map(moved).collect(), pen),
            Shape::Area(points, colour) => {
                Shape::Area(points.into_iter().map(moved).collect(), colour)
            }
            Shape::Dot(at, radius, colour) => Shape::Dot(moved(at), radius, colour),
            Shape::Text(at, anchor, colour, text) => Shape::Text(moved(at), anchor, colour, text),
        });
        self.shapes.extend(shapes);
    }

    /// Adds a text, cut where it would be wider than `room`.
    pub fn text(&mut self, at: Point, anchor: Anchor, colour: Colour, text: &str, room: f64) {
        let text = font::fit(text, room);
        self.shapes
            .push(Shape::Text(rounded(at), anchor, colour, text));
    }
}

/// To a hundredth of a point, so that all outputs agree.
fn rounded([x, y]: Point) -> Point {
    [x, y].map(|value| (value * 100.0).round() / 100.0)
}
