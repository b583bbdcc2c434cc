//! Names that would do something in LaTeX, JSON, a figure or the name of its file.

use crate::report_fake::{Fake, FakeArm, make};
use crate::{decode, svg, text, write};
use ablate::report::Format;
use roxmltree::{Document, Node};
use serde_json::Value;

const HOSTILE: &str = "\\input{/etc/passwd}$x$%&#_^~}{</text><script>alert(1)</script>\"'`../..\u{202e}\0\u{1b}[2J\u{ffff}中";

fn hostile() -> Fake {
    let value = serde_json::to_string(HOSTILE).expect("text");
    let arms = ["[]".to_owned(), value].map(|at| FakeArm {
        axes: vec![at, "-0.5".into()],
        level: 0.15,
        params: 10,
    });
    let mut fake = make(&["model.skip.at", HOSTILE], &arms, 2);
    fake.record.name = HOSTILE.into();
    fake.record.question = HOSTILE.into();
    fake.record.compare.as_mut().expect("compare").metric = HOSTILE.into();
    for row in &mut fake.record.trials {
        let value = row.metrics["test.bce"];
        row.metrics.insert(HOSTILE.into(), value);
    }
    for detail in fake.details.values_mut() {
        detail.environment.insert(HOSTILE.into(), HOSTILE.into());
        let curve: Vec<f64> = (1..=20).map(f64::from).collect();
        detail.epochs.insert(HOSTILE, curve);
        detail.samples[2].name = HOSTILE.into();
    }
    fake
}

#[test]
fn hostile_names_are_inert_in_latex() {
    let tex = text(&hostile(), Format::Latex);
    let commands = |text: &str| -> Vec<String> {
        let words = text.split('\\').skip(1);
        let words = words.map(|word| word.chars().take_while(char::is_ascii_alphabetic).collect());
        words.filter(|word: &String| !word.is_empty()).collect()
    };
    let known = [
        "usepackage",
        "begin",
        "end",
        "footnotesize",
        "setlength",
        "smallskip",
        "tabcolsep",
        "resizebox",
        "ifdim",
        "width",
        "linewidth",
        "else",
        "fi",
        "centering",
        "caption",
        "label",
        "small",
        "toprule",
        "midrule",
        "bottomrule",
        "textbackslash",
        "textasciicircum",
        "textasciitilde",
        "symbol",
        "langle",
        "rangle",
        "pm",
        "cdot",
        "Delta",
    ];
    for command in commands(&tex).iter().filter(|command| *command != "input") {
        assert!(known.contains(&command.as_str()), "\\{command} in {tex}");
    }
    let body = tex.split_once("\\begin{table}").expect("a table").1;
    assert!(!body.contains("\\input"), "{body}");
    assert!(
        tex.lines()
            .next()
            .is_some_and(|line| line.starts_with('%') && line.contains("\\input")),
        "a comment"
    );
    let bare = body
        .replace("\\{", "")
        .replace("\\}", "")
        .replace("\\$", "")
        .replace("\\%", "");
    assert_eq!(bare.matches('{').count(), bare.matches('}').count());
    assert_eq!(bare.matches('$').count() % 2, 0);
    assert!(!bare.contains('%'), "{bare}");
    assert!(body.is_ascii(), "{body}");
}

#[test]
fn hostile_names_are_inert_in_json_and_read_back() {
    let json = text(&hostile(), Format::Json);
    assert!(!json.contains(['\0', '\u{202e}', '\u{1b}']));
    let report: Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(report["name"], HOSTILE);
    assert_eq!(report["arms"][1]["axes"]["model.skip.at"], HOSTILE);
    assert_eq!(report["arms"][1]["axes"][HOSTILE], -0.5);
}

#[test]
fn hostile_names_are_inert_in_figures_and_their_files_stay_in_the_folder() {
    let files = write(&hostile(), &[Format::Figures]);
    assert!(files.len() > 8, "{:?}", files.keys());
    for (name, bytes) in &files {
        let file = name.strip_prefix("figures/").expect("in the folder");
        assert!(
            file.chars()
                .all(|c| c.is_ascii_alphanumeric() || "._-".contains(c)),
            "{name}"
        );
        if name.ends_with("png") {
            decode(bytes);
            continue;
        }
        let svg = svg(&files, name);
        let document = Document::parse(&svg).unwrap_or_else(|error| panic!("{name}: {error}"));
        for node in document.descendants().filter(Node::is_element) {
            let known = [
                "svg", "title", "rect", "polyline", "polygon", "circle", "text",
            ];
            assert!(known.contains(&node.tag_name().name()), "{name}: {node:?}");
            for attribute in node.attributes() {
                assert!(
                    !attribute.name().starts_with("on") && attribute.name() != "href",
                    "{name}"
                );
            }
        }
        assert!(!svg.contains('\u{202e}'), "{name}");
    }
}
