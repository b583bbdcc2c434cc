use super::*;
use crate::cli::status::projection::Projection;
use crate::cli::status::view::Board;
use crate::fanout::status::{About, Now, Running, Status};

fn runner(presence: Presence, state: State, job: Option<&str>) -> Runner {
    let running = Running {
        index: 0,
        id: "3fa9c1d2".repeat(8),
        label: "seed 0".into(),
        rank: 0,
        part: 0.454,
        ..Running::default()
    };
    Runner {
        status: Status {
            format: 1,
            about: About {
                slurm_job_id: job.map(str::to_owned),
                restart_count: Some(1),
                host: "exp-1-23".into(),
                ..About::this("exp-1-23.7.0123abcd", "0123456789ab", 2, 8, 4)
            },
            updated: "2026-01-01T00:00:00Z".into(),
            now: Now {
                done: 2,
                finished: 2,
                running: vec![running; 8],
                state,
            },
        },
        presence,
    }
}

fn job(id: &str, state: &str, reason: &str) -> JobState {
    JobState {
        id: id.into(),
        state: state.into(),
        time: "1:00".into(),
        left: "59:00".into(),
        reason: reason.into(),
    }
}

fn view(runners: Vec<Runner>, slurm: Vec<JobState>) -> View {
    View {
        name: "tiny".into(),
        question: String::new(),
        tally: Tally {
            planned: 10,
            completed: 3,
            diverged: 1,
            running: 2,
            waiting: 4,
            ..Tally::default()
        },
        projection: Projection::Unknown,
        runners,
        slurm,
        running: Vec::new(),
        board: Board::default(),
    }
}

fn told(view: &View) -> String {
    let page = Page {
        columns: usize::MAX,
        rows: None,
        ink: Ink::Plain,
    };
    text(view, page, |seconds| format!("T+{seconds}"))
}

#[test]
fn runners_and_slurm_stand_side_by_side() {
    let alive = runner(Presence::Alive, State::Running, Some("12"));
    let killed = runner(Presence::Gone, State::Running, Some("11"));
    let jobs = vec![
        job("12", "RUNNING", "exp-1-23"),
        job("13", "PENDING", "(Priority)"),
    ];
    let text = told(&view(vec![killed, alive], jobs));
    for part in [
        "tiny: 4 of 10 trials done (1 diverged), 2 running, 4 waiting",
        "12: RUNNING, 59:00 left, restarted 1 times",
        "3fa9c1d2 45 %, 3fa9c1d2 45 %",
        "and 2 more",
        "Slurm job 13: PENDING (Priority)",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert!(!text.contains("11") && !text.contains("killed"), "{text}");
}

#[test]
fn when_nobody_works_on_it_the_reader_learns_why_and_what_next() {
    let failed = runner(
        Presence::Failed,
        State::Failed("disk full \u{1b}[2J".into()),
        None,
    );
    let text = told(&view(vec![failed], Vec::new()));
    assert!(
        text.contains("failed: disk full ·[2J") && text.contains("run the same command"),
        "{text}"
    );
}

#[test]
fn a_silent_runner_is_shown_as_such() {
    let silent = runner(Presence::Silent(42), State::Running, None);
    let text = told(&view(vec![silent], Vec::new()));
    assert!(text.contains("not heard for 42 s"), "{text}");
}
