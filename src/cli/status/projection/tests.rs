use super::*;

fn seconds(pieces: &[u64]) -> Vec<Duration> {
    pieces.iter().copied().map(Duration::from_secs).collect()
}

fn work(first: &[u64], running: &[u64], waiting: &[u64]) -> Work {
    let [first, running, waiting] = [first, running, waiting].map(seconds);
    Work {
        first,
        running,
        waiting,
    }
}

fn workers(count: usize, until: Option<u64>, queued: usize) -> Hands {
    Hands::Workers {
        count,
        until: until.map(Duration::from_secs),
        queued,
    }
}

/// Oracle: by hand.
#[test]
fn the_longest_goes_to_whoever_is_free_first() {
    let makespan = |work: Work, workers| work.makespan(workers).as_secs();
    assert_eq!(makespan(work(&[], &[], &[]), 4), 0);
    assert_eq!(makespan(work(&[], &[], &[1, 2, 3]), 1), 6);
    // 5+2 and 4+3, not 5+4.
    assert_eq!(makespan(work(&[], &[], &[2, 3, 4, 5]), 2), 7);
    // Those in training keep their workers busy: free at 1 and at 10.
    assert_eq!(makespan(work(&[], &[10, 1], &[5, 4]), 2), 10);
    assert_eq!(makespan(work(&[], &[10, 1], &[6, 5]), 2), 12);
    // More workers than pieces, and fewer than trials in training.
    assert_eq!(makespan(work(&[], &[3], &[7]), usize::MAX), 7);
    assert_eq!(makespan(work(&[], &[3, 4, 5], &[]), 1), 5);
    // Nothing else starts before what is trained first.
    assert_eq!(makespan(work(&[10, 2], &[], &[1, 1]), 2), 11);
    assert_eq!(makespan(work(&[10], &[30], &[1]), 2), 30);
}

#[test]
fn a_makespan_lies_between_its_bounds() {
    // Graham 1969: longest first is within 4/3 of the best, which is at least the mean load and the longest piece.
    for workers in 1..9 {
        let pieces: Vec<_> = (0..50).map(|n| n * n % 37 + 1).collect();
        let left = work(&[], &[], &pieces);
        let mean = left.total().as_secs_f64() / workers as f64;
        let least = mean.max(*pieces.iter().max().expect("pieces") as f64);
        let made = left.makespan(workers).as_secs_f64();
        assert!(
            least <= made && made <= 4.0 / 3.0 * least + 1e-9,
            "{workers}"
        );
    }
}

#[test]
fn the_longest_times_overflow_nothing() {
    let left = Work {
        waiting: vec![Duration::MAX; 3],
        ..Work::default()
    };
    assert_eq!(left.makespan(1), Duration::MAX);
    let said = project(Some(&left), workers(1, None, 0)).words(|_| "never".to_owned());
    assert!(said.ends_with("at never (1 worker)"), "{said}");
}

#[test]
fn what_is_said_depends_on_who_is_there() {
    let left = work(&[], &[], &[600, 600, 600]);
    let say = |left: Option<&Work>, hands| project(left, hands).words(|in_s| format!("T+{in_s}"));
    for (left, hands, expected) in [
        (
            Some(&left),
            workers(2, None, 0),
            "about 20 min left, at T+1200 (2 workers)",
        ),
        (
            Some(&left),
            workers(2, Some(1300), 0),
            "about 20 min left, at T+1200 (2 workers)",
        ),
        (
            Some(&left),
            workers(2, Some(300), 0),
            "about 20 min left (2 workers), but Slurm ends them in 5 min; none waits: `ablate submit` again to go on",
        ),
        (
            Some(&left),
            workers(2, Some(300), 3),
            "about 20 min left (2 workers), but Slurm ends them in 5 min; 3 jobs wait in the queue",
        ),
        (
            None,
            workers(2, None, 0),
            "the end is not known yet: nothing is measured",
        ),
        (
            Some(&left),
            Hands::Nobody,
            "no runner is alive: it will not finish by itself (about 30 min of work for one worker)",
        ),
        (
            None,
            Hands::Nobody,
            "no runner is alive: it will not finish by itself",
        ),
        (
            None,
            Hands::Queued(1),
            "no runner is alive; 1 job waits in Slurm's queue",
        ),
        (None, Hands::Unheard, "its runners were not heard yet"),
        (
            Some(&left),
            Hands::Stopping,
            "its runners are stopping: it will not finish by itself",
        ),
    ] {
        assert_eq!(say(left, hands), expected);
    }
}
