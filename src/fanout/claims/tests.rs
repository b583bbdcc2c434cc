use super::*;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

const PLAN: &str = "0123456789ab";

/// A folder, and a clock that goes when it is told to.
struct Place {
    _results: tempfile::TempDir,
    folder: Folder,
    seconds: Arc<AtomicU64>,
}

impl Place {
    fn new() -> Self {
        let results = tempfile::tempdir().unwrap();
        Self {
            folder: Folder::create(results.path(), "x").unwrap(),
            _results: results,
            seconds: Arc::default(),
        }
    }

    /// A runner that beats only when a test says so.
    fn runner(&self) -> Claims {
        self.runner_with_clock_ahead(0)
    }

    fn runner_with_clock_ahead(&self, ahead: u64) -> Claims {
        let seconds = Arc::clone(&self.seconds);
        let clock = move || Duration::from_secs(ahead + seconds.load(Ordering::Relaxed));
        Claims::enter(&self.folder, PLAN, LEASE, Box::new(clock)).unwrap()
    }

    fn pass(&self, seconds: u64) {
        self.seconds.fetch_add(seconds, Ordering::Relaxed);
    }

    fn claim_file(&self, name: &str) -> PathBuf {
        self.folder.claims(PLAN).join(name)
    }
}

fn held(claim: &Claim) -> bool {
    matches!(claim, Claim::Held { .. })
}

#[test]
fn sixteen_runners_that_start_at_once_share_the_blocks_without_a_double() {
    let place = Place::new();
    let blocks = 200;
    let gate = std::sync::Barrier::new(16);
    let taken: Vec<usize> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..16)
            .map(|_| {
                scope.spawn(|| {
                    let mut claims = Claims::join(&place.folder, PLAN, LEASE).unwrap();
                    gate.wait();
                    let mine: Vec<_> = (0..blocks)
                        .filter(|&block| claims.claim(block).unwrap() == Claim::Mine)
                        .collect();
                    // Nobody leaves before all have asked.
                    gate.wait();
                    mine
                })
            })
            .collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect()
    });
    let mut sorted = taken.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, (0..blocks).collect::<Vec<_>>());
    for block in 0..blocks {
        assert!(!place.claim_file(&format!("{block}.2")).exists());
    }
}

