//! The queue against a plain list.

use super::*;
use proptest::prelude::*;

fn queue(costs: &[f64]) -> Queue {
    Queue::new(costs.iter().enumerate().map(|(index, &cost)| Entry {
        stage: Stage::Trial,
        index,
        point: index,
        round: 0,
        cost,
        failures: 0,
    }))
}

#[test]
fn the_longest_goes_first_and_ties_go_by_index() {
    let mut queue = queue(&[1.0, 5.0, 5.0, f64::NAN, 2.0]);
    let order: Vec<_> = std::iter::from_fn(|| queue.take()).collect();
    assert_eq!(order, [1, 2, 4, 0, 3]);
}

#[test]
fn earlier_seeds_go_first_whatever_they_cost() {
    let entry = |index, round, cost| Entry {
        stage: Stage::Trial,
        index,
        point: index,
        round,
        cost,
        failures: 0,
    };
    let mut queue = Queue::new([
        entry(0, 0, 1.0),
        entry(1, 1, 1.0),
        entry(2, 0, 9.0),
        entry(3, 1, 9.0),
    ]);
    let order: Vec<_> = std::iter::from_fn(|| queue.take()).collect();
    assert_eq!(order, [2, 0, 3, 1]);
}

#[test]
fn a_failed_trial_waits_behind_all_others_and_is_given_up_after_three() {
    let mut queue = queue(&[9.0, 1.0]);
    assert_eq!(queue.take(), Some(0));
    assert_eq!(queue.fail(0), Verdict::Again);
    assert_eq!(queue.outcome(0), Some(Outcome::Failed));
    assert_eq!(queue.take(), Some(1));
    assert_eq!(queue.take(), Some(0));
    assert_eq!(queue.fail(0), Verdict::Again);
    assert_eq!(queue.take(), Some(0));
    assert_eq!(queue.fail(0), Verdict::Quarantined);
    assert_eq!(queue.outcome(0), Some(Outcome::Quarantined));
    assert_eq!(queue.take(), None);
}

#[test]
fn failures_of_earlier_runs_count() {
    let entry = |failures| Entry {
        stage: Stage::Trial,
        index: failures as usize,
        point: 0,
        round: 0,
        cost: 1.0,
        failures,
    };
    let mut queue = Queue::new([entry(3), entry(2)]);
    assert_eq!((queue.waiting(), queue.quarantined()), (1, 1));
    assert_eq!(queue.take(), Some(2));
    assert_eq!(queue.fail(2), Verdict::Quarantined);
}

#[test]
fn a_stopped_trial_is_not_blamed() {
    let mut queue = queue(&[1.0]);
    for _ in 0..5 {
        assert_eq!(queue.take(), Some(0));
        queue.give_back(0);
        assert_eq!(queue.outcome(0), Some(Outcome::Interrupted));
    }
}

proptest! {
    /// Oracle: a plain list of what runs and how often each trial failed.
    #[test]
    fn every_trial_is_handed_out_and_none_twice_at_once(
        costs in prop::collection::vec(0.0..10.0f64, 1..20),
        steps in prop::collection::vec((0..4u8, any::<prop::sample::Index>()), 0..400),
    ) {
        let mut queue = queue(&costs);
        let mut running: Vec<usize> = Vec::new();
        let mut failures = vec![0; costs.len()];
        let mut over = vec![false; costs.len()];
        // After the storm, finish everything.
        let calm = std::iter::repeat_n((0, 1), 2 * costs.len()).flat_map(|(a, b)| [a, b]);
        let storm = steps.iter().map(|(action, pick)| (*action, Some(pick)));
        for (action, pick) in storm.chain(calm.map(|action| (action, None))) {
            if action == 0 {
                if let Some(index) = queue.take() {
                    prop_assert!(!running.contains(&index) && !over[index]);
                    running.push(index);
                }
            } else if !running.is_empty() {
                let at = pick.map_or(0, |pick| pick.index(running.len()));
                let index = running.swap_remove(at);
                match action {
                    1 => { queue.finish(index, 0.0); over[index] = true; }
                    2 => queue.give_back(index),
                    _ => {
                        failures[index] += 1;
                        over[index] = failures[index] == ATTEMPTS;
                        let given_up = queue.fail(index) == Verdict::Quarantined;
                        prop_assert_eq!(given_up, over[index]);
                    }
                }
            }
        }
        for index in running {
            queue.finish(index, 0.0);
            over[index] = true;
        }
        while let Some(index) = queue.take() {
            queue.finish(index, 0.0);
            over[index] = true;
        }
        prop_assert!(over.iter().all(|over| *over));
        prop_assert_eq!(queue.finished() + queue.quarantined(), costs.len());
    }
}

