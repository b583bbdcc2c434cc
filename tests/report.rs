//! The report from outside: a record made in code, its three files and the terminal table.

mod report_charts;
mod report_fake;

use ablate::outcome::{Outcome, Table};
use ablate::report::evidence::Evidence;
use ablate::report::{Findings, Format, curves, files, packing, provenance, table};
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

/// A quick form answers nothing, and the command that makes it again asks for it.
#[test]
fn a_quick_run_names_the_command_that_makes_it_again() {
    let mut fake = skip_or_not();
    let [html, markdown, _] = write(&fake);
    for text in [&html, &markdown] {
        assert!(text.contains("ablate run sweep.yaml") && !text.contains("--quick"));
    }
    fake.record.yaml.push_str("form: quick\n");
    let [html, markdown, _] = write(&fake);
    for text in [&html, &markdown] {
        assert!(text.contains("ablate run sweep.yaml --quick"));
        assert!(text.contains("answers nothing"));
    }
}

/// Oracle: 2^(1−4) = 0.125 times 9 comparisons is more than 1.
#[test]
fn p_is_told_alone_and_after_the_correction() {
    let text = terminal(&grid(), 200);
    let told = "p = 0.12 (exact sign-flip, the least that 4 seeds can give); after Holm's correction over 9 comparisons, \
                p = 1.00";
    assert!(text.contains(told), "{text}");
    assert!(
        text.contains("To resolve all 9 it would take about 9 seeds in all"),
        "{text}"
    );
    let [html, markdown, _] = write(&grid());
    assert!(html.contains("1.00<small>0.12 alone</small>"));
    assert!(
        markdown.contains("| p alone | p |") && markdown.contains("| 0.12 | 1.00 |"),
        "{markdown}"
    );
    // One comparison is not corrected: there is one p.
    let text = terminal(&skip_or_not(), 200);
    assert!(
        text.contains("p = 0.008 (exact sign-flip); lower in 8 of 8 seeds"),
        "{text}"
    );
    assert!(!write(&skip_or_not())[1].contains("p alone"));
}

#[test]
fn one_pair_has_no_p() {
    let arm = |at: &str| FakeArm {
        axes: vec![at.into()],
        level: 0.16,
        params: 100,
    };
    let fake = make(&["model.skip.at"], &[arm("[]"), arm("[14]")], 1);
    let findings = Findings::of(&fake.record, &|_| None);
    assert_eq!(findings.rows.rows[1].p, "");
    assert!(!terminal(&fake, 100).contains("p ="));
}

#[test]
fn a_difference_that_rounds_to_nothing_is_not_called_higher() {
    let mut fake = skip_or_not();
    for row in &mut fake.record.trials {
        let sign = if row.seed % 2 == 0 { 1.0 } else { -1.0 };
        let of_arm = if row.axes[0] == "[]" {
            0.0
        } else {
            0.3 * sign + 0.0012
        };
        row.metrics.insert("test.bce".into(), 0.5 + of_arm);
    }
    let text = terminal(&fake, 200);
    assert!(
        text.contains("is as good as equal to that of skip.at [] (difference +0.0012;"),
        "{text}"
    );
    assert!(!text.contains("0.00 higher"), "{text}");
}

#[test]
fn provenance_says_each_thing_once_and_costs_of_slurm_jobs_only() {
    let mut fake = skip_or_not();
    let facts = |fake: &Fake| {
        let evidence = Evidence::new(&fake.record, fake.details.clone());
        provenance::facts(&evidence)
    };
    let has =
        |facts: &[provenance::Fact], wanted: &str| facts.iter().any(|(name, _)| name == wanted);
    for detail in fake.details.values_mut() {
        let told = [("ablate_version", "0.1.0"), ("git_rev", "21574bb")];
        let told = told.map(|(name, value)| (name.to_owned(), value.to_owned()));
        detail.environment.extend(told);
    }
    let without = facts(&fake);
    assert!(
        !has(&without, "git_rev")
            && !has(&without, "ablate_version")
            && !has(&without, "computing")
    );
    let detail = fake.details.values_mut().next().expect("a trial");
    detail
        .environment
        .insert("git_rev".into(), "another".into());
    detail.environment.insert("slurm_job_id".into(), "7".into());
    let with = facts(&fake);
    assert!(has(&with, "git_rev") && has(&with, "computing"), "{with:?}");
}

#[test]
fn trials_that_shared_a_gpu_are_told_by_the_work_of_a_second() {
    let shares = |workers: &[&str]| {
        let mut fake = skip_or_not();
        fake.share_gpus(workers);
        let evidence = Evidence::new(&fake.record, fake.details.clone());
        let shares = packing::of(&evidence).into_iter();
        let shares: Vec<_> = shares
            .map(|it| (it.workers, it.trials, it.throughput))
            .collect();
        (shares, write(&fake))
    };
    // 16 trials; those beside a changing number count nowhere.
    let (found, [html, markdown, _]) = shares(&["1", "2", "1 to 3", "3"]);
    let expected = [(1, 4, 1.0), (2, 4, 1.6), (3, 4, 2.0)];
    assert_eq!(found.len(), expected.len());
    for ((workers, trials, found), expected) in found.into_iter().zip(expected) {
        assert_eq!((workers, trials), (expected.0, expected.1));
        assert!((found - expected.2).abs() < 1e-9, "{found}");
    }
    assert!(html.contains(packing::CAPTION) && html.contains("<td>× 1.60</td>"));
    assert!(markdown.contains("| 2 | 4 | × 1.60 |"), "{markdown}");
    for alike in [&["2"][..], &["1 to 2", "0", "-1", "1e9", "x"]] {
        let (found, [html, markdown, _]) = shares(alike);
        assert_eq!(found, []);
        assert!(!html.contains(packing::CAPTION) && !markdown.contains(packing::CAPTION));
    }
}

#[test]
fn curves_of_as_many_epochs_as_are_drawn_are_not_called_thinned() {
    for (epochs, thinned) in [(240, false), (241, true)] {
        let mut fake = skip_or_not();
        for detail in fake.details.values_mut() {
            let mut table = Table::default();
            table.insert("epoch", (1..=epochs).map(f64::from).collect());
            table.insert("test.bce", vec![0.5; epochs as usize]);
            detail.epochs = table;
        }
        let evidence = Evidence::new(&fake.record, fake.details.clone());
        let findings = Findings::of(&fake.record, &|_| None);
        let curves = curves::of(&evidence, &findings.comparisons);
        assert_eq!(
            (curves.thinned, curves.metrics[0].epochs.len()),
            (thinned, 240)
        );
    }
}