#[test]
fn many_who_see_the_same_lease_end_make_one_new_owner() {
    let place = Place::new();
    let mut dead = place.runner();
    dead.claim(7).unwrap();
    std::mem::forget(dead);
    let mut others: Vec<_> = (0..16).map(|_| place.runner()).collect();
    for _ in 0..3 {
        assert!(
            others
                .iter_mut()
                .all(|other| held(&other.claim(7).unwrap()))
        );
        place.pass(20);
    }
    let gate = std::sync::Barrier::new(others.len());
    let owners: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = others
            .iter_mut()
            .map(|other| {
                scope.spawn(|| {
                    gate.wait();
                    usize::from(!held(&other.claim(7).unwrap()))
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .sum()
    });
    assert_eq!(owners, 1);
    assert!(place.claim_file("7.2").exists() && !place.claim_file("7.3").exists());
}

#[test]
fn a_silent_owner_keeps_a_block_for_its_lease_and_no_longer() {
    let place = Place::new();
    let mut owner = place.runner();
    let mut other = place.runner_with_clock_ahead(1_000_000);
    assert_eq!(owner.claim(0).unwrap(), Claim::Mine);
    assert_eq!(owner.claim(0).unwrap(), Claim::Mine, "asked twice");
    for silent in [0, 20, 40, 59] {
        place.pass(silent - place.seconds.load(Ordering::Relaxed));
        let expected = Claim::Held {
            by: owner.runner().to_owned(),
            silent: Duration::from_secs(silent),
            heard: false,
        };
        assert_eq!(other.claim(0).unwrap(), expected);
        assert!(owner.still_mine(0).unwrap());
    }
    place.pass(1);
    let from = owner.runner().to_owned();
    assert_eq!(other.claim(0).unwrap(), Claim::TakenOver(from));
    assert!(other.still_mine(0).unwrap());
}

#[test]
fn an_owner_that_beats_keeps_its_block_for_ever() {
    let place = Place::new();
    let (mut owner, mut other) = (place.runner(), place.runner());
    owner.claim(0).unwrap();
    for _ in 0..100 {
        assert!(held(&other.claim(0).unwrap()));
        place.pass(19);
        assert!(held(&other.claim(0).unwrap()));
        owner.beat.beat().unwrap();
        place.pass(19);
    }
}

#[test]
fn a_runner_that_slept_through_its_lease_finds_out() {
    let place = Place::new();
    let (mut sleeper, mut other) = (place.runner(), place.runner());
    sleeper.claim(0).unwrap();
    sleeper.claim(1).unwrap();
    for _ in 0..4 {
        other.claim(0).unwrap();
        place.pass(20);
    }
    assert!(other.still_mine(0).unwrap());
    sleeper.beat.beat().unwrap();
    assert!(!sleeper.still_mine(0).unwrap());
    assert!(held(&sleeper.claim(0).unwrap()));
    assert!(sleeper.still_mine(1).unwrap(), "nobody wanted that one");
    assert!(!sleeper.still_mine(2).unwrap(), "never claimed");
}

#[test]
fn what_a_runner_that_left_held_is_free_at_once_and_so_on_for_generations() {
    let place = Place::new();
    let mut from = None;
    for generation in 1..20 {
        let mut claims = place.runner();
        let claim = claims.claim(3).unwrap();
        match from.replace(claims.runner().to_owned()) {
            None => assert_eq!(claim, Claim::Mine),
            Some(from) => assert_eq!(claim, Claim::TakenOver(from)),
        }
        assert!(place.claim_file(&format!("3.{generation}")).exists());
    }
}

#[test]
fn what_a_dead_process_of_this_machine_held_is_free_at_once() {
    let place = Place::new();
    let mut other = place.runner();
    let mut child = std::process::Command::new("true").spawn().unwrap();
    child.wait().unwrap();
    let here = other.beat.runner.line();
    let words: Vec<_> = here.trim_end().split(' ').collect();
    let pid = child.id().to_string();
    let line = [
        words[0],
        "here.1.0123abcd",
        &pid,
        words[3],
        words[4],
        words[5],
    ]
    .join(" ")
        + "\n";
    fs::write(place.claim_file("0.1"), &line).unwrap();
    assert_eq!(
        other.claim(0).unwrap(),
        Claim::TakenOver("here.1.0123abcd".into())
    );
    fs::write(place.claim_file("1.1"), line.replace(words[4], "elsewhere")).unwrap();
    assert!(held(&other.claim(1).unwrap()));
}

#[test]
fn a_claim_cut_at_any_byte_is_taken_over_after_a_lease_and_never_before() {
    let place = Place::new();
    let mut owner = place.runner();
    owner.claim(0).unwrap();
    owner.beat.beat().unwrap();
    let whole = fs::read(place.claim_file("0.1")).unwrap();
    std::mem::forget(owner);
    let mut other = place.runner();
    let mut damaged: Vec<_> = (0..whole.len()).map(|cut| whole[..cut].to_vec()).collect();
    damaged.extend([vec![0; 600], vec![0xff; 3], b"..........".to_vec()]);
    for (block, bytes) in (1..).zip(&damaged) {
        fs::write(place.claim_file(&format!("{block}.1")), bytes).unwrap();
    }
    for _ in 0..3 {
        for block in 1..=damaged.len() {
            assert!(held(&other.claim(block).unwrap()), "{block}");
        }
        place.pass(20);
    }
    for block in 1..=damaged.len() {
        assert!(
            matches!(other.claim(block).unwrap(), Claim::TakenOver(_)),
            "{block}"
        );
    }
}

#[test]
fn a_living_runner_whose_file_was_cut_short_is_still_heard() {
    let place = Place::new();
    let (mut owner, mut other) = (place.runner(), place.runner());
    owner.claim(0).unwrap();
    fs::write(&owner.beat.path, "").unwrap();
    for _ in 0..20 {
        let claim = other.claim(0).unwrap();
        assert!(
            matches!(&claim, Claim::Held { by, .. } if by == "unknown"),
            "{claim:?}"
        );
        place.pass(20);
        owner.beat.beat().unwrap();
    }
}

#[test]
fn times_of_files_play_no_part() {
    let place = Place::new();
    let (mut owner, mut other) = (place.runner(), place.runner());
    owner.claim(0).unwrap();
    let file = fs::OpenOptions::new()
        .append(true)
        .open(&owner.beat.path)
        .unwrap();
    for stamp in [0, 4_000_000_000] {
        let stamp = std::time::UNIX_EPOCH + Duration::from_secs(stamp);
        file.set_modified(stamp).unwrap();
        assert!(held(&other.claim(0).unwrap()));
    }
}

#[test]
fn strange_names_are_nobodys_claims() {
    for name in [
        "x",
        "1",
        "1.x",
        ".1",
        "1.1.tmp",
        "here.12.0123abcd.beat",
        "7.5.0123abcd.beat",
        "1.99999999999",
    ] {
        assert_eq!(parse(name), None, "{name}");
    }
    assert_eq!(parse("12.3"), Some((12, 3)));
    let place = Place::new();
    assert!(Claims::join(&place.folder, "../x", LEASE).is_err());
}

#[test]
fn a_file_system_that_refuses_is_an_error() {
    let place = Place::new();
    let mut claims = place.runner();
    fs::remove_dir_all(place.folder.claims(PLAN)).unwrap();
    assert!(matches!(claims.claim(0), Err(Error::Io { .. })));
}

#[test]
fn plans_are_told_apart_by_their_trials_and_their_order() {
    let digest = plan_digest(["a", "b"]);
    assert_eq!(digest.len(), 12);
    assert_eq!(digest, plan_digest(["a".to_owned(), "b".to_owned()]));
    for other in [vec!["b", "a"], vec!["ab"], vec!["a"], vec![]] {
        assert_ne!(digest, plan_digest(other));
    }
}

#[test]
fn a_heart_beats_by_itself_and_leaving_is_the_last_beat() {
    let place = Place::new();
    let claims = Claims::join(&place.folder, PLAN, Duration::from_millis(12)).unwrap();
    let path = claims.beat.path.clone();
    let beats = || look(&path).unwrap().unwrap().beats;
    let first = beats();
    while beats() < first + 3 {
        std::thread::yield_now();
    }
    drop(claims);
    // A heart that went on would have beaten by then.
    std::thread::sleep(Duration::from_millis(20));
    assert!(look(&path).unwrap().unwrap().left);
}
