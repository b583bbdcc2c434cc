//! A drawing as SVG. Text stays text, to be searched and edited.

use super::drawing::{AREA, Anchor, Colour, Drawing, Pen, Point, Shape, TEXT};
use super::font::FAMILIES;
use std::fmt::Write as _;

/// Writes it. Its size is in points, as a paper takes it.
pub fn text(drawing: &Drawing) -> String {
    let [w, h] = drawing.size;
    let title = escape(&drawing.title);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}pt\" height=\"{h}pt\" viewBox=\"0 0 {w} {h}\" role=\"img\" \
         font-family=\"{FAMILIES}\" font-size=\"{TEXT}\" stroke-linejoin=\"round\">\n<title>{title}</title>\n\
         <rect width=\"{w}\" height=\"{h}\" fill=\"#ffffff\"/>\n"
    );
    for shape in &drawing.shapes {
        out.push_str(&element(shape));
        out.push('\n');
    }
    out + "</svg>\n"
}

fn element(shape: &Shape) -> String {
    match shape {
        Shape::Line(
            line,
            Pen {
                colour,
                width,
                dashes,
            },
        ) => {
            let dashes: Vec<String> = dashes.iter().map(f64::to_string).collect();
            let dashes = match dashes.is_empty() {
                true => String::new(),
                false => format!(" stroke-dasharray=\"{}\"", dashes.join(" ")),
            };
            format!(
                "<polyline points=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"{width}\"{dashes}/>",
                points(line),
                hex(*colour)
            )
        }
        Shape::Area(area, colour) => format!(
            "<polygon points=\"{}\" fill=\"{}\" fill-opacity=\"{AREA}\"/>",
            points(area),
            hex(*colour)
        ),
        Shape::Dot([x, y], radius, colour) => {
            format!(
                "<circle cx=\"{x}\" cy=\"{y}\" r=\"{radius}\" fill=\"{}\"/>",
                hex(*colour)
            )
        }
        Shape::Text([x, y], anchor, colour, text) => {
            let anchor = match anchor {
                Anchor::Start => "start",
                Anchor::Middle => "middle",
                Anchor::End => "end",
            };
            let (fill, text) = (hex(*colour), escape(text));
            format!(
                "<text x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\" fill=\"{fill}\">{text}</text>"
            )
        }
    }
}

fn points(points: &[Point]) -> String {
    let mut out = String::new();
    for (index, [x, y]) in points.iter().enumerate() {
        let space = if index > 0 { " " } else { "" };
        // Writing to a text cannot fail.
        let _ = write!(out, "{space}{x},{y}");
    }
    out
}

fn hex(Colour(r, g, b): Colour) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

/// Text that XML takes as text. Characters that XML 1.0 forbids even when escaped are replaced.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::figures::drawing::INK;

    #[test]
    fn text_cannot_leave_its_element() {
        let hostile = "</text><script>alert(1)</script>\"&\u{ffff}\0";
        let mut drawing = Drawing::new(hostile.into());
        drawing.text([0.0, 0.0], Anchor::Start, INK, hostile, 1e4);
        let svg = text(&drawing);
        let document = roxmltree::Document::parse(&svg).expect("well-formed");
        let names: Vec<&str> = document
            .descendants()
            .map(|node| node.tag_name().name())
            .collect();
        assert!(!names.contains(&"script"), "{svg}");
        let texts = document
            .descendants()
            .filter(|node| node.has_tag_name("text") || node.tag_name().name() == "text");
        let texts: Vec<_> = texts.filter_map(|node| node.text()).collect();
        assert_eq!(
            texts,
            ["</text><script>alert(1)</script>\"&\u{fffd}\u{fffd}"]
        );
    }
}
