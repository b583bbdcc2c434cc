//! The report from outside: a record made in code, its three files and the terminal table.

mod report_charts;
mod report_fake;

use ablate::outcome::Outcome;
use ablate::report::evidence::Evidence;
use ablate::report::{Findings, Format, files, table};
use report_fake::{Fake, FakeArm, everything, grid, hostile, make, skip_or_not};

fn write(fake: &Fake) -> [String; 3] {
    let evidence = Evidence::new(&fake.record, fake.details.clone());
    [Format::Html, Format::Markdown, Format::Csv].map(|format| {
        let [file] = &files(&evidence, &[format]).expect("a page")[..] else {
            panic!("one page each")
        };
        String::from_utf8(file.bytes.clone()).expect("text")
    })
}

fn terminal(fake: &Fake, width: u16) -> String {
    let evidence = Evidence::new(&fake.record, fake.details.clone());
    let findings = Findings::of(&fake.record, &|id| evidence.config(id));
    table::text(&fake.record, &findings, Some(width))
}

#[test]
fn the_same_record_gives_the_same_bytes() {
    for fake in [skip_or_not(), grid(), everything()] {
        assert!(write(&fake) == write(&fake));
    }
}

#[test]
fn the_answer_stands_in_every_output() {
    let fake = skip_or_not();
    let [html, markdown, _] = write(&fake);
    for text in [&html, &markdown, &terminal(&fake, 200)] {
        assert!(text.contains("Confirmed"), "{text}");
        assert!(text.contains("lower in 8 of 8 seeds"), "{text}");
        assert!(text.contains("+2,304") && text.contains("+19%"), "{text}");
    }
}

#[test]
fn outcomes_add_up_to_the_planned_trials() {
    let fake = grid();
    let planned = "48 trials planned = 45 completed + 1 diverged + 1 quarantined + 1 pending";
    let [html, markdown, csv] = write(&fake);
    for text in [&html, &markdown, &terminal(&fake, 200)] {
        assert!(text.contains(planned), "{text}");
        assert!(text.contains("Provisional: 1 "), "{text}");
        assert!(
            text.contains("Not all seeds could be paired: skip.at [14] · depth 2 (3 of 4)"),
            "{text}"
        );
    }
    let rows = csv::Reader::from_reader(csv.as_bytes())
        .into_records()
        .count();
    assert_eq!(rows, 48, "no trial is dropped");
    assert!(csv.contains("train_loss became NaN in epoch 3"));
}

/// Oracle: 2^(1−4) = 0.125, so four seeds cannot confirm anything.
#[test]
fn too_few_seeds_are_not_resolved_and_the_seeds_needed_are_named() {
    let text = terminal(&grid(), 200);
    assert!(
        text.contains(
            "Not resolved. test.bce was expected to be lower than the baseline's in 9 comparisons: not resolved in 9."
        ),
        "{text}"
    );
    let [html, ..] = write(&grid());
    assert!(html.contains("not resolved, needs about 9 seeds"), "{html}");
}

#[test]
fn no_seeds_and_one_seed_are_reported_without_a_panic() {
    for seeds in [0, 1, 2] {
        let arm = |at: &str| FakeArm {
            axes: vec![at.into()],
            level: 0.16,
            params: 100,
        };
        let fake = make(&["model.skip.at"], &[arm("[]"), arm("[14]")], seeds);
        write(&fake);
        let text = terminal(&fake, 80);
        match seeds {
            0 => assert!(text.contains("0 trials planned"), "{text}"),
            1 => assert!(text.contains("nothing can be said about chance"), "{text}"),
            _ => assert!(
                text.contains("it would take about ") || text.contains("more than"),
                "{text}"
            ),
        }
    }
}

#[test]
fn a_sweep_in_which_everything_failed_says_so() {
    let mut fake = skip_or_not();
    for index in 0..fake.record.trials.len() {
        fake.lose(index, Outcome::Failed);
    }
    let text = terminal(&fake, 100);
    assert!(text.contains("16 trials planned = 16 failed"), "{text}");
    assert!(
        text.contains("No results yet. No trial has left a value of test.bce."),
        "{text}"
    );
    write(&fake);
}

#[test]
fn without_a_comparison_the_arms_are_listed_with_their_spread() {
    let mut fake = skip_or_not();
    fake.record.compare = None;
    let [html, markdown, _] = write(&fake);
    assert!(
        markdown.contains("| arm | n | test.bce | sd |"),
        "{markdown}"
    );
    assert!(html.contains("names no compare.baseline"));
}

#[test]
fn a_narrow_terminal_is_not_overrun() {
    let text = terminal(&grid(), 80);
    let in_table = text
        .lines()
        .skip(1)
        .take_while(|line| !line.starts_with("Mean"));
    assert!((25..60).contains(&in_table.clone().count()), "{text}");
    for line in in_table {
        assert!(line.chars().count() <= 80, "{line}");
    }
    assert!(text.contains("−0.02111"), "numbers are not broken: {text}");
    assert!(
        !text.contains('\u{1b}'),
        "no colour where there is no terminal"
    );
}

#[test]
fn hostile_names_are_inert_in_html_and_markdown() {
    let [html, markdown, _] = write(&hostile());
    assert_eq!(
        html.matches("<script").count(),
        write(&skip_or_not())[0].matches("<script").count()
    );
    for text in [&html, &markdown, &terminal(&hostile(), 100)] {
        assert!(!text.contains(['\0', '\u{202e}', '\u{1b}']));
        assert!(text.contains("⟨U+202E⟩"));
    }
    assert!(html.contains("{{7*7}}"), "values are not templates");
    // Inside the code block the YAML stands as it is.
    let (prose, _) = markdown.split_once("```").expect("code block");
    assert!(!prose.contains("<script>"), "{prose}");
}

#[test]
fn csv_cells_cannot_act_and_numbers_stay_numbers() {
    let [_, _, csv] = write(&hostile());
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let starts = |text: &str| text.starts_with(['=', '+', '@', '\t', '\r']);
    let headings = reader.headers().expect("headings").clone();
    assert!(!headings.iter().any(starts));
    for row in reader.records().map(|row| row.expect("row")) {
        assert!(!row.iter().any(starts));
        for cell in row.iter().filter(|cell| cell.starts_with('-')) {
            assert_eq!(cell.parse(), Ok(-0.5));
        }
        assert_eq!(
            row.iter().filter(|cell| *cell == "-0.5").count(),
            2,
            "an axis and a metric"
        );
        assert!(row.iter().any(|cell| cell == "'=1+1"));
    }
}

/// Everything that a browser would fetch or run from elsewhere.
#[test]
fn the_page_names_nothing_outside_itself() {
    let [html, ..] = write(&skip_or_not());
    for outside in [
        "src=\"http",
        "href=\"http",
        "url(http",
        "@import",
        "<link",
        "<iframe",
    ] {
        assert!(!html.contains(outside), "{outside}");
    }
    assert!(html.contains("default-src 'none'"));
}

#[test]
fn an_arm_without_a_pair_is_not_told_to_run_more_seeds() {
    let mut fake = skip_or_not();
    for index in 8..16 {
        fake.lose(index, Outcome::Diverged);
    }
    let findings = Findings::of(&fake.record, &|_| None);
    assert_eq!(findings.rows.rows[1].verdict, "no pairs");
}
