use super::*;

fn folder() -> (tempfile::TempDir, Folder) {
    let results = tempfile::tempdir().unwrap();
    let folder = Folder::create(results.path(), "x").unwrap();
    (results, folder)
}

fn about() -> About {
    About {
        slurm_job_id: Some("123_4".into()),
        restart_count: Some(1),
        ..About::this("here.1.0123abcd", "0123456789ab", 2, 8, 200)
    }
}

fn busy() -> Now {
    Now {
        done: 57,
        finished: 20,
        running: vec![Running {
            index: 7,
            id: "ab".repeat(32),
            label: "model.skip.at=[14] seed 3".into(),
            rank: 1,
            part: 0.5,
            from: 0.25,
            seconds: 12.5,
            epoch: 2,
            epochs: 4,
            curves: [("train_loss".to_owned(), vec![(1, 0.7), (2, 0.5)])].into(),
        }],
        state: State::Failed("a \"quoted\" message".into()),
    }
}

#[test]
fn a_status_reads_back_whatever_its_state() {
    let (_results, folder) = folder();
    let mut reporter = Reporter::new(&folder, about()).unwrap();
    let states = [
        State::Running,
        State::Stopping,
        State::Left,
        State::Failed("why".into()),
    ];
    for state in states {
        let now = Now { state, ..busy() };
        reporter.write(now.clone());
        let [status] = &read_all(&folder).unwrap()[..] else {
            panic!("one status");
        };
        assert_eq!((&status.about, &status.now), (&about_at(status), &now));
    }
    reporter.others_have(16);
    reporter.write(busy());
    let told = read_all(&folder).unwrap().remove(0).about.workers;
    assert_eq!(told, about().workers + 16);
    let names = fs::read_dir(folder.status()).unwrap().count();
    assert_eq!(names, 1, "no temporary file stays");
}

fn about_at(status: &Status) -> About {
    About {
        started: status.about.started.clone(),
        ..about()
    }
}

#[test]
fn ticks_write_now_and_then_only() {
    let (_results, folder) = folder();
    let mut reporter = Reporter::new(&folder, about()).unwrap();
    let mut asked = 0;
    for _ in 0..100 {
        reporter.written = reporter.written.map(|_| Instant::now());
        reporter.tick(|| {
            asked += 1;
            busy()
        });
    }
    assert_eq!(asked, 1);
    reporter.written = Instant::now().checked_sub(EVERY);
    reporter.tick(|| {
        asked += 1;
        busy()
    });
    assert_eq!(asked, 2);
}

#[test]
fn a_status_cut_at_any_byte_is_left_out_and_so_is_what_is_not_ours() {
    let (_results, folder) = folder();
    Reporter::new(&folder, about()).unwrap().write(busy());
    let path = folder.status().join("here.1.0123abcd.json");
    let whole = fs::read_to_string(&path).unwrap();
    assert_eq!(read_all(&folder).unwrap().len(), 1);
    for cut in 0..whole.len() {
        fs::write(&path, &whole[..cut]).unwrap();
        assert_eq!(read_all(&folder).unwrap(), []);
    }
    for (old, new) in [
        ("\"format\":1", "\"format\":2"),
        ("here.1.0123abcd", "here.1.00000000"),
        ("0123456789ab", "../../../../x"),
        ("123_4", "1; touch CANARY"),
    ] {
        assert!(whole.contains(old));
        fs::write(&path, whole.replace(old, new)).unwrap();
        assert_eq!(read_all(&folder).unwrap(), [], "{new}");
    }
}

#[test]
fn what_an_earlier_version_said_of_a_trial_is_understood() {
    let text = r#"{"index":7,"id":"ab","label":"x","rank":1,"part":0.5}"#;
    let read: Running = serde_json::from_str(text).unwrap();
    assert_eq!((read.part, read.epochs, read.curves.len()), (0.5, 0, 0));
}

#[test]
fn what_no_runner_says_of_a_trial_is_brought_into_bounds() {
    let hostile = Running {
        part: 1e300,
        from: -1.0,
        seconds: -5.0,
        ..busy().running.remove(0)
    };
    let bounded = hostile.clone().bounded();
    assert_eq!(
        (bounded.part, bounded.from, bounded.seconds),
        (1.0, 0.0, 0.0)
    );
    assert_eq!(bounded.curves, hostile.curves);
    let many = (0..61).map(|epoch| (epoch, 0.5)).collect();
    for points in [many, vec![(2, 0.5), (1, 0.5)]] {
        let mut hostile = hostile.clone();
        hostile.curves.insert("x".to_owned(), points);
        assert!(hostile.bounded().curves.is_empty());
    }
}

#[test]
fn a_status_that_cannot_be_written_stops_nobody() {
    let (_results, folder) = folder();
    let mut reporter = Reporter::new(&folder, about()).unwrap();
    fs::remove_dir_all(folder.status()).unwrap();
    reporter.write(busy());
    assert!(reporter.failing);
    assert_eq!(read_all(&folder).unwrap(), []);
}

#[test]
fn only_what_slurm_calls_a_job_is_a_job() {
    assert!(is_job_id("123") && is_job_id("123_4"));
    for text in ["", "_1", "1;2", "1 2", "-1", "$(x)", "1\n", &"1".repeat(33)] {
        assert!(!is_job_id(text), "{text:?}");
    }
}
