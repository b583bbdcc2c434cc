//! The same sweep on every instruction set of this machine, forced by `ABLATE_SIMD`.

mod scene;

use ablate::nn::ops::kernel::level::Level;
use ablate::record::read_trial_file;
use scene::Scene;

/// Oracle: each other. Rounding differs between instruction sets, and three epochs of training carry it on.
#[test]
fn every_instruction_set_trains_to_the_same_losses_and_is_recorded() {
    let mut losses: Vec<Vec<f64>> = Vec::new();
    for level in Level::available() {
        let scene = Scene::new();
        let output = scene
            .command(&[])
            .env("ABLATE_SIMD", level.name())
            .output()
            .expect("started");
        assert!(output.status.success(), "{output:?}");
        let record = scene.record();
        let mut found = Vec::new();
        for row in &record.trials {
            found.push(row.metrics["test.bce"]);
            let file = scene.folder().join("trials").join(format!("{}.h5", row.id));
            let trial = read_trial_file(&file, &row.id).expect("a committed trial");
            assert_eq!(trial.result.dispatch, level.name());
        }
        losses.push(found);
    }
    for found in &losses {
        for (found, first) in found.iter().zip(&losses[0]) {
            assert!((found - first).abs() < 1e-3 * first, "{losses:?}");
        }
    }
}

#[test]
fn an_instruction_set_that_is_not_there_is_refused_by_name() {
    let scene = Scene::new();
    let output = scene
        .command(&[])
        .env("ABLATE_SIMD", "sse9")
        .output()
        .expect("started");
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("sse9") && text.contains("portable"), "{text}");
}
