//! Exactly one valid result per trial, whoever commits and whatever was left before.

use crate::fixture::{files, folder, id, trial};
use ablate::record::{Commit, commit, digest, done, read_trial_file, remove_stale_temps};

#[test]
fn a_trial_reads_back_as_it_was_committed() {
    let (_place, folder) = folder();
    let record = trial(7);
    assert_eq!(commit(&folder, &record).expect("commit"), Commit::New);
    let back = read_trial_file(&folder.trial(&record.id), &record.id).expect("read");
    // NaN is not equal to itself: the text has every bit but those of NaN, the digest has those.
    assert_eq!(format!("{back:?}"), format!("{record:?}"));
    assert_eq!(digest::content(&back), digest::content(&record));
}

#[test]
fn a_second_commit_changes_nothing() {
    let (_place, folder) = folder();
    let first = trial(1);
    commit(&folder, &first).expect("commit");
    let before = std::fs::read(folder.trial(&first.id)).expect("file");
    let mut second = trial(1);
    second.attempt = 2;
    assert_eq!(commit(&folder, &second).expect("commit"), Commit::Already);
    assert_eq!(
        std::fs::read(folder.trial(&first.id)).expect("file"),
        before
    );
    assert_eq!(files(&folder.trials()).len(), 1);
}

#[test]
fn eight_threads_that_commit_one_trial_make_it_once() {
    let (_place, folder) = folder();
    let results: Vec<Commit> = std::thread::scope(|scope| {
        let threads: Vec<_> = (1..=8)
            .map(|attempt| {
                let folder = &folder;
                scope.spawn(move || {
                    let mut record = trial(3);
                    record.attempt = attempt;
                    commit(folder, &record).expect("commit")
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().expect("thread"))
            .collect()
    });
    assert_eq!(results.iter().filter(|how| **how == Commit::New).count(), 1);
    assert_eq!(files(&folder.trials()), [folder.trial(&id(3))]);
    read_trial_file(&folder.trial(&id(3)), &id(3)).expect("valid");
}

#[test]
fn what_a_dead_process_left_half_written_is_no_trial_and_is_removed() {
    let (_place, folder) = folder();
    let mut dead = std::process::Command::new("true").spawn().expect("true");
    dead.wait().expect("ended");
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").expect("host");
    let host: String = host
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || *c == '-')
        .collect();
    let name = format!(".{}.1.{}.{host}.0.tmp", id(1), dead.id());
    std::fs::create_dir(folder.status()).expect("made by the first runner");
    let left = [
        folder.trials(),
        folder.shards(),
        folder.attempts(),
        folder.status(),
    ];
    let left = left.map(|dir| dir.join(&name));
    for path in &left {
        std::fs::write(path, "half").expect("write");
    }
    assert!(done(&folder).expect("done").is_empty());
    remove_stale_temps(&folder).expect("swept");
    for path in &left {
        assert!(!path.exists(), "{}", path.display());
    }
}

#[test]
fn a_text_that_hdf5_cannot_hold_is_refused_and_leaves_nothing() {
    let (_place, folder) = folder();
    let mut record = trial(1);
    record.result.message = "a\0b".into();
    commit(&folder, &record).expect_err("NUL");
    assert!(files(&folder.trials()).is_empty());
}

#[test]
fn a_trial_file_that_cannot_be_made_is_an_error_of_the_file_system() {
    let (_place, folder) = folder();
    std::fs::remove_dir(folder.trials()).expect("empty");
    let error = commit(&folder, &trial(1)).expect_err("nowhere to write");
    assert_eq!(error.exit_code(), ablate::error::ExitCode::Io, "{error}");
    let folder = folder.trials().display().to_string();
    assert!(error.to_string().contains(&folder), "{error}");
}

#[test]
fn the_logical_digest_forgets_time_and_machine_but_nothing_else() {
    let mut other = trial(1);
    other.attempt = 9;
    other.result.wall_seconds = 99.0;
    other.environment.clear();
    other.result.epochs.insert("seconds", vec![7.0, 7.0, 7.0]);
    assert_eq!(digest::logical(&other), digest::logical(&trial(1)));
    assert_ne!(digest::content(&other), digest::content(&trial(1)));

    let changes: [fn(&mut ablate::record::TrialRecord); 7] = [
        |r| r.config.push(' '),
        |r| r.seed += 1,
        |r| r.data_digest.push('x'),
        |r| r.result.epochs.insert("train_loss", vec![1.0, 2.0, 3.0]),
        |r| r.result.samples[1].pixels[0] ^= 1,
        |r| r.result.parameters_digest.push('x'),
        |r| {
            r.result.metrics.insert("test.bce".into(), -0.0);
        },
    ];
    for (number, change) in changes.iter().enumerate() {
        let mut changed = trial(1);
        change(&mut changed);
        assert_ne!(
            digest::logical(&changed),
            digest::logical(&trial(1)),
            "change {number}"
        );
    }
}
