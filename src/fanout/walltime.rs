//! How long this job may still run, on the monotonic clock.

use super::status::is_job_id;
use std::process::Command;
use std::time::{Duration, Instant};

/// When the job ends, if it does by itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct Walltime {
    end: Option<(Instant, Duration)>,
}

impl Walltime {
    /// So many seconds from now; `None`: never.
    pub fn from_seconds_left(seconds: Option<f64>) -> Self {
        let left = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds.max(0.0)).ok());
        let end = left.and_then(|left| Some((Instant::now().checked_add(left)?, reserve(left))));
        Self { end }
    }

    /// What Slurm says of the job that this process is part of. It is asked once, because `squeue` answers for all users
    /// of a cluster.
    pub fn of_slurm_job() -> Self {
        let id = std::env::var("SLURM_JOB_ID").ok();
        let id = id.filter(|id| is_job_id(id));
        let left = id.and_then(|id| {
            let said = Command::new("squeue")
                .args(["-h", "-j", &id, "-o", "%L"])
                .output();
            parse(&String::from_utf8(said.ok()?.stdout).ok()?)
        });
        Self::from_seconds_left(left.map(|left| left.as_secs_f64()))
    }

    /// Seconds until the end.
    pub fn seconds_left(&self) -> Option<f64> {
        self.left().map(|left| left.as_secs_f64())
    }

    /// Whether it is time to stop, signal or not: what is left is needed to write checkpoints.
    pub fn is_near(&self) -> bool {
        self.usable().is_some_and(|usable| usable.is_zero())
    }

    /// Whether a trial that starts now reaches its next checkpoint, which is at most `every` away.
    pub fn allows(&self, every: Duration) -> bool {
        self.usable().is_none_or(|usable| usable >= every)
    }

    fn left(&self) -> Option<Duration> {
        let (end, _) = self.end?;
        Some(end.saturating_duration_since(Instant::now()))
    }

    fn usable(&self) -> Option<Duration> {
        let (_, reserve) = self.end?;
        Some(self.left()?.saturating_sub(reserve))
    }
}

/// Time kept for checkpoints, the record and a clean end: a tenth of a short job, two minutes of a long one. `sbatch
/// --signal` at 180 s comes earlier.
fn reserve(left: Duration) -> Duration {
    (left / 10).min(Duration::from_secs(120))
}

/// Slurm's `%L`: `[days-]hours:minutes:seconds`, `minutes:seconds`; anything else (`UNLIMITED`, `NOT_SET`) is no limit.
pub fn parse(text: &str) -> Option<Duration> {
    let text = text.trim();
    let (days, clock) = match text.split_once('-') {
        Some((days, clock)) => (days.parse::<u64>().ok()?, clock),
        None => (0, text),
    };
    let parts: Option<Vec<u64>> = clock.split(':').map(|part| part.parse().ok()).collect();
    let seconds = match parts?.as_slice() {
        [h, m, s] => h
            .checked_mul(3600)?
            .checked_add(m.checked_mul(60)?.checked_add(*s)?)?,
        [m, s] => m.checked_mul(60)?.checked_add(*s)?,
        _ => return None,
    };
    let days = days.checked_mul(86_400)?;
    Some(Duration::from_secs(days.checked_add(seconds)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Oracle: squeue(1), "%L".
    #[test]
    fn times_left_are_read_as_slurm_writes_them() {
        let seconds = |text| parse(text).map(|left| left.as_secs());
        assert_eq!(seconds("1:59\n"), Some(119));
        assert_eq!(seconds("47:59:59"), Some(172_799));
        assert_eq!(seconds("6-23:59:59"), Some(604_799));
        for other in [
            "UNLIMITED",
            "NOT_SET",
            "INVALID",
            "",
            "-",
            "1",
            "a:b",
            "99999999999999999-1:1:1",
            "1:99999999999999999999:1",
        ] {
            assert_eq!(seconds(other), None, "{other}");
        }
    }

    #[test]
    fn a_trial_starts_only_when_it_reaches_its_next_checkpoint() {
        let minute = Duration::from_secs(60);
        let long = Walltime::from_seconds_left(Some(3600.0));
        assert!(long.allows(minute) && !long.is_near());
        // 100 s of which 10 are kept.
        let short = Walltime::from_seconds_left(Some(100.0));
        assert!(short.allows(minute) && !short.allows(2 * minute) && !short.is_near());
        let over = Walltime::from_seconds_left(Some(0.0));
        assert!(over.is_near() && !over.allows(Duration::from_secs(1)));
        let never = Walltime::from_seconds_left(None);
        assert!(never.allows(1000 * minute) && !never.is_near());
    }
}
