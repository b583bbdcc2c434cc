//! For how long others have been silent, by this observer's own monotonic clock: no two clocks are ever compared, and no
//! time that a file system keeps is looked at.

use super::beat::Sight;
use super::runner::Whereabouts;
use std::collections::HashMap;
use std::time::Duration;

/// The part of a lease that passes at most between two looks. So an observer that was itself asleep, or could not
/// reach the files for as long as their owner could not, does not take that for the owner's silence.
const LOOKS: u32 = 3;

/// What is known of a runner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It said that it is no more.
    Left,
    /// It is a process of this machine that has ended.
    Gone,
    /// It was seen to beat, the last time so long ago.
    Beats(Duration),
    /// It was not seen to beat yet, for so long.
    Unheard(Duration),
}

impl Standing {
    /// Whether what the runner holds is free.
    pub fn is_over(self, lease: Duration) -> bool {
        match self {
            Self::Left | Self::Gone => true,
            Self::Beats(silent) | Self::Unheard(silent) => silent >= lease,
        }
    }
}

/// Looks at runners, remembered.
#[derive(Clone, Debug)]
pub struct Watch {
    lease: Duration,
    seen: HashMap<(u64, u64), Seen>,
}

#[derive(Clone, Copy, Debug)]
struct Seen {
    beats: u64,
    /// At the last look.
    now: Duration,
    silent: Duration,
    moved: bool,
}

impl Watch {
    /// For runners that have this lease.
    pub fn new(lease: Duration) -> Self {
        let seen = HashMap::new();
        Self { lease, seen }
    }

    /// Takes note of a look at the time `now`.
    pub fn look(&mut self, sight: &Sight, now: Duration) -> Standing {
        let first = Seen {
            beats: sight.beats,
            now,
            silent: Duration::ZERO,
            moved: false,
        };
        let seen = self.seen.entry(sight.file).or_insert(first);
        if seen.beats == sight.beats {
            let passed = now.saturating_sub(seen.now);
            seen.silent += passed.min(self.lease / LOOKS);
            seen.now = now;
        } else {
            *seen = Seen {
                moved: true,
                ..first
            };
        }
        match *seen {
            _ if sight.left => Standing::Left,
            _ if sight.whereabouts == Whereabouts::Ended => Standing::Gone,
            Seen {
                moved: true,
                silent,
                ..
            } => Standing::Beats(silent),
            Seen { silent, .. } => Standing::Unheard(silent),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEASE: Duration = Duration::from_secs(60);

    fn sight(beats: u64) -> Sight {
        Sight {
            file: (1, 2),
            beats,
            left: false,
            runner: None,
            whereabouts: Whereabouts::Elsewhere,
        }
    }

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn silence_is_counted_from_the_first_look_and_ends_with_a_beat() {
        let mut watch = Watch::new(LEASE);
        // Whatever the clock says at first.
        assert_eq!(
            watch.look(&sight(5), at(1_000_000)),
            Standing::Unheard(at(0))
        );
        assert_eq!(
            watch.look(&sight(5), at(1_000_010)),
            Standing::Unheard(at(10))
        );
        assert_eq!(watch.look(&sight(6), at(1_000_020)), Standing::Beats(at(0)));
        assert_eq!(watch.look(&sight(6), at(1_000_025)), Standing::Beats(at(5)));
        // Cut short by somebody, but it is still somebody.
        assert_eq!(watch.look(&sight(2), at(1_000_030)), Standing::Beats(at(0)));
    }

    #[test]
    fn one_long_absence_of_the_observer_is_not_the_owners_silence() {
        let mut watch = Watch::new(LEASE);
        watch.look(&sight(5), at(0));
        let after = watch.look(&sight(5), at(100_000));
        assert!(!after.is_over(LEASE), "{after:?}");
        watch.look(&sight(5), at(100_020));
        assert!(watch.look(&sight(5), at(100_040)).is_over(LEASE));
    }

    #[test]
    fn who_left_or_is_gone_is_over_at_once() {
        let mut watch = Watch::new(LEASE);
        let left = Sight {
            left: true,
            ..sight(9)
        };
        let gone = Sight {
            whereabouts: Whereabouts::Ended,
            ..sight(9)
        };
        assert!(watch.look(&left, at(0)).is_over(LEASE));
        assert!(watch.look(&gone, at(0)).is_over(LEASE));
        assert!(!watch.look(&sight(9), at(0)).is_over(LEASE));
    }
}