#[test]
fn a_trial_must_be_opened_and_can_be_held_and_finished_elsewhere() {
    let entry = |index| Entry {
        stage: Stage::Trial,
        index,
        point: index,
        round: 0,
        cost: 1.0,
        failures: 0,
    };
    let mut queue = Queue::unclaimed((0..4).map(entry));
    assert_eq!((queue.waiting(), queue.take(), queue.left()), (0, None, 4));
    assert_eq!(queue.first_unclaimed(), Some(0));
    queue.open(0);
    queue.hold(1);
    queue.hold(2);
    assert_eq!(queue.first_unclaimed(), Some(3));
    assert_eq!(queue.held().collect::<Vec<_>>(), [1, 2]);
    // Another runner finished one and gave the other up.
    queue.learn_of(1, true, 0);
    queue.learn_of(2, false, ATTEMPTS);
    assert_eq!(
        (queue.finished(), queue.quarantined(), queue.left()),
        (1, 1, 2)
    );
    // One that was finished elsewhere is not handed out when its block is taken over.
    queue.open(1);
    assert_eq!(queue.waiting(), 1);
    // And one that waits here may be taken over by another.
    queue.hold(0);
    assert_eq!((queue.waiting(), queue.take()), (0, None));
    queue.open(0);
    assert_eq!(queue.take(), Some(0));
}

#[test]
fn the_time_of_one_seed_orders_the_next() {
    let entry = |index| Entry {
        stage: Stage::Trial,
        index,
        point: index % 3,
        round: index / 3,
        cost: 100.0,
        failures: 0,
    };
    let mut queue = Queue::new((0..6).map(entry));
    assert_eq!(queue.work_left(), 600.0);
    for seconds in [10.0, 5.0, 20.0] {
        let index = queue.take().expect("waits");
        queue.finish(index, seconds);
    }
    // The second arm takes half of the first one's time, the third twice of it.
    assert_eq!(queue.work_left(), 100.0 + 50.0 + 200.0);
    let order: Vec<_> = std::iter::from_fn(|| queue.take()).collect();
    assert_eq!(order, [5, 3, 4]);
}

#[test]
fn a_forgiven_failure_does_not_count() {
    let mut queue = queue(&[1.0]);
    for _ in 0..3 {
        queue.take();
        queue.fail(0);
    }
    assert_eq!(queue.quarantined(), 1);
    queue.forgive(0);
    assert_eq!((queue.quarantined(), queue.take()), (0, Some(0)));
}

#[test]
fn who_refuses_a_trial_gets_the_next_one_and_others_get_it() {
    let mut queue = queue(&[9.0, 1.0]);
    assert!(queue.has_fresh(2) && !queue.has_fresh(3));
    assert_eq!(queue.take_but(|trial| trial == 0), Some(1));
    queue.fail(1);
    assert!(queue.has_fresh(1) && !queue.has_fresh(2));
    assert_eq!(queue.take_but(|_| true), None);
    assert!(queue.is_waiting(0) && queue.is_waiting(1));
    assert_eq!((queue.take(), queue.take()), (Some(0), Some(1)));
    assert!(!queue.is_waiting(0) && !queue.is_waiting(1));
}

