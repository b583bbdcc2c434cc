//! Figures as pictures: the same in SVG and PNG, with the words of the page and the pixels of the record.

use crate::report_fake::{everything, grid, skip_or_not};
use crate::{decode, elements, number, svg, write};
use ablate::report::Format;
use roxmltree::Document;

#[test]
fn interactions_and_uses_are_drawn_as_on_the_page() {
    let files = write(&everything(), &[Format::Figures]);
    for (name, words) in [
        ("interactions", ["skip.at [14]", "depth"]),
        ("uses", ["passes", "test.bce"]),
    ] {
        let svg = svg(&files, &format!("figures/{name}.svg"));
        let document = Document::parse(&svg).expect("well-formed");
        let texts: Vec<&str> = elements(&document, "text")
            .filter_map(|node| node.text())
            .collect();
        for word in words {
            assert!(
                texts.iter().any(|text| text.contains(word)),
                "{word}: {texts:?}"
            );
        }
        let (width, height, _) = decode(&files[&format!("figures/{name}.png")]);
        assert!(width > 1000 && height > 500, "{width} {height}");
    }
    let files = write(&grid(), &[Format::Figures]);
    assert!(!files.contains_key("figures/uses.svg"));
}

/// Two programs draw one list of shapes: each dot of the SVG is in the PNG, in its colour.
#[test]
fn png_and_svg_show_the_same() {
    let files = write(&grid(), &[Format::Figures]);
    let svg = svg(&files, "figures/effects.svg");
    let document = Document::parse(&svg).expect("well-formed");
    let (width, height, pixels) = decode(&files["figures/effects.png"]);
    let view = document
        .root_element()
        .attribute("viewBox")
        .expect("viewBox");
    let view: Vec<f64> = view
        .split(' ')
        .map(|side| side.parse().expect("number"))
        .collect();
    let pixel = |points: f64| (points * 300.0 / 72.0).round() as usize;
    assert_eq!((width, height), (pixel(view[2]), pixel(view[3])));
    assert_eq!(pixels[..3], [255; 3], "white ground");
    let mut dots = 0;
    for dot in elements(&document, "circle") {
        let at = pixel(number(dot, "cy")) * width + pixel(number(dot, "cx"));
        let [r, g, b] = [0, 1, 2].map(|channel| pixels[3 * at + channel]);
        assert_eq!(
            Some(&*format!("#{r:02x}{g:02x}{b:02x}")),
            dot.attribute("fill")
        );
        dots += 1;
    }
    assert_eq!(dots, 12);
}

#[test]
fn pictures_are_those_of_the_record() {
    let fake = skip_or_not();
    let files = write(&fake, &[Format::Figures]);
    let (width, height, pixels) = decode(&files["figures/pictures-epoch-10.png"]);
    assert_eq!(pixels.len(), width * height, "grey");
    let samples = &fake.details[&fake.record.trials[8].id].samples[2];
    assert_eq!((samples.name.as_str(), samples.epochs[1]), ("output", 10));
    // The last row is the second arm's. Its last picture, each pixel three wide, ends a margin before the corner.
    let picture = &samples.pixels[(16 + 15) * 784..][..784];
    let starts = |y: usize, x: usize| {
        let same = |dy, dx| pixels[(y + dy) * width + x + dx] == picture[dy / 3 * 28 + dx / 3];
        (0..84).all(|dy| (0..84).all(|dx| same(dy, dx)))
    };
    let places =
        (height - 110..height - 84).flat_map(|y| (width - 110..width - 84).map(move |x| (y, x)));
    assert_eq!(places.filter(|(y, x)| starts(*y, *x)).count(), 1);
    assert_ne!(
        files["figures/pictures-epoch-10.png"],
        files["figures/pictures.png"]
    );
    assert_eq!(
        files["figures/pictures-epoch-20.png"],
        files["figures/pictures.png"]
    );
}
