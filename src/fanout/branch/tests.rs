//! A branch against a rank 0 made of two queues.

use super::*;
use crate::error::ExitCode;
use crate::fanout::desk::SILENCE;
use std::cell::RefCell;

const NEVER: Duration = Duration::from_secs(1000);

#[derive(Default)]
struct Line {
    sent: RefCell<Vec<FromRank>>,
    coming: RefCell<VecDeque<ToRank>>,
}

impl Uplink for Line {
    fn send(&self, message: &FromRank) {
        self.sent.borrow_mut().push(message.clone());
    }
    fn receive(&self) -> Result<Option<ToRank>> {
        Ok(self.coming.borrow_mut().pop_front())
    }
}

impl Line {
    fn comes(&self, message: ToRank) {
        self.coming.borrow_mut().push_back(message);
    }

    fn said(&self) -> Vec<FromRank> {
        std::mem::take(&mut self.sent.borrow_mut())
    }
}

#[test]
fn room_is_told_once_and_trials_on_the_way_are_counted() {
    let line = Line::default();
    let signals = Signals::default();
    let mut branch = Branch::new(&line, &signals, NEVER);
    assert_eq!(branch.tend(2), Order::GoOn);
    assert_eq!(branch.tend(2), Order::GoOn);
    let said = line.said();
    assert!(
        matches!(
            said[..],
            [FromRank::Report {
                room: 2,
                received: 0,
                ..
            }]
        ),
        "{said:?}"
    );
    line.comes(ToRank::Train { trials: vec![7, 8] });
    branch.tend(2);
    let said = line.said();
    assert!(
        matches!(
            said[..],
            [FromRank::Report {
                room: 0,
                received: 2,
                ..
            }]
        ),
        "{said:?}"
    );
    assert_eq!(
        [branch.take(), branch.take(), branch.take()],
        [Some(7), Some(8), None]
    );
}

#[test]
fn a_stop_gives_back_what_has_not_begun_and_the_last_word_is_retired() {
    let line = Line::default();
    let signals = Signals::default();
    let mut branch = Branch::new(&line, &signals, NEVER);
    line.comes(ToRank::Train { trials: vec![7, 8] });
    branch.tend(1);
    assert_eq!(branch.take(), Some(7));
    line.comes(ToRank::Stop);
    assert_eq!(branch.tend(0), Order::Stop);
    let why = String::from("stopped");
    branch.tell(Word::GivenBack { trial: 7, why });
    branch.retire(Retired::Stopped);
    let said = line.said();
    let back: Vec<_> = said
        .iter()
        .flat_map(|message| match message {
            FromRank::Report { words, .. } => words.clone(),
            _ => Vec::new(),
        })
        .filter_map(|word| match word {
            Word::GivenBack { trial, .. } => Some(trial),
            _ => None,
        })
        .collect();
    assert_eq!(back, [8, 7]);
    assert_eq!(said.last(), Some(&FromRank::Retired { error: None }));
    assert_eq!(branch.tend(0), Order::Stop, "until rank 0 sends it home");
    line.comes(ToRank::Leave {
        error: Some(Trouble {
            message: "full".into(),
            code: 4,
        }),
    });
    assert_eq!(branch.tend(0), Order::Leave);
    let error = branch.end().expect_err("rank 0's error");
    assert_eq!(
        (error.to_string().as_str(), error.exit_code()),
        ("full", ExitCode::Io)
    );
}

#[test]
fn short_trials_are_kept_ready_and_long_ones_are_not_hoarded() {
    let mut ahead = Ahead::default();
    let at = Duration::from_millis;
    ahead.finished(at(10));
    assert_eq!(ahead.trials(at(20)), 0, "one trial is no haste");
    for _ in 0..50 {
        ahead.finished(at(150));
    }
    assert_eq!(ahead.trials(at(160)), 100);
    assert_eq!(ahead.trials(at(250)), 100, "the window before counts");
    assert_eq!(ahead.trials(at(450)), 0, "and is over");
    for _ in 0..100_000 {
        ahead.finished(at(460));
    }
    assert_eq!(ahead.trials(at(460)), Ahead::MOST);
}

#[test]
fn a_rank_0_that_hangs_is_left_after_the_workers_have_stopped() {
    let line = Line::default();
    let signals = Signals::default();
    let mut branch = Branch::new(&line, &signals, NEVER);
    branch.hang_after = Duration::ZERO;
    branch.heard = branch
        .heard
        .checked_sub(2 * SILENCE)
        .expect("an earlier time");
    assert_eq!(branch.tend(1), Order::Stop);
    branch.retire(Retired::Stopped);
    assert_eq!(branch.tend(0), Order::Abandon);
    let error = branch.end().expect_err("left alone").to_string();
    assert!(error.contains("rank 0 has said nothing"), "{error}");
}
