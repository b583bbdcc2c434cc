use super::*;
use crate::fanout::attempts;
use crate::fanout::status::{About, Now, Reporter, Running};

fn folder() -> (tempfile::TempDir, Folder) {
    let results = tempfile::tempdir().unwrap();
    let folder = Folder::create(results.path(), "x").unwrap();
    (results, folder)
}

#[test]
fn attempts_come_in_the_order_of_their_numbers_damaged_ones_included() {
    let (_results, folder) = folder();
    let attempt = Attempt {
        id: "aa".into(),
        class: "panic".into(),
        message: "index out of bounds".into(),
        log: None,
        host: "here".into(),
        pid: 1,
        time: "2026-01-01T00:00:00Z".into(),
    };
    for _ in 0..11 {
        attempts::record(&folder, &attempt).unwrap();
    }
    fs::write(folder.attempts().join("aa.10.json"), "{").unwrap();
    fs::write(folder.attempts().join("aab.1.json"), "{").unwrap();
    let found = super::attempts(&folder, "aa").unwrap();
    let numbers: Vec<_> = found.iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, (1..=11).collect::<Vec<_>>());
    assert_eq!(found[1].1, attempt);
    assert!(found[9].1.message.contains("damaged"));
}

#[test]
fn checkpoints_are_listed_by_attempt_and_step() {
    let (_results, folder) = folder();
    let root = folder.checkpoints("aa");
    for (attempt, name) in [
        ("10", "step-800.ckpt"),
        ("2", "step-90.ckpt"),
        ("2", "step-100.ckpt"),
        ("2", "x.tmp"),
        ("3", "y"),
    ] {
        fs::create_dir_all(root.join(attempt)).unwrap();
        fs::write(root.join(attempt).join(name), "").unwrap();
    }
    assert_eq!(
        checkpoints(&root).unwrap(),
        ["attempt 2: step 90, step 100", "attempt 10: step 800"]
    );
    assert!(checkpoints(&folder.checkpoints("bb")).unwrap().is_empty());
}

#[test]
fn a_long_log_is_read_from_its_end() {
    let (_results, folder) = folder();
    let path = folder.logs().join("worker-1.log");
    let text: String = (0..100_000).map(|line| format!("line {line}\n")).collect();
    fs::write(&path, text).unwrap();
    assert_eq!(tail(&path, 2).unwrap(), "line 99998\nline 99999");
    assert_eq!(
        tail(&folder.logs().join("worker-2.log"), 2).unwrap(),
        "it is gone"
    );
    fs::write(&path, "").unwrap();
    assert_eq!(tail(&path, 2).unwrap(), "");
}

#[test]
fn slurms_logs_are_those_of_the_jobs_that_train_it() {
    let (_results, folder) = folder();
    let about = About {
        slurm_job_id: Some("12".into()),
        ..About::this("here.1.0123abcd", "0123456789ab", 1, 1, 1)
    };
    let running_now = Running {
        index: 0,
        id: "aa".into(),
        label: String::new(),
        rank: 0,
        part: 0.25,
        ..Running::default()
    };
    let now = Now {
        running: vec![running_now],
        ..Now::default()
    };
    let mut reporter = Reporter::new(&folder, about).unwrap();
    reporter.write(now.clone());
    for name in [
        "slurm-12.out",
        "slurm-tiny-12.out",
        "slurm-123.out",
        "slurm-112.out",
        "worker-12.log",
    ] {
        fs::write(folder.logs().join(name), "").unwrap();
    }
    let logs = |id| {
        let running = running(&folder, id).unwrap();
        let logs = slurm_logs(&folder, &running).unwrap();
        logs.iter()
            .map(|path| path.file_name().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(logs("aa"), ["slurm-12.out", "slurm-tiny-12.out"]);
    assert_eq!(logs("bb"), [""; 0]);
    let text = outcome(&folder, "aa", &running(&folder, "aa").unwrap()).unwrap();
    assert!(
        text.contains("in training on") && text.contains("25 % done"),
        "{text}"
    );
    reporter.write(Now {
        state: status::State::Left,
        ..now
    });
    assert_eq!(logs("aa"), [""; 0]);
}
