//! When to act again: replacing workers without spinning, and rebuilding `sweep.h5` without wasting time.

use std::time::Duration;

/// How long to wait before a dead worker is replaced: twice as long after each death in a row.
#[derive(Clone, Copy, Debug, Default)]
pub struct Backoff {
    deaths: u32,
    not_before: Duration,
}

impl Backoff {
    const FIRST: Duration = Duration::from_millis(50);
    const LONGEST: Duration = Duration::from_secs(5);

    /// A worker died at `now` (time since the start of the run).
    pub fn death(&mut self, now: Duration) {
        let wait = Self::FIRST * 2u32.pow(self.deaths.min(10));
        self.deaths += 1;
        self.not_before = now + wait.min(Self::LONGEST);
    }

    /// Some trial made progress: workers can live here.
    pub fn progress(&mut self) {
        self.deaths = 0;
    }

    /// Whether a worker may be started.
    pub fn ready(&self, now: Duration) -> bool {
        now >= self.not_before
    }
}

/// When to rebuild the file for people while the sweep runs: at most a fiftieth of the time.
#[derive(Clone, Copy, Debug)]
pub struct Cadence {
    next: Duration,
}

impl Cadence {
    const SHORTEST: Duration = Duration::from_secs(10);

    /// First due at once, so that there is a file to look at from the start.
    pub fn new() -> Self {
        Self {
            next: Duration::ZERO,
        }
    }

    /// Whether it is due.
    pub fn due(&self, now: Duration) -> bool {
        now >= self.next
    }

    /// It was done at `now` and took this long.
    pub fn done(&mut self, now: Duration, took: Duration) {
        self.next = now + (50 * took).max(Self::SHORTEST);
    }
}

impl Default for Cadence {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rebuilding_takes_at_most_a_fiftieth_of_the_time() {
        let (mut now, mut spent) = (Duration::ZERO, Duration::ZERO);
        let mut cadence = Cadence::new();
        for round in 1..100 {
            while !cadence.due(now) {
                now += Duration::from_millis(100);
            }
            let took = Duration::from_millis(100 * round);
            assert!(spent.as_secs_f64() <= 0.02 * now.as_secs_f64() + 1e-9);
            now += took;
            spent += took;
            cadence.done(now, took);
        }
    }

    #[test]
    fn waits_double_up_to_five_seconds_and_end_with_progress() {
        let mut backoff = Backoff::default();
        assert!(backoff.ready(Duration::ZERO));
        let mut wait = || {
            backoff.death(Duration::ZERO);
            backoff.not_before
        };
        assert_eq!(wait(), Duration::from_millis(50));
        assert_eq!(wait(), Duration::from_millis(100));
        assert_eq!((0..60).map(|_| wait()).last(), Some(Backoff::LONGEST));
        backoff.progress();
        backoff.death(Duration::ZERO);
        assert!(backoff.ready(Backoff::FIRST) && !backoff.ready(Duration::ZERO));
    }
}
