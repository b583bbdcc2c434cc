//! The font of the figures: Arimo, as wide as Helvetica and Arial, which an SVG asks for where Arimo is missing.

use super::drawing::TEXT;
use std::sync::LazyLock;
use ttf_parser::{Face, GlyphId};

/// Families for SVG, all of the same widths but the last.
pub const FAMILIES: &str = "Arimo, Helvetica, Arial, 'Liberation Sans', sans-serif";

/// See assets/fonts/README.md.
const BYTES: &[u8] = include_bytes!("../assets/fonts/Arimo-Latin.ttf");

static FACE: LazyLock<Face<'static>> =
    LazyLock::new(|| Face::parse(BYTES, 0).expect("the font is part of the program"));

/// The font.
pub fn face() -> &'static Face<'static> {
    &FACE
}

/// The glyph of a character; an empty box where there is none.
pub fn glyph(c: char) -> GlyphId {
    let c = match c {
        '⟨' => '‹',
        '⟩' => '›',
        c => c,
    };
    FACE.glyph_index(c).unwrap_or_default()
}

/// Points for a unit of the font.
pub fn scale() -> f64 {
    TEXT / f64::from(FACE.units_per_em())
}

/// How far a glyph moves on, in points.
pub fn advance(glyph: GlyphId) -> f64 {
    scale() * f64::from(FACE.glyph_hor_advance(glyph).unwrap_or_default())
}

/// The width of a text in points.
pub fn width(text: &str) -> f64 {
    text.chars().map(|c| advance(glyph(c))).sum()
}

/// The text, cut with an ellipsis where it is wider than `room`.
pub fn fit(text: &str, room: f64) -> String {
    if width(text) <= room {
        return text.into();
    }
    let mut left = room - width("…");
    let fits = |c: &char| {
        left -= advance(glyph(*c));
        left >= 0.0
    };
    let kept: String = text.chars().take_while(fits).collect();
    format!("{}…", kept.trim_end())
}

/// The text in lines no wider than `room`, broken between the parts of an arm's name; a part that is too wide is cut.
pub fn wrap(text: &str, room: f64) -> Vec<String> {
    const JOINT: &str = " · ";
    let mut lines: Vec<String> = Vec::new();
    for part in text.split(JOINT) {
        match lines.last_mut() {
            Some(line) if width(line) + width(JOINT) + width(part) <= room => {
                line.push_str(JOINT);
                line.push_str(part);
            }
            _ => lines.push(fit(part, room)),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Oracle: Helvetica's and Arial's published widths in 1/1000 em: H 722, e 556, l 222, o 556, 0–9 556, minus 584.
    #[test]
    fn texts_are_as_wide_as_in_helvetica() {
        let near = |text: &str, thousandths: f64| {
            let wanted = thousandths / 1000.0 * TEXT;
            assert!(
                (width(text) - wanted).abs() < 0.02,
                "{text}: {} {wanted}",
                width(text)
            );
        };
        near("Hello", 722.0 + 556.0 + 2.0 * 222.0 + 556.0);
        near("−0", 584.0 + 556.0);
    }

    #[test]
    fn every_mark_of_a_report_has_a_glyph() {
        for c in "−±Δ→·–…≤≥×⟨⟩äßñ%[]()0aZ".chars() {
            assert_ne!(glyph(c), GlyphId(0), "{c}");
        }
        assert_eq!(glyph('\u{4e2d}'), GlyphId(0));
    }

    #[test]
    fn what_is_too_wide_is_cut_or_wrapped() {
        let cut = fit("a very long name of an arm", 40.0);
        assert!(cut.ends_with('…') && width(&cut) <= 40.0, "{cut}");
        assert_eq!(fit("short", 40.0), "short");
        assert_eq!(
            wrap("a 1 · b 2 · c 3", width("a 1 · b 2")),
            ["a 1 · b 2", "c 3"]
        );
    }
}
