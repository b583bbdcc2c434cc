//! The child's side with a fake trainer and pipes in memory.

use super::*;
use std::io::Cursor;

/// Trains nothing: fails, finishes, or tells steps until it is asked to stop.
struct Fake;

/// Far longer than a stop takes to arrive: reached only when it never does.
const HANG: Duration = Duration::from_secs(60);

impl Trainer for Fake {
    fn train(&mut self, trial: &str, post: &mut Post<'_>) -> Result<Done> {
        match trial {
            "bad" => return Err(Error::Internal("a bad trial".into())),
            "fatal" => return Err(Error::Internal("a fatal trial".into())),
            "quick" => return Ok(Done::Finished(Finished::default())),
            _ => {}
        }
        let began = Instant::now();
        for step in 1.. {
            post.tell(Event::Step { step, steps: 0 });
            if post.stop_requested() {
                return Ok(Done::Stopped { step });
            }
            assert!(began.elapsed() < HANG, "nobody asked to stop");
            std::thread::yield_now();
        }
        unreachable!("steps do not run out")
    }

    fn then(&self, error: &Error) -> Then {
        match error.to_string().contains("fatal") {
            true => Then::Leaves,
            false => Then::Stays,
        }
    }
}

/// What the worker said to these lines, and how it ended.
fn converse(lines: &str) -> (Vec<FromWorker>, Result<()>) {
    let input = Cursor::new(lines.to_owned());
    let mut output = Vec::new();
    let stop = Arc::new(AtomicBool::new(false));
    let end = serve(input, &mut output, &stop, &mut Fake, || {});
    let mut said = Vec::new();
    let mut rest = output.as_slice();
    while let Heard::Message(message) = message::read(&mut rest) {
        said.push(message);
    }
    (said, end)
}

fn line(message: &ToWorker) -> String {
    serde_json::to_string(message).expect("JSON") + "\n"
}

fn train(trial: &str) -> String {
    line(&ToWorker::Train {
        trial: trial.into(),
    })
}

fn hello() -> String {
    line(&ToWorker::Hello(Hello::ours()))
}

#[test]
fn a_worker_greets_and_leaves_when_there_is_nothing_to_do() {
    let (said, end) = converse(&hello());
    assert!(end.is_ok());
    assert_eq!(said, [FromWorker::Hello(Hello::ours())]);
}

#[test]
fn a_supervisor_of_another_build_is_refused() {
    let other = Hello {
        protocol: 999,
        ..Hello::ours()
    };
    let (_, end) = converse(&line(&ToWorker::Hello(other)));
    assert!(
        end.expect_err("refused")
            .to_string()
            .contains("protocol 999")
    );
    assert!(converse("hi\n").1.is_err());
}

#[test]
fn a_trial_that_fails_harms_only_itself() {
    let (said, end) = converse(&(hello() + &train("bad") + &train("quick")));
    assert!(end.is_ok());
    assert!(
        matches!(&said[1], FromWorker::Failed(failure) if failure.message.contains("a bad trial"))
    );
    assert_eq!(said[2], FromWorker::Finished(Finished::default()));
}

#[test]
fn after_an_error_that_lasts_no_other_trial_is_begun() {
    let (said, end) = converse(&(hello() + &train("fatal") + &train("quick")));
    assert!(end.is_ok());
    assert!(matches!(&said[1], FromWorker::Failed(failure) if failure.then == Then::Leaves));
    assert_eq!(said.len(), 2);
}

#[test]
fn a_request_to_stop_reaches_a_trial_that_runs_and_ends_the_worker() {
    let (said, end) = converse(&(hello() + &train("endless") + &line(&ToWorker::Stop)));
    assert!(end.is_ok());
    assert!(matches!(
        said.last(),
        Some(FromWorker::Stopped { step: 1.. })
    ));
}

#[test]
fn the_end_of_the_input_is_noticed_while_a_trial_runs() {
    let stop = Arc::new(AtomicBool::new(false));
    let input = Cursor::new(hello() + &train("endless"));
    let killed = Arc::clone(&stop);
    // A real worker ends its process here; the fake trial can only be asked to stop.
    let gone = move || killed.store(true, Ordering::Relaxed);
    let end = serve(input, &mut Vec::new(), &stop, &mut Fake, gone);
    assert!(end.is_ok());
}

#[test]
fn steps_are_told_now_and_then_and_everything_else_at_once() {
    let (mut output, stop) = (Vec::new(), AtomicBool::new(false));
    let mut post = Post {
        output: &mut output,
        stop: &stop,
        last_sign: None,
        lost: None,
    };
    (0..1000).for_each(|step| post.tell(Event::Step { step, steps: 1000 }));
    (0..3).for_each(|step| post.tell(Event::Saved { step }));
    let lines = |kind: &str| String::from_utf8_lossy(&output).matches(kind).count();
    assert_eq!(lines("saved"), 3);
    assert!((1..500).contains(&lines("steps")));
}

/// An evaluation may take longer than a supervisor waits for a word.
#[test]
fn measuring_is_told_as_a_sign_of_life() {
    let (mut output, stop) = (Vec::new(), AtomicBool::new(false));
    let mut post = Post {
        output: &mut output,
        stop: &stop,
        last_sign: None,
        lost: None,
    };
    let split = crate::data::Split::Test;
    post.tell(Event::Measured { split, images: 64 });
    let heard = message::read::<FromWorker>(&mut output.as_slice());
    assert_eq!(heard, Heard::Message(FromWorker::Measured { images: 64 }));
}
