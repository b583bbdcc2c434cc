//! Classification from outside: a sweep of residual networks through the binary, its record and its report.

mod scene;

use ablate::outcome::Outcome;
use scene::Scene;
use std::fs;

const SWEEP: &str = "
name: tiny
question: Does a residual connection help a small network to tell noisy digits apart?
base:
  task: classify
  data: { dataset: digits, train: 240, valid: 20, test: 60 }
  model: { arch: resnet, blocks: 1 }
  noise: { kind: gaussian, sigma: 0.1 }
  train: { epochs: 4, batch: 12, samples_every: 2, init: keras }
grid:
  model.residual: [none, add]
seeds: 2
compare:
  baseline: { model.residual: none }
  metric: test.accuracy
  expect: higher
";

#[test]
fn a_sweep_of_resnets_learns_is_recorded_and_reported() {
    let scene = Scene::of(SWEEP);
    let output = scene.run(&["--workers", "2"], 0);
    let record = scene.record();
    assert_eq!(record.trials.len(), 4);
    for row in &record.trials {
        assert_eq!(row.outcome, Outcome::Completed);
        // Chance is 0.1, and 0.65 is the least found here; bits differ between dispatch levels, hence the distance.
        assert!(row.metrics["test.accuracy"] > 0.4, "{:?}", row.metrics);
        let [loss, valid] = ["test.cross_entropy", "valid.cross_entropy"].map(|m| row.metrics[m]);
        assert!(loss > 0.0 && loss < 10f64.ln() && valid.is_finite());
        assert!(!row.metrics.contains_key("test.bce"));
        let detail = record
            .details()
            .expect("an open file")
            .read(&row.id)
            .expect("details");
        let pictures = |name: &str| {
            let found = detail.samples.iter().find(|samples| samples.name == name);
            found.map(|samples| (samples.epochs.clone(), samples.shape))
        };
        assert_eq!(pictures("input"), Some((vec![0], [8, 28, 28])));
        assert_eq!(pictures("probabilities"), Some((vec![2, 4], [8, 28, 28])));
    }
    let table = String::from_utf8_lossy(&output.stdout).into_owned();
    let html = fs::read_to_string(scene.folder().join("report.html")).expect("a report");
    for text in [&table, &html] {
        assert!(text.contains("test.accuracy"), "{text}");
    }
    assert!(html.contains("probabilities"));
}

#[test]
fn results_do_not_depend_on_threads() {
    let digests = |threads| {
        let scene = Scene::of(SWEEP);
        scene.run(&["--workers", "2", "--threads", threads], 0);
        scene.digests()
    };
    let serial = digests("1");
    assert_eq!(serial.len(), 4);
    assert_eq!(digests("3"), serial);
}
