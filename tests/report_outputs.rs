//! LaTeX, JSON and the figures of a report, from records made in code.

mod report_fake;

use ablate::outcome::Outcome;
use ablate::report::compare::Role;
use ablate::report::evidence::Evidence;
use ablate::report::{Findings, Format, files};
use report_fake::{Fake, FakeArm, everything, grid, make, skip_or_not};
use roxmltree::{Document, Node};
use serde_json::{Value, json};
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

/// Oracle: sums over the record's rows, and [`Findings`], whose statistics are tested against published formulas.
#[test]
fn json_has_the_numbers_in_full_precision() {
    let mut fake = grid();
    fake.record.trials[0]
        .metrics
        .insert("test.bce".into(), f64::NAN);
    let report: Value = serde_json::from_str(&text(&fake, Format::Json)).expect("JSON");
    assert_eq!(report["format"], 1);
    assert_eq!(report["counts"]["planned"], 48);
    assert_eq!(report["counts"]["pending"], 1);
    assert_eq!(report["compare"]["baseline"], json!({"model.skip.at": []}));
    let evidence = Evidence::new(&fake.record, fake.details.clone());
    let findings = Findings::of(&fake.record, &|id| evidence.config(id));
    let arms = report["arms"].as_array().expect("arms");
    assert_eq!(arms.len(), 12);
    for (arm, found) in arms.iter().zip(&findings.comparisons.arms) {
        let values: BTreeMap<String, f64> = found
            .trials
            .iter()
            .filter(|row| row.outcome == Outcome::Completed)
            .map(|row| (row.seed.to_string(), row.metrics["test.bce"]))
            .filter(|(_, value)| value.is_finite())
            .collect();
        assert_eq!(arm["values"], json!(values));
        assert_eq!(arm["n"], values.len());
        let mean = values.values().sum::<f64>() / values.len() as f64;
        assert!((arm["mean"].as_f64().expect("mean") - mean).abs() < 1e-15);
        assert_eq!(arm["axes"]["model.skip.at"].to_string(), found.axes[0]);
        let Role::Compared(comparison) = &found.role else {
            assert_eq!(
                (&arm["role"], &arm["comparison"]),
                (&json!("baseline"), &Value::Null)
            );
            continue;
        };
        let paired = &comparison.paired;
        let told = &arm["comparison"];
        assert_eq!(told["baseline"], comparison.baseline);
        assert_eq!(told["mean"], json!(paired.summary.mean));
        let interval = paired.summary.interval.expect("interval");
        assert_eq!(told["interval"], json!([interval.low, interval.high]));
        assert_eq!(told["p_holm"], json!(comparison.p_holm));
        assert_eq!(told["test"], "sign_flip");
        assert_eq!(told["wins"], paired.lower);
        assert_eq!(told["verdict"], "not_resolved");
        assert_eq!(
            told["costs"]["params"]["to"],
            json!(found.trials[0].params as f64)
        );
        assert!(
            told["seeds_needed"]["n"].as_u64() > Some(4),
            "four seeds were too few"
        );
    }
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

#[test]
fn evaluations_are_numbers_in_json_and_a_table_in_latex() {
    let mut fake = skip_or_not();
    fake.record.evaluation_axes = vec!["model.skip.at".into(), "iterate.passes".into()];
    for (seed, psnr) in [(0, 20.0), (1, 21.5)] {
        let mut row = fake.record.trials[0].clone();
        row.id = format!("{seed:064}");
        row.axes = vec!["[]".into(), "2".into()];
        row.metrics = [("test.psnr".to_owned(), psnr)].into();
        fake.record.evaluations.push(row);
    }
    let report: Value = serde_json::from_str(&text(&fake, Format::Json)).expect("JSON");
    let axes = json!({"model.skip.at": [], "iterate.passes": 2});
    assert_eq!(
        report["uses"],
        // Oracle: t.975 with one degree of freedom is 12.7062 (tables), the standard error of 20 and 21.5 is 0.75.
        json!([{"axes": axes, "n": 2, "means": {"test.psnr": 20.75}, "intervals": report["uses"][0]["intervals"]}])
    );
    let low = report["uses"][0]["intervals"]["test.psnr"][0]
        .as_f64()
        .expect("an interval");
    assert!((low - (20.75 - 12.7062 * 0.75)).abs() < 1e-3, "{low}");
    let tex = text(&fake, Format::Latex);
    assert!(tex.contains("[] & 2 & 2 & 20.8 $\\pm$ 9.5 \\\\"), "{tex}");
}

#[test]
fn latex_has_the_words_of_the_other_outputs() {
    let tex = text(&skip_or_not(), Format::Latex);
    let markdown = text(&skip_or_not(), Format::Markdown);
    let parts = [
        "\\toprule",
        "\\midrule",
        "\\bottomrule",
        "{tab:skip-vs-noskip-effects}",
        "Confirmed.",
    ];
    for part in parts {
        assert!(tex.contains(part), "{part} is missing: {tex}");
    }
    let cells = |line: &str| -> Vec<String> {
        let cells = line
            .trim_matches(['|', ' ', '\\'])
            .split(['|', '&'])
            .map(str::trim);
        let cells = cells.map(|cell| {
            cell.replace("$-$", "−")
                .replace("$\\pm$", "±")
                .replace("\\%", "%")
        });
        // The arm's name is told otherwise.
        cells.skip(1).collect()
    };
    let rows = |text: &str, start: &str| -> Vec<Vec<String>> {
        text.lines()
            .filter(|line| line.starts_with(start))
            .map(cells)
            .collect()
    };
    let (effects, costs) = (&rows(&tex, "{}[14]")[0], &rows(&tex, "{}[14]")[1]);
    let told = &rows(&markdown, "| skip.at [14] |")[0];
    assert_eq!([&effects[..], &costs[..]].concat(), told[..]);
}

/// Oracle: the figure's own axis: two ticks and what is written at them.
#[test]
fn dots_and_whiskers_are_where_the_axis_says() {
    let fake = grid();
    let files = write(&fake, &[Format::Figures]);
    let svg = svg(&files, "figures/effects.svg");
    let document = Document::parse(&svg).expect("well-formed");
    let ticks: Vec<(f64, f64)> = elements(&document, "text")
        .filter_map(|node| {
            Some((
                number(node, "x"),
                node.text()?.replace('−', "-").parse().ok()?,
            ))
        })
        .collect();
    let ((x0, v0), (x1, v1)) = (ticks[0], ticks[ticks.len() - 1]);
    let value = |x: f64| v0 + (x - x0) / (x1 - x0) * (v1 - v0);
    let findings = Findings::of(&fake.record, &|_| None);
    let expected: Vec<f64> = findings
        .comparisons
        .arms
        .iter()
        .map(|arm| match &arm.role {
            Role::Compared(comparison) => comparison.paired.summary.mean.expect("mean"),
            _ => 0.0,
        })
        .collect();
    let dots: Vec<f64> = elements(&document, "circle")
        .map(|node| value(number(node, "cx")))
        .collect();
    assert_eq!(dots.len(), 12);
    for (found, expected) in dots.iter().zip(&expected) {
        assert!((found - expected).abs() < 1e-5, "{dots:?} {expected:?}");
    }
    let interval = findings
        .comparisons
        .compared()
        .next()
        .expect("compared")
        .1
        .paired
        .summary
        .interval;
    let interval = interval.expect("interval");
    let ends = [interval.low, interval.high];
    let mut lines =
        elements(&document, "polyline").filter(|node| node.attribute("stroke") == Some("#0072b2"));
    let points = lines
        .next()
        .and_then(|node| node.attribute("points"))
        .expect("a whisker");
    for (point, end) in points.split(' ').zip(ends) {
        let x: f64 = point.split(',').next().expect("x").parse().expect("number");
        assert!((value(x) - end).abs() < 1e-5, "{points} {ends:?}");
    }
}

/// Oracle: each figure's own axis, and the numbers in `report.json`.
#[test]
fn factors_and_costs_are_drawn_where_their_axes_say() {
    let fake = everything();
    let files = write(&fake, &[Format::Figures, Format::Json]);
    let report: Value = serde_json::from_slice(&files["report.json"]).expect("JSON");
    let means = |list: &str| -> Vec<f64> {
        let items = report[list].as_array().expect(list).iter();
        items
            .map(|item| item["mean"].as_f64().expect("mean"))
            .collect()
    };
    let read = |document: &Document, end: bool, side: &str| -> Vec<(f64, f64)> {
        let is_end = |node: &Node| (node.attribute("text-anchor") == Some("end")) == end;
        let texts = elements(document, "text").filter(is_end);
        let tick = |node: Node| {
            Some((
                number(node, side),
                node.text()?.replace('−', "-").parse().ok()?,
            ))
        };
        texts.filter_map(tick).collect()
    };
    let along = |ticks: &[(f64, f64)], at: f64| {
        let ((x0, v0), (x1, v1)) = (ticks[0], ticks[ticks.len() - 1]);
        v0 + (at - x0) / (x1 - x0) * (v1 - v0)
    };
    let factors = svg(&files, "figures/factors.svg");
    let document = Document::parse(&factors).expect("well-formed");
    let ticks = read(&document, false, "x");
    let effects = means("effects");
    let dots: Vec<Node> = elements(&document, "circle").collect();
    assert_eq!(dots.len(), effects.len());
    for (dot, mean) in dots.into_iter().zip(&effects) {
        assert!(
            (along(&ticks, number(dot, "cx")) - mean).abs() < 2e-5,
            "{factors}"
        );
    }
    let pareto = svg(&files, "figures/pareto.svg");
    let document = Document::parse(&pareto).expect("well-formed");
    let mut dots: Vec<Node> = elements(&document, "circle").collect();
    let mut arms = means("arms");
    assert_eq!(dots.len(), 3 * arms.len(), "parameters, MACs, seconds");
    // Two panels stand side by side: the ticks of the first are those left of its dots.
    dots.truncate(arms.len());
    let left = dots
        .iter()
        .map(|dot| number(*dot, "cx"))
        .fold(f64::INFINITY, f64::min);
    let mut ticks: Vec<Node> = elements(&document, "text").collect();
    ticks.retain(|node| node.attribute("text-anchor") == Some("end") && number(*node, "x") < left);
    ticks.truncate(3);
    let tick = |node: &Node| {
        (
            number(*node, "y") - 2.8,
            node.text().and_then(|it| it.parse().ok()).expect("a tick"),
        )
    };
    let ticks: Vec<(f64, f64)> = ticks.iter().map(tick).collect();
    let mut drawn: Vec<f64> = dots
        .iter()
        .map(|dot| along(&ticks, number(*dot, "cy")))
        .collect();
    drawn.sort_by(f64::total_cmp);
    arms.sort_by(f64::total_cmp);
    for (drawn, mean) in drawn.iter().zip(&arms) {
        assert!((drawn - mean).abs() < 2e-5, "{drawn} {mean}");
    }
}

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

#[test]
fn few_seeds_and_nothing_to_compare_leave_figures_out_without_a_panic() {
    let arm = |at: &str| FakeArm {
        axes: vec![at.into()],
        level: 0.16,
        params: 100,
    };
    for seeds in [0, 1, 2] {
        let fake = make(&["model.skip.at"], &[arm("[]"), arm("[14]")], seeds);
        let files = write(&fake, &Format::ALL);
        assert_eq!(files.contains_key("figures/effects.svg"), seeds > 0);
        assert_eq!(files.contains_key("figures/pictures.png"), seeds > 0);
        if seeds == 1 {
            let svg = svg(&files, "figures/effects.svg");
            let whiskers = svg.matches("#0072b2").count();
            assert_eq!(whiskers, 1, "one seed is a dot without an interval: {svg}");
            let report: Value = serde_json::from_slice(&files["report.json"]).expect("JSON");
            assert_eq!(report["arms"][1]["comparison"]["interval"], Value::Null);
            assert_eq!(
                report["arms"][1]["comparison"]["seeds_needed"]["bound"],
                "at_least"
            );
        }
    }
    let mut fake = skip_or_not();
    fake.record.compare = None;
    let files = write(&fake, &Format::ALL);
    assert!(
        !files.contains_key("figures/effects.svg")
            && files.contains_key("figures/curves-test.bce.svg")
    );
    for index in 0..fake.record.trials.len() {
        fake.lose(index, Outcome::Failed);
    }
    assert!(write(&fake, &[Format::Figures]).is_empty());
    write(&fake, &Format::ALL);
}

/// A foreign record may hold any number.
#[test]
fn values_beyond_all_bounds_are_drawn_or_left_out() {
    for value in [1e308, -1e308, 1e-320, 0.0, f64::INFINITY] {
        let mut fake = skip_or_not();
        for (index, row) in fake.record.trials.iter_mut().enumerate() {
            let sign = if index % 2 == 0 { 1.0 } else { -1.0 };
            row.metrics.insert("test.bce".into(), sign * value);
        }
        for detail in fake.details.values_mut() {
            detail.epochs.insert(
                "train_loss",
                (0..20).map(|n| value * f64::from(n)).collect(),
            );
        }
        for (name, bytes) in write(&fake, &[Format::Figures, Format::Json]) {
            assert!(
                !name.ends_with("svg") || !String::from_utf8_lossy(&bytes).contains("NaN"),
                "{name} {value}"
            );
        }
    }
}

#[test]
fn many_arms_are_bounded_and_the_figure_says_so() {
    let arms: Vec<FakeArm> = (0..60)
        .map(|n| FakeArm {
            axes: vec![if n == 0 {
                "[]".into()
            } else {
                format!("[{n}]")
            }],
            level: 0.16 - 0.0005 * f64::from(n),
            params: 100,
        })
        .collect();
    let files = write(&make(&["model.skip.at"], &arms, 2), &[Format::Figures]);
    let effects = svg(&files, "figures/effects.svg");
    assert_eq!(effects.matches("<circle").count(), 40);
    assert!(effects.contains("the first 40 of 60 arms"), "{effects}");
    let curves = svg(&files, "figures/curves-test.bce.svg");
    assert_eq!(curves.matches("<polygon").count(), 12);
    assert!(curves.contains("12 of 60 arms"), "{curves}");
    let (_, height, _) = decode(&files["figures/pictures.png"]);
    assert!(height < 300 * 16, "{height}");
}
