//! What the charts of a page are given to draw: one look for an arm everywhere, whole pairs, and what a step of uses changes.

use crate::report_fake::{everything, many};
use crate::write;
use serde_json::Value;

/// The data that the page holds under this id.
fn data(html: &str, id: &str) -> Value {
    let (_, rest) = html.split_once(&format!("id=\"{id}-data\">")).expect(id);
    serde_json::from_str(rest.split_once("</script>").expect("end").0).expect("JSON")
}

fn list(value: &Value) -> &[Value] {
    value.as_array().expect("a list")
}

fn text(value: &Value) -> &str {
    value.as_str().expect("text")
}

fn look(value: &Value) -> (&Value, &Value) {
    (&value["tone"], &value["dash"])
}

#[test]
fn an_arm_looks_the_same_in_every_chart_and_a_level_like_no_arm() {
    for fake in [everything(), many()] {
        let [html, ..] = write(&fake);
        let arms = data(&html, "arm");
        let mut uses = 0;
        for chart in list(&data(&html, "use")) {
            for line in list(&chart["lines"]) {
                let label = text(&line["label"]);
                let of_arm =
                    |arm: &&Value| label.starts_with(&format!("{} · rule", text(&arm["label"])));
                let is_alone = |arm: &&Value| {
                    label == text(&arm["label"])
                        || label.starts_with(&format!("{} · passes", text(&arm["label"])))
                };
                let arm = list(&arms).iter().find(|arm| of_arm(arm) || is_alone(arm));
                assert_eq!(look(line), look(arm.expect(label)), "{label}");
                uses += 1;
            }
        }
        assert!(uses > 20);
        for chart in list(&data(&html, "interaction")) {
            for line in list(&chart["lines"]) {
                assert_eq!(line["tone"], "ink");
            }
        }
    }
    let [html, ..] = write(&everything());
    let arms = data(&html, "arm");
    for (line, arm) in list(&data(&html, "tenth")[0]["lines"])
        .iter()
        .zip(list(&arms))
    {
        assert_eq!((look(line), &line["label"]), (look(arm), &arm["label"]));
    }
}

/// 21 arms of two rules are 42 lines, of which 24 find room.
#[test]
fn of_an_arm_all_uses_are_drawn_or_none() {
    let [html, ..] = write(&many());
    let charts = data(&html, "use");
    let over_passes = &charts[0];
    let lines = list(&over_passes["lines"]);
    let labels: Vec<&str> = lines.iter().map(|line| text(&line["label"])).collect();
    assert_eq!((labels.len(), &over_passes["left_out"]), (24, &18.into()));
    for label in &labels {
        let other = match label.strip_suffix("plain") {
            Some(start) => format!("{start}renoise"),
            None => label.replace("renoise", "plain"),
        };
        assert!(labels.contains(&&*other), "{label}");
        assert!(!label.contains("control none"), "{label}");
    }
    let marks = |rule: &str| {
        let lines = lines
            .iter()
            .filter(|line| text(&line["label"]).ends_with(rule));
        lines.map(|line| line["mark"].clone()).collect::<Vec<_>>()
    };
    assert!(marks("plain").iter().all(|mark| *mark == 0));
    assert!(marks("renoise").iter().all(|mark| *mark == 1));
    assert!(
        list(&data(&html, "arm"))
            .iter()
            .filter(|arm| arm["first"] == true)
            .count()
            == 5
    );
    assert!(html.contains("Shown at first: baselines, the best and the worst of 21 arms"));
}

/// By construction every pass but the first costs 0.03 by the plain rule, 0.01 by the other.
#[test]
fn a_step_along_an_axis_of_uses_is_told_by_seed_against_its_first_level() {
    let [html, markdown, _] = write(&everything());
    assert!(html.contains("<bdi>Δ test.bce against passes 1</bdi>"));
    let cells = |rule: &str| {
        let row = markdown
            .lines()
            .find(|line| line.contains(rule))
            .expect(rule);
        row.split('|')
            .map(str::trim)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let is = |cell: &str, mean: &str| cell.starts_with(mean) && cell.contains(&format!("[{mean}"));
    let plain = cells("| 4 | plain |");
    assert!(plain.iter().any(|cell| is(cell, "+0.09")), "{plain:?}");
    let renoise = cells("| 4 | renoise |");
    assert!(renoise.iter().any(|cell| is(cell, "+0.03")), "{renoise:?}");
    assert!(renoise.iter().any(|cell| is(cell, "−0.06")), "{renoise:?}");
    let first = cells("| 1 |  |");
    assert!(
        !first
            .iter()
            .any(|cell| cell.contains('[') && cell.contains("0.0")),
        "{first:?}"
    );
}

/// Every difference has its single seeds beside it, on an axis with round values.
#[test]
fn effects_show_their_seeds_and_their_axis() {
    let [html, ..] = write(&many());
    for part in ["comparison", "effects"] {
        let (_, part) = html
            .split_once(&format!("<section id=\"{part}\""))
            .expect(part);
        let (part, _) = part.split_once("</section>").expect("end");
        let drawings = part.matches("class=\"zero\"").count();
        assert!(drawings > 8);
        assert_eq!(part.matches("class=\"seed\"").count(), 5 * drawings);
        assert!(part.contains("<svg class=\"axis\"") && part.contains(">0.00</text>"));
    }
    assert!(html.contains("test.bce: arm − control"));
}
