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
    for seconds in [10.0, 5.0, 20.0] {
        let index = queue.take().expect("waits");
        queue.finish(index, seconds);
    }
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
