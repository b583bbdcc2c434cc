//! The fetching itself, with small published files in place of MNIST's.

use crate::names_in;
use crate::server::{Answer, Server};
use ablate::data::Published;
use ablate::data::fetch::{Event, fetch};
use ablate::{Error, ExitCode};
use sha2::{Digest as _, Sha256};
use std::fs;
use std::io::Write as _;
use std::path::Path;

const CONTENT: &[u8] = b"the raw content that was published";

fn published() -> Published {
    let digest = Sha256::digest(CONTENT);
    Published {
        name: "images".into(),
        raw_bytes: CONTENT.len() as u64,
        sha256: digest.iter().map(|byte| format!("{byte:02x}")).collect(),
    }
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder
        .write_all(content)
        .and_then(|()| encoder.finish())
        .expect("memory takes all")
}

fn good() -> Server {
    Server::start().with("images.gz", Answer::Whole(gzip(CONTENT)))
}

/// Fetches and gives back what happened, one word an event.
fn run(folder: &Path, mirrors: &[&Server]) -> (Result<(), Error>, Vec<&'static str>) {
    let mirrors: Vec<String> = mirrors.iter().map(|server| server.mirror()).collect();
    let mut events = Vec::new();
    let outcome = fetch(&[published()], &mirrors, folder, &mut |event| match event {
        Event::Kept(_) => events.push("kept"),
        Event::Started(..) => events.push("started"),
        Event::Failed(..) => events.push("failed"),
        Event::Stored(_) => events.push("stored"),
        Event::Received(_) => (),
    });
    (outcome, events)
}

#[test]
fn a_good_file_is_stored_once_and_kept_afterwards() {
    let folder = tempfile::tempdir().unwrap();
    let server = good();
    let (outcome, events) = run(folder.path(), &[&server]);
    outcome.unwrap();
    assert_eq!(events, ["started", "stored"]);
    assert_eq!(
        fs::read(folder.path().join("images.gz")).unwrap(),
        gzip(CONTENT)
    );
    let (outcome, events) = run(folder.path(), &[&server]);
    outcome.unwrap();
    assert_eq!((events, server.requests()), (vec!["kept"], 1));
    assert_eq!(names_in(folder.path()).len(), 1);
}

#[test]
fn every_bad_answer_sends_the_reader_to_the_next_mirror() {
    let whole = gzip(CONTENT);
    let mut flipped = whole.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 4;
    let bad = [
        None,
        Some(Answer::Cut(whole.clone(), whole.len() - 9)),
        Some(Answer::Unannounced(whole[..whole.len() - 9].to_vec())),
        Some(Answer::Whole(flipped)),
        Some(Answer::Whole(gzip(b"another content, of another length"))),
        Some(Answer::Whole(gzip(&[0; 100]))),
        Some(Answer::Whole(gzip(&[0; 1 << 22]))),
        Some(Answer::Whole(vec![0; 2 << 20])),
        Some(Answer::Whole(CONTENT.to_vec())),
        Some(Answer::Whole(Vec::new())),
    ];
    for (case, answer) in bad.into_iter().enumerate() {
        let folder = tempfile::tempdir().unwrap();
        let first = match answer {
            Some(answer) => Server::start().with("images.gz", answer),
            None => Server::start(),
        };
        let (outcome, events) = run(folder.path(), &[&first, &good()]);
        outcome.unwrap();
        assert!(
            events.ends_with(&["failed", "started", "stored"]),
            "{case}: {events:?}"
        );
        assert_eq!(
            names_in(folder.path()),
            [folder.path().join("images.gz")],
            "{case}"
        );

        let folder = tempfile::tempdir().unwrap();
        let (outcome, _) = run(folder.path(), &[&first, &first]);
        let error = outcome.expect_err("no good copy");
        assert_eq!(error.exit_code(), ExitCode::BadData, "{case}: {error}");
        assert!(names_in(folder.path()).is_empty(), "{case}");
    }
}

#[test]
fn an_unreachable_mirror_is_no_worse_than_a_bad_one() {
    let folder = tempfile::tempdir().unwrap();
    // Nobody listens on a port that was just given back.
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let mirrors = [
        format!("http://{port}/mnist"),
        "no address".into(),
        good().mirror(),
    ];
    fetch(&[published()], &mirrors, folder.path(), &mut |_| ()).unwrap();
    assert!(folder.path().join("images.gz").exists());
}

#[test]
fn a_damaged_file_is_replaced_by_a_good_one() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("images.gz"), &gzip(CONTENT)[..20]).unwrap();
    run(folder.path(), &[&good()]).0.unwrap();
    assert_eq!(
        fs::read(folder.path().join("images.gz")).unwrap(),
        gzip(CONTENT)
    );
}

#[test]
fn a_damaged_raw_file_would_hide_the_fetched_one_so_it_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let raw = folder.path().join("images");
    fs::write(&raw, "damaged").unwrap();
    let error = run(folder.path(), &[&good()]).0.expect_err("hidden");
    assert_eq!(error.exit_code(), ExitCode::BadData);
    assert!(error.to_string().contains("next: delete"), "{error}");
    fs::write(&raw, CONTENT).unwrap();
    assert_eq!(run(folder.path(), &[&good()]).1, ["kept"]);
}

#[test]
fn a_folder_that_cannot_be_written_is_not_the_mirrors_fault() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let error = run(&file.join("below"), &[&good()])
        .0
        .expect_err("no folder");
    assert_eq!(error.exit_code(), ExitCode::Io);
}
