use super::*;
use crate::cli::status::arms::Arm;
use crate::cli::status::show::page::Ink;

fn shown(point: usize, label: &str, values: &[f64], training: &[(u64, u64)]) -> Shown {
    let mut arm = Arm::new(point, point == 0, 4);
    (arm.done, arm.training) = (values.len(), training.to_vec());
    values.iter().for_each(|value| arm.learn(*value));
    let falling = |to: u64| (1..=to).map(|epoch| (epoch, 1.0 / (epoch + point as u64) as f64));
    let curve = |to| [(TRAIN_LOSS.to_owned(), falling(to).collect())].into();
    let committed = values.iter().map(|_| curve(20));
    let live = training.iter().map(|(epoch, _)| curve(*epoch));
    Shown {
        label: format!("model.{label}"),
        short: label.to_owned(),
        arm,
        curves: committed.chain(live).collect(),
    }
}

fn board() -> Board {
    Board {
        metric: "test.bce".into(),
        arms: vec![
            shown(0, "skip.at=[]", &[0.125, 0.135], &[]),
            shown(1, "skip.at=[14]", &[0.1], &[(7, 20)]),
            shown(2, "skip.at=[28]", &[], &[(3, 20), (5, 20)]),
        ],
        more: 2,
    }
}

fn page(columns: usize, rows: Option<usize>) -> Page {
    Page {
        columns,
        rows,
        ink: Ink::Plain,
    }
}

/// Oracle: the spread of two values is their difference over √2.
#[test]
fn every_arm_has_a_letter_in_the_chart_and_a_line_below() {
    let text = text(&board(), page(80, Some(40)));
    for line in [
        "train_loss by epoch, mean of seeds, log axis",
        "a 0.1300 sd 0.0071  2/4 baseline model.skip.at=[]",
        "b 0.1000            1/4 model.skip.at=[14]  epoch 7 of 20",
        "c -                 0/4 model.skip.at=[28]  epoch 5 of 20: 0.1429",
        "and 2 more arms that have begun",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
    let chart: String = text.lines().filter(|line| line.contains('│')).collect();
    for letter in ['a', 'b', 'c'] {
        assert!(chart.contains(letter), "{letter}\n{text}");
    }
    assert!(
        text.contains("1.000 │") && text.contains("0.04762 │"),
        "{text}"
    );
}

#[test]
fn no_line_is_wider_than_a_narrow_terminal_and_what_tells_arms_apart_stays() {
    for columns in [40, 41, 53, 80, 200] {
        let text = text(&board(), page(columns, Some(23)));
        for line in text.lines() {
            assert!(line.chars().count() <= columns, "{columns}: {line}");
        }
    }
    let narrow = text(&board(), page(40, Some(23)));
    assert!(narrow.contains("1/4 skip.at=[14] 7/20"), "{narrow}");
}

#[test]
fn what_is_compared_is_drawn_where_it_is_measured_and_nothing_where_nothing_is() {
    let mut board = board();
    let metric = board.metric.clone();
    let curve = vec![(1, 0.5), (2, 0.4)];
    board.arms[2].curves[0].insert(metric, curve);
    assert!(text(&board, page(80, None)).starts_with("test.bce by epoch"));
    board.arms.iter_mut().for_each(|shown| shown.curves.clear());
    assert!(text(&board, page(80, None)).starts_with("a 0.1300"));
    assert_eq!(text(&Board::default(), page(80, None)), "");
}

#[test]
fn colours_are_for_terminals_and_labels_act_nowhere() {
    let mut board = board();
    board.arms[1].label = "x\u{1b}[2J".into();
    let plain = text(&board, page(80, None));
    assert!(
        !plain.contains('\u{1b}') && plain.contains("x·[2J"),
        "{plain}"
    );
    let ink = Page {
        ink: Ink::Colour,
        ..page(80, None)
    };
    let coloured = text(&board, ink);
    let unpainted = ["\u{1b}[33m", "\u{1b}[36m", "\u{1b}[35m", "\u{1b}[39m"]
        .iter()
        .fold(coloured.clone(), |text, code| text.replace(code, ""));
    assert!(coloured != plain && unpainted == plain, "{coloured}");
}

#[test]
fn numbers_have_four_digits() {
    for (value, text) in [
        (0.0, "0"),
        (0.123_456, "0.1235"),
        (-1.0, "-1.000"),
        (0.001_234_56, "0.001235"),
        (12_345.6, "12346"),
        (1e5, "1.00e5"),
        (1e-7, "1.00e-7"),
    ] {
        assert_eq!(number(value), text);
    }
    assert_eq!(as_exact(0.01, 1.5), "0.010");
    assert_eq!(as_exact(1e-6, 1.5), "1.00e-6");
    assert_eq!(as_exact(0.0, 1.5), "0.000");
}
