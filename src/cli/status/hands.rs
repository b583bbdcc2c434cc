//! Who there is to do what is left. Pure.

use super::presence::Presence;
use super::projection::Hands;
use super::slurm::JobState;
use super::view::Runner;
use crate::fanout::claims::LEASE;
use crate::fanout::status::State;
use crate::fanout::walltime;
use std::time::Duration;

/// Who there is to do what is left.
pub fn hands(runners: &[Runner], slurm: &[JobState]) -> Hands {
    let queued = slurm.iter().filter(|job| job.state == "PENDING").count();
    let living = |state: &'static State| {
        let living = runners
            .iter()
            .filter(|runner| runner.presence == Presence::Alive);
        living.filter(move |runner| runner.status.now.state == *state)
    };
    let unheard = |runner: &Runner| matches!(runner.presence, Presence::Silent(seconds) if seconds < LEASE.as_secs());
    let count = living(&State::Running).fold(0_usize, |sum, runner| {
        sum.saturating_add(runner.status.about.workers)
    });
    if count > 0 {
        let until = |runner: &Runner| {
            let id = runner.status.about.slurm_job_id.as_ref()?;
            let job = slurm.iter().find(|job| job.id == *id)?;
            walltime::parse(&job.left)
        };
        let until: Option<Vec<Duration>> = living(&State::Running).map(until).collect();
        Hands::Workers {
            count,
            until: until.and_then(|all| all.into_iter().max()),
            queued,
        }
    } else if living(&State::Stopping).next().is_some() {
        Hands::Stopping
    } else if runners.iter().any(unheard) {
        Hands::Unheard
    } else if queued > 0 {
        Hands::Queued(queued)
    } else {
        Hands::Nobody
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fanout::status::{About, Now, Status};

    fn runner(presence: Presence, state: State, workers: usize, job: Option<&str>) -> Runner {
        let about = About {
            slurm_job_id: job.map(str::to_owned),
            ..About::this("here.1.0123abcd", "0123456789ab", 1, workers, 4)
        };
        Runner {
            status: Status {
                format: 1,
                about,
                updated: String::new(),
                now: Now {
                    state,
                    ..Now::default()
                },
            },
            presence,
        }
    }

    fn job(id: &str, state: &str, left: &str) -> JobState {
        JobState {
            id: id.into(),
            state: state.into(),
            time: String::new(),
            left: left.into(),
            reason: String::new(),
        }
    }

    #[test]
    fn living_runners_bring_their_workers_and_the_end_of_their_jobs() {
        let workers = |count, until: Option<u64>, queued| Hands::Workers {
            count,
            until: until.map(Duration::from_secs),
            queued,
        };
        let in_job = |id| runner(Presence::Alive, State::Running, 8, Some(id));
        let at_home = runner(Presence::Alive, State::Running, usize::MAX, None);
        let jobs = [
            job("1", "RUNNING", "10:00"),
            job("2", "RUNNING", "1:00:00"),
            job("3", "PENDING", "2:00:00"),
            job("4", "RUNNING", "UNLIMITED"),
        ];
        let two = [in_job("1"), in_job("2")];
        assert_eq!(hands(&two, &jobs), workers(16, Some(3600), 1));
        // What has no end that is known has none: no limit, no Slurm job, or one that Slurm does not name.
        let endless = [in_job("1"), in_job("4")];
        assert_eq!(hands(&endless, &jobs), workers(16, None, 1));
        assert_eq!(hands(&two, &[]), workers(16, None, 0));
        let both = [in_job("1"), at_home];
        assert_eq!(hands(&both, &jobs), workers(usize::MAX, None, 1));
    }

    #[test]
    fn without_a_runner_that_trains_it_is_said_who_may_come() {
        let with = |presence, state| runner(presence, state, 8, None);
        let silent = |seconds| with(Presence::Silent(seconds), State::Running);
        let gone = || with(Presence::Gone, State::Running);
        let stopping = with(Presence::Alive, State::Stopping);
        let waits = [job("3", "PENDING", "2:00:00")];
        assert_eq!(hands(&[], &[]), Hands::Nobody);
        assert_eq!(hands(&[gone(), silent(60)], &[]), Hands::Nobody);
        assert_eq!(hands(&[gone()], &waits), Hands::Queued(1));
        assert_eq!(hands(&[gone(), silent(59)], &waits), Hands::Unheard);
        assert_eq!(hands(&[silent(1), stopping], &waits), Hands::Stopping);
    }
}
