//! LaTeX, JSON and the figures of a report, from records made in code.

#[path = "report_outputs/axes.rs"]
mod axes;
#[path = "report_outputs/bounds.rs"]
mod bounds;
#[path = "report_outputs/hostile.rs"]
mod hostile;
#[path = "report_outputs/numbers.rs"]
mod numbers;
#[path = "report_outputs/pictures.rs"]
mod pictures;
mod report_fake;

use ablate::report::evidence::Evidence;
use ablate::report::{Format, files};
use report_fake::{Fake, grid, skip_or_not};
use roxmltree::{Document, Node};
use serde_json::Value;
use std::collections::BTreeMap;

/// The report's files by name.
fn write(fake: &Fake, formats: &[Format]) -> BTreeMap<String, Vec<u8>> {
    let evidence = Evidence::new(&fake.record, fake.details.clone());
    let files = files(&evidence, formats).expect("files");
    files
        .into_iter()
        .map(|file| (file.name, file.bytes))
        .collect()
}

fn text(fake: &Fake, format: Format) -> String {
    let (_, bytes) = write(fake, &[format]).pop_first().expect("a file");
    String::from_utf8(bytes).expect("text")
}

fn svg(files: &BTreeMap<String, Vec<u8>>, name: &str) -> String {
    String::from_utf8(files[name].clone()).expect("text")
}

/// Width, height, and the pixels, three or one number each.
fn decode(bytes: &[u8]) -> (usize, usize, Vec<u8>) {
    let mut reader = png::Decoder::new(std::io::Cursor::new(bytes))
        .read_info()
        .expect("a PNG");
    let mut pixels = vec![0; reader.output_buffer_size().expect("size")];
    let info = reader.next_frame(&mut pixels).expect("pixels");
    (info.width as usize, info.height as usize, pixels)
}

fn number(node: Node, name: &str) -> f64 {
    node.attribute(name)
        .expect("attribute")
        .parse()
        .expect("number")
}

fn elements<'a>(document: &'a Document, name: &'a str) -> impl Iterator<Item = Node<'a, 'a>> {
    document
        .descendants()
        .filter(move |node| node.tag_name().name() == name)
}

#[test]
fn the_same_record_gives_the_same_bytes() {
    for fake in [skip_or_not(), grid()] {
        assert!(write(&fake, &Format::ALL) == write(&fake, &Format::ALL));
    }
}

#[test]
fn every_output_is_there_and_formats_choose_among_them() {
    let all: Vec<String> = write(&skip_or_not(), &Format::ALL).into_keys().collect();
    let figures = [
        "figures/curves-test.bce.png",
        "figures/curves-test.bce.svg",
        "figures/curves-train_loss.png",
        "figures/curves-train_loss.svg",
        "figures/effects.png",
        "figures/effects.svg",
        "figures/pareto.png",
        "figures/pareto.svg",
        "figures/pictures-epoch-10.png",
        "figures/pictures-epoch-15.png",
        "figures/pictures-epoch-20.png",
        "figures/pictures-epoch-5.png",
        "figures/pictures.png",
    ];
    let texts = [
        "report.html",
        "report.json",
        "report.md",
        "report.tex",
        "trials.csv",
    ];
    assert_eq!(all, [&figures[..], &texts].concat());
    let two = write(&skip_or_not(), &[Format::Json, Format::Csv]);
    assert_eq!(
        two.into_keys().collect::<Vec<_>>(),
        ["report.json", "trials.csv"]
    );
}

#[test]
fn every_name_in_json_is_documented() {
    fn names(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| names(item, found)),
            Value::Object(fields) => {
                for (name, value) in fields {
                    found.push(name.clone());
                    // What is below these has names of the sweep's own.
                    if !["axes", "values", "counts"].contains(&name.as_str()) {
                        names(value, found);
                    }
                }
            }
            _ => {}
        }
    }
    let report: Value = serde_json::from_str(&text(&grid(), Format::Json)).expect("JSON");
    let mut found = Vec::new();
    names(&report, &mut found);
    let documented = include_str!("../results/README.md");
    let section = documented
        .split("## `report.json`")
        .nth(1)
        .expect("a section");
    found.retain(|name| name != "model.skip.at" && !section.contains(&format!("`{name}`")));
    assert_eq!(found, ["format"], "it stands there with its value");
}
