//! Who works on a sweep, how its trials get on, and when it will end.

use crate::Place;
use crate::scene::{is_alive, wait_until};
use ablate::fanout::claims::{Claims, LEASE, plan_digest};
use ablate::fanout::status::{About, Now, Reporter, Running, State};
use serde_json::{Value, json};
use std::fs;

#[test]
fn living_runners_and_slurms_queue_are_shown_side_by_side() {
    let place = Place::new();
    let folder = place.freeze();
    let ids = place.ids();
    let plan = plan_digest(&ids);
    let claims = Claims::join(&folder, &plan, LEASE).expect("joined");
    let about = About {
        slurm_job_id: Some("12".into()),
        ..About::this(claims.runner(), &plan, 2, 3, ids.len())
    };
    let running = |index: usize| Running {
        index,
        id: ids[index].clone(),
        label: "x".into(),
        rank: 1,
        part: 0.25,
        ..Running::default()
    };
    let now = Now {
        running: vec![running(1), running(2)],
        state: State::Running,
        ..Now::default()
    };
    Reporter::new(&folder, about).expect("made").write(now);
    let submitted = folder.submitted().join("1");
    fs::create_dir_all(&submitted).expect("made");
    fs::write(
        submitted.join("jobs.json"),
        r#"{"jobs":[{"id":"12"},{"id":"13"}]}"#,
    )
    .expect("written");

    // Without Slurm first.
    let text = place.status(&[], 0);
    assert!(
        text.contains("0 of 4 trials done, 2 running, 2 waiting"),
        "{text}"
    );
    assert!(text.contains(&format!("{} 25 %", &ids[1][..8])), "{text}");

    place.squeue(
        r#"[ "$*" = '-h -j 12,13 -o %i %T %M %L %R' ] || exit 9
echo '12 RUNNING 1:00 59:00 exp-1'
echo '13 NEWSTATE 0:00 1:00:00 (Some reason)'
echo 'slurm_load_jobs error: Invalid job id specified' >&2
exit 1"#,
    );
    let text = place.status(&[], 0);
    assert!(text.contains("12: RUNNING, 59:00 left"), "{text}");
    assert!(
        text.contains("Slurm job 13: NEWSTATE (Some reason)"),
        "{text}"
    );
    let json = place.json();
    assert_eq!(json["runners"][0]["presence"], "alive");
    assert_eq!(json["slurm"][1]["state"], "NEWSTATE");

    drop(claims);
    let json = place.json();
    assert_eq!(json["runners"][0]["presence"], "left");
    assert_eq!(json["trials"]["running"], 0);
}

/// The training loss of the first trial in training: its id, and the curve.
fn live_curve(status: &Value) -> Option<(String, Vec<(u64, f64)>)> {
    let trial = &status["running"][0];
    let points = trial["curves"]["train_loss"].as_array()?;
    let point = |point: &Value| Some((point[0].as_u64()?, point[1].as_f64()?));
    let points: Option<Vec<_>> = points.iter().map(point).collect();
    Some((trial["id"].as_str()?.to_owned(), points?))
}

#[test]
fn a_curve_grows_while_its_trial_trains_and_looking_changes_nothing() {
    let place = Place::new();
    // Nobody sees the end of these.
    place.scene.write("[[], [14]]", 100_000);
    let mut run = place.scene.start(&["--workers", "1"], 1);
    let mut seen = None;
    wait_until("the curve grows", || {
        assert!(run.is_alive(), "the run ended before it was seen");
        let json = place.json();
        let Some((id, curve)) = live_curve(&json) else {
            return false;
        };
        assert!(curve.len() <= 60 && curve.is_sorted_by(|a, b| a.0 < b.0));
        assert_eq!(curve[0].0, 1);
        let trial = &json["running"][0];
        let last = curve.last().map(|(epoch, _)| *epoch);
        assert_eq!(
            (trial["epoch"].as_u64(), &trial["epochs"]),
            (last, &100_000.into())
        );
        let (known, before) = seen.get_or_insert((id.clone(), last));
        assert_eq!(*known, id);
        last > *before
    });
    let text = place.status(&[], 0);
    assert!(text.contains("test.bce by epoch, mean of seeds"), "{text}");
    assert!(text.contains(" of 100000: 0."), "{text}");
    let workers = run.workers();
    drop(run);
    wait_until("its workers are gone", || {
        !workers.iter().any(|worker| is_alive(*worker))
    });

    let before = place.scene.files();
    let text = place.status(&[], 0);
    assert!(
        text.contains("no runner is alive: it will not finish by itself\n"),
        "{text}"
    );
    assert!(before == place.scene.files(), "looking writes nothing");
}

#[test]
fn the_end_is_projected_from_what_was_measured_and_who_works() {
    let place = Place::new();
    place.scene.run(&[], 0);
    assert_eq!(place.json()["projection"], json!({"state": "finished"}));
    // One arm more: two trials, of which nothing is measured but what others took.
    place.scene.write("[[], [14], [28]]", 3);
    let folder = place.freeze();
    let projection = place.json()["projection"].clone();
    assert_eq!(projection["state"], "nobody");
    let of_one = projection["worker_seconds"].as_f64().expect("seconds");
    assert!(of_one > 0.0);

    let ids = place.ids();
    let plan = plan_digest(&ids);
    let claims = Claims::join(&folder, &plan, LEASE).expect("joined");
    let about = About::this(claims.runner(), &plan, 1, 2, ids.len());
    Reporter::new(&folder, about)
        .expect("made")
        .write(Now::default());
    let projection = place.json()["projection"].clone();
    assert_eq!(projection["state"], "projected");
    assert_eq!(projection["workers"], 2);
    let at = projection["at"].as_str().expect("a time");
    assert!(
        at.len() == "2026-01-01T00:00:00Z".len() && at.ends_with('Z'),
        "{at}"
    );
    // Both trials have equal costs, so two workers take half the time.
    let seconds = projection["seconds"].as_f64().expect("seconds");
    assert!((seconds - of_one / 2.0).abs() < 1e-6, "{seconds} {of_one}");
    let text = place.status(&[], 0);
    assert!(
        text.contains(" left, at ") && text.contains("(2 workers)"),
        "{text}"
    );
}
