//! What is written is harmless, whatever the names, and fits a narrow terminal.

use crate::report_fake::{FakeArm, grid, make};
use crate::{across, parsed, set};
use ablate::report::across::{json, page, sheet, terminal};

const HOSTILE: &str = "</script><script>alert(1)</script>|\"'`{{7*7}}\u{202e}\0\u{9b}\u{7f}\u{1b}[2J=cmd|' /C calc'!A0";

#[test]
fn hostile_names_are_inert() {
    let value = serde_json::to_string(HOSTILE).expect("text");
    let hostile = |level: f64| {
        let arm = FakeArm {
            axes: vec![value.clone()],
            level,
            params: 10,
        };
        let mut fake = make(&["=HYPERLINK(\"http://x\")"], &[arm], 2);
        for detail in fake.details.values_mut() {
            detail
                .environment
                .insert(HOSTILE.into(), format!("{level}"));
        }
        set(&mut fake, "=1+1", &level.to_string());
        fake
    };
    let (one, other) = (hostile(0.1), hostile(0.2));
    let fakes = [(HOSTILE, &one), ("=1+1", &other)];
    let (shown, markdown) = across(&fakes, |a| (terminal::text(a, Some(100)), page::text(a)));
    for text in [&shown, &markdown] {
        assert!(!text.contains(['\0', '\u{202e}', '\u{1b}']), "{text}");
        assert!(text.contains("⟨U+202E⟩"));
    }
    assert!(!markdown.contains("<script>"), "{markdown}");
    let bars = |line: &&str| line.starts_with('|');
    let columns = |line: &str| line.replace("\\|", "").matches('|').count();
    let table: Vec<&str> = markdown
        .lines()
        .skip_while(|line| !bars(line))
        .take_while(bars)
        .collect();
    assert!(
        table.len() == 3 && table.iter().all(|line| columns(line) == columns(table[0])),
        "{markdown}"
    );
    let sheet = across(&fakes, |a| sheet::text(a).expect("a table"));
    for row in csv::Reader::from_reader(sheet.as_bytes()).records() {
        let row = row.expect("row");
        assert!(
            !row.iter()
                .any(|cell| cell.starts_with(['=', '+', '@', '\t', '\r'])),
            "{row:?}"
        );
    }
    assert_eq!(parsed(&fakes)["sweeps"][0]["name"], HOSTILE);
    let raw = across(&fakes, json::text);
    assert!(
        !raw.contains(|c: char| c != '\n' && (c.is_control() || c == '\u{202e}')),
        "{raw}"
    );
}

#[test]
fn a_narrow_terminal_is_not_overrun() {
    let one = grid();
    let mut other = grid();
    for row in &mut other.record.trials {
        row.metrics.values_mut().for_each(|value| *value *= 1.01);
    }
    let shown = across(
        &[("skip_by_depth", &one), ("old_skip_by_depth", &other)],
        |a| terminal::text(a, Some(80)),
    );
    let drawn = |line: &&str| !line.contains(". ") && !line.ends_with('.');
    let table: Vec<&str> = shown.lines().filter(drawn).collect();
    assert!(table.len() > 24, "{shown}");
    for line in table {
        assert!(line.chars().count() <= 80, "{line}\n{shown}");
    }
}