/// An artefact or a trial, the later ones cheaper.
fn staged(stages: &[Stage]) -> Vec<Entry> {
    let entry = |(index, &stage): (usize, &Stage)| Entry {
        index,
        stage,
        point: index,
        round: 0,
        cost: 9.0 - index as f64,
        failures: 0,
    };
    stages.iter().enumerate().map(entry).collect()
}

#[test]
fn trials_wait_for_artefacts_that_run_are_stopped_fail_or_are_elsewhere() {
    use Stage::{Artefact, Trial};
    let mut queue = Queue::unclaimed(staged(&[Trial, Trial, Artefact, Artefact]));
    // What others need is claimed first, though it costs less.
    assert_eq!(queue.first_unclaimed(), Some(2));
    (0..3).for_each(|index| queue.open(index));
    queue.hold(3);
    assert_eq!(queue.take(), Some(2));
    assert_eq!(queue.take(), None, "it runs");
    queue.give_back(2);
    assert_eq!((queue.take(), queue.take()), (Some(2), None));
    queue.fail(2);
    assert_eq!((queue.take(), queue.take()), (Some(2), None));
    queue.finish(2, 1.0);
    assert_eq!(queue.take(), None, "another runner holds one");
    queue.learn_of(3, false, 1);
    assert_eq!(queue.take(), None, "and failed once");
    queue.learn_of(3, true, 1);
    assert_eq!((queue.take(), queue.take()), (Some(0), Some(1)));
}

#[test]
fn trials_do_not_wait_for_what_was_given_up() {
    use Stage::{Artefact, Trial};
    let mut queue = Queue::new(staged(&[Trial, Artefact]));
    for _ in 0..ATTEMPTS {
        assert_eq!(queue.take(), Some(1));
        queue.fail(1);
    }
    assert_eq!((queue.quarantined(), queue.take()), (1, Some(0)));
    // Given up by an earlier run.
    let mut entries = staged(&[Trial, Artefact]);
    entries[1].failures = ATTEMPTS;
    assert_eq!(Queue::new(entries).take(), Some(0));
}

proptest! {
    /// Oracle: plain lists of what waits, runs and is over.
    #[test]
    fn artefacts_go_first_and_nothing_waits_without_need(
        artefacts in prop::collection::vec(any::<bool>(), 1..12),
        steps in prop::collection::vec((0..5u8, any::<prop::sample::Index>()), 0..200),
    ) {
        let stage = |artefact: &bool| if *artefact { Stage::Artefact } else { Stage::Trial };
        let stages: Vec<Stage> = artefacts.iter().map(stage).collect();
        let mut queue = Queue::new(staged(&stages));
        let mut waiting: Vec<usize> = (0..stages.len()).collect();
        let (mut running, mut failures) = (Vec::new(), vec![0; stages.len()]);
        for (action, pick) in steps {
            if action < 2 {
                let is_artefact = |index: &&usize| stages[**index] == Stage::Artefact;
                let left = waiting.iter().chain(&running).filter(is_artefact).count();
                let ready = |index: &&usize| left == 0 || is_artefact(index);
                let possible: Vec<usize> = waiting.iter().filter(ready).copied().collect();
                match queue.take() {
                    Some(index) => {
                        prop_assert!(possible.contains(&index));
                        waiting.retain(|other| *other != index);
                        running.push(index);
                    }
                    None => prop_assert!(possible.is_empty()),
                }
            } else if !running.is_empty() {
                let index = running.swap_remove(pick.index(running.len()));
                match action {
                    2 => queue.finish(index, 0.0),
                    3 => { queue.give_back(index); waiting.push(index); }
                    _ => {
                        failures[index] += 1;
                        if queue.fail(index) == Verdict::Again {
                            waiting.push(index);
                        }
                        prop_assert_eq!(waiting.contains(&index), failures[index] < ATTEMPTS);
                    }
                }
            }
        }
        prop_assert_eq!(queue.left(), waiting.len() + running.len());
    }
}
