use super::node::{self, Node, Tree};
use super::*;
use proptest::prelude::*;

fn refused(yaml: &str) -> String {
    match Sweep::parse("x.yaml", yaml) {
        Err(Error::Sweep(text)) => text,
        other => panic!("expected a refusal, found {other:?}"),
    }
}

fn child<'a>(node: &'a Node, name: &str) -> &'a Node {
    match &node.value {
        Tree::Map(entries) => {
            &entries
                .iter()
                .find(|(key, _)| key.name == name)
                .expect("key")
                .1
        }
        _ => panic!("no mapping"),
    }
}

#[test]
fn places_survive_nesting_flow_and_aliases() {
    let text = "a:\n  é: &v\n    - 1\n    - {deep: [x, yy, zzz]}\nb: *v\n";
    let root = node::parse(text).expect("YAML");
    let list = child(child(&root, "a"), "é");
    let deep = child(list.descend(&[1]), "deep");
    assert_eq!(list.descend(&[0]).place, Place { line: 3, column: 7 });
    assert_eq!(
        deep.descend(&[2]).place,
        Place {
            line: 4,
            column: 22
        }
    );
    // What an alias stands for is shown where it is written.
    let alias = child(child(&root, "b").descend(&[1]), "deep");
    assert_eq!(
        alias.descend(&[1]).place,
        Place {
            line: 4,
            column: 18
        }
    );
    let Tree::Map(entries) = &root.value else {
        panic!("no mapping")
    };
    let keys: Vec<_> = entries
        .iter()
        .map(|(key, _)| (key.name.as_str(), key.place.line))
        .collect();
    assert_eq!(keys, [("a", 1), ("b", 5)]);
}

#[test]
fn a_sweep_is_read_as_the_design_writes_it() {
    let text = "name: a.b-c_1
base:
  train: { lr: 1e-3 }
  model.skip: { tap: after_pool }
  data.valid: 10
grid:
  model.skip.at: [[], [14]]
  model: { depth: { from: 1, to: 3 } }
zip:
  - { model.widths: [[32, 64], [64, 128]], train.lr: [2e-3, 1e-3] }
include:
  - { model.bottleneck: none }
exclude:
  - { model.depth: 3, model.skip.at: [14] }
seeds: [3, 1]
sample: { random: 5 }
compare: { baseline: { model.bottleneck: none }, metric: valid.psnr, expect: { same: 0.5 } }
";
    let sweep = Sweep::parse("x.yaml", text).expect("good");
    let paths = |axis: &Axis| {
        axis.fields
            .iter()
            .map(|field| field.path)
            .collect::<Vec<_>>()
    };
    let axes: Vec<_> = sweep
        .axes
        .iter()
        .map(|axis| (paths(axis), axis.levels.len()))
        .collect();
    let expected = [
        (vec!["model.skip.at"], 2),
        (vec!["model.depth"], 3),
        (vec!["model.widths", "train.lr"], 2),
    ];
    assert_eq!(axes, expected);
    assert_eq!(sweep.base.model.skip.tap, crate::config::Tap::AfterPool);
    assert_eq!((sweep.include.len(), sweep.exclude.len()), (1, 1));
    assert_eq!(sweep.seeds, [3, 1]);
    assert_eq!(
        sweep.sample.map(|sample| (sample.random, sample.seed)),
        Some((5, 0))
    );
    let compare = sweep.compare.expect("compare");
    assert_eq!(
        compare.baseline,
        [("model.bottleneck".to_owned(), "none".into())]
    );
    assert_eq!(compare.metric, "valid.psnr");
    assert_eq!(compare.expect, Some(Expect::Same { margin: 0.5 }));
    assert_eq!(sweep.text, text);
}

#[test]
fn a_byte_order_mark_is_no_part_of_the_first_key() {
    let sweep = Sweep::parse("x.yaml", "\u{feff}name: x").expect("good");
    assert!(sweep.text.starts_with('\u{feff}'), "kept as written");
    assert!(refused("\u{feff}nam: x").starts_with("x.yaml:1:1: "));
}

#[test]
fn several_errors_are_told_at_once_in_the_order_of_the_file() {
    let text = refused("seeds: 0\nname: /\nbase: { train.lr: x, train.lrr: 1 }");
    let places: Vec<_> = text
        .lines()
        .filter_map(|line| line.strip_prefix("x.yaml:"))
        .map(|line| &line[..1])
        .collect();
    assert_eq!(places, ["1", "2", "3", "3"]);
}

#[test]
fn names_that_could_leave_the_results_folder_are_refused() {
    for name in [
        "../x",
        "/x",
        ".x",
        "",
        "a b",
        "a\\n#SBATCH",
        "$(touch CANARY)",
        "`x`",
        "'",
        "é",
        "=cmd",
        "<script>",
        "a/b",
        "\\0",
        "\\u202e",
        "-x",
    ] {
        let text = refused(&format!("name: \"{name}\""));
        assert!(text.contains("cannot be a name"), "{name}: {text}");
    }
    assert!(refused(&format!("name: {}", "a".repeat(65))).contains("cannot be a name"));
    assert!(Sweep::parse("x.yaml", &format!("name: {}", "a".repeat(64))).is_ok());
}

#[test]
fn seeds_counts_from_zero() {
    assert_eq!(
        Sweep::parse("x.yaml", "name: x\nseeds: 3")
            .expect("good")
            .seeds,
        [0, 1, 2]
    );
}

/// Pieces that a hostile or careless hand may put together.
const PIECES: &[&str] = &[
    "name: x\n",
    "base:",
    "grid:",
    "zip:",
    "include:",
    "exclude:",
    "seeds:",
    "sample:",
    "compare:",
    " ",
    "\n",
    "\n  ",
    "\n- ",
    "[",
    "]",
    "{",
    "}",
    ",",
    ": ",
    "model.depth",
    "model.skip.at",
    "train.lr",
    "model:",
    "from: 1",
    "to: 3",
    "step: 0",
    "log:",
    "count: 2",
    "1",
    "-1",
    "1e400",
    ".nan",
    "none",
    "~",
    "&a",
    "*a",
    "<<:",
    "!t ",
    "'",
    "\"",
    "|\n",
    "---\n",
    "\t",
    "\u{0}",
    "\u{feff}",
    "é",
    "random: 1",
    "seed: 1",
    "baseline:",
    "metric: test.bce",
    "# x",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_text_makes_the_reader_panic(text in "\\PC{0,200}") {
        let _ = Sweep::parse("x.yaml", &text);
    }

    #[test]
    fn no_mixture_of_yaml_pieces_makes_the_reader_panic(
        pieces in proptest::collection::vec(proptest::sample::select(PIECES), 0..40)
    ) {
        let text = pieces.concat();
        let outcome = Sweep::parse("x.yaml", &text);
        if let Err(error) = outcome {
            let said = error.to_string();
            prop_assert!(said.starts_with("x.yaml:") && said.contains("; expected "), "{}", said);
        }
    }
}

#[test]
fn expecting_the_same_without_a_margin_is_answered_with_one() {
    let text = refused(
        "name: x\ncompare: { baseline: { model.depth: 1 }, metric: test.bce, expect: same }",
    );
    assert!(text.contains("did you mean `{ same: 0.01 }`?"), "{text}");
}
