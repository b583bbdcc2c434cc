//! Statuses that are damaged, or made to harm.

use crate::Place;
use ablate::fanout::claims::{Claims, LEASE, plan_digest};
use ablate::fanout::status::{About, Now, Reporter, Running};
use std::fs;

#[test]
fn what_a_damaged_or_hostile_status_says_harms_nobody() {
    let place = Place::new();
    let folder = place.freeze();
    let ids = place.ids();
    let plan = plan_digest(&ids);
    let claims = Claims::join(&folder, &plan, LEASE).expect("joined");
    let about = About::this(claims.runner(), &plan, usize::MAX, usize::MAX, 0);
    let curve = |values: [f64; 2]| vec![(1, values[0]), (u64::MAX, values[1])];
    let running = |index: usize, values| Running {
        index,
        id: ids[index % ids.len()].clone(),
        label: "\u{1b}]0;owned\u{7}".into(),
        part: 1e300,
        from: -1.0,
        seconds: f64::MAX,
        epoch: u64::MAX,
        epochs: u64::MAX,
        curves: [("train_loss".to_owned(), curve(values))].into(),
        ..Running::default()
    };
    let now = Now {
        running: vec![
            running(0, [f64::MAX, f64::MIN]),
            running(1, [f64::MIN_POSITIVE, f64::MAX]),
            running(2, [0.0, -0.0]),
            running(usize::MAX, [1.0, 2.0]),
        ],
        ..Now::default()
    };
    Reporter::new(&folder, about).expect("made").write(now);
    for (name, bytes) in [
        ("a.1.00000000.json", &b"{\"format\":1}"[..]),
        ("b.1.00000000.json", &[0xff, 0x00, 0x1b][..]),
        ("c.1.00000000.json", b"[[[[[[[[[[[[[[[["),
    ] {
        fs::write(folder.status().join(name), bytes).expect("written");
    }
    let text = place.status(&[], 0);
    assert!(
        text.contains("0 of 4 trials done, 3 running, 1 waiting"),
        "{text}"
    );
    let acts = |c: char| c.is_control() && c != '\n';
    assert!(!text.contains(acts), "{text:?}");
    let json = place.json();
    assert_eq!(json["running"].as_array().map(Vec::len), Some(3));
    assert_eq!(json["running"][0]["part"], 1.0);
}
