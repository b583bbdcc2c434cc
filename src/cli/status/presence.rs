//! Whether a runner is there. Pure.

use crate::fanout::claims::{LEASE, Standing, Whereabouts};
use crate::fanout::status::State;
use serde::Serialize;
use std::time::Duration;

/// Whether a runner is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Presence {
    /// It beats, or lives on this machine.
    Alive,
    /// It was not heard for so many seconds: too early to tell, or it was killed on another machine.
    Silent(u64),
    /// It was killed.
    Gone,
    /// It ended in order.
    Left,
    /// It ended with an error.
    Failed,
}

/// Whether a runner is there, from what it said, how its heartbeat stands (`None` without one), and what this machine
/// knows of its process.
pub fn presence(said: &State, beats: Option<Standing>, whereabouts: Whereabouts) -> Presence {
    let silent = |time: Duration| Presence::Silent(time.as_secs());
    match (said, beats) {
        (State::Failed(_), _) => Presence::Failed,
        (State::Left, _) | (_, Some(Standing::Left)) => Presence::Left,
        (_, None | Some(Standing::Gone)) => Presence::Gone,
        _ if whereabouts == Whereabouts::Here => Presence::Alive,
        (_, Some(Standing::Beats(time))) if time < LEASE => Presence::Alive,
        (_, Some(Standing::Beats(time) | Standing::Unheard(time))) => silent(time),
    }
}

impl Presence {
    /// Whether it is known to be no more.
    pub fn has_ended(self) -> bool {
        matches!(self, Self::Gone | Self::Left | Self::Failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_runner_is_what_it_said_last_unless_it_was_killed() {
        let (short, long) = (LEASE / 2, LEASE);
        let seconds = long.as_secs();
        let failed = State::Failed("disk full".into());
        let elsewhere = |said: &State, beats| presence(said, beats, Whereabouts::Elsewhere);
        for (said, beats, expected) in [
            (&failed, Some(Standing::Left), Presence::Failed),
            (&State::Running, Some(Standing::Left), Presence::Left),
            (&State::Left, None, Presence::Left),
            (&State::Running, Some(Standing::Gone), Presence::Gone),
            (&State::Running, None, Presence::Gone),
            (
                &State::Stopping,
                Some(Standing::Beats(short)),
                Presence::Alive,
            ),
            (
                &State::Running,
                Some(Standing::Beats(long)),
                Presence::Silent(seconds),
            ),
            (
                &State::Running,
                Some(Standing::Unheard(short)),
                Presence::Silent(30),
            ),
        ] {
            assert_eq!(elsewhere(said, beats), expected);
        }
        let paused = presence(
            &State::Running,
            Some(Standing::Unheard(long)),
            Whereabouts::Here,
        );
        assert_eq!(paused, Presence::Alive);
    }
}
