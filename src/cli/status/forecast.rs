//! How long trials take: as their arm was measured, else by their cost at the speed of what was measured. Pure.

use std::time::Duration;

/// Below this part of a trial, what it has done so far does not say how fast it is here.
const TELLING: f64 = 0.02;
/// From this part on, it says so better than other trials do.
const SURE: f64 = 0.1;

/// A sum of measured times.
#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    seconds: f64,
    trials: f64,
}

/// What was measured.
#[derive(Clone, Debug)]
pub struct Forecast<'a> {
    /// Expected work of a trial of each arm, in whatever unit; then of each network that is trained first.
    work: &'a [f64],
    arms: Vec<Sum>,
    seconds: f64,
    done: f64,
}

/// A trial in training.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Its position in `work`.
    pub arm: usize,
    /// The part that is done.
    pub part: f64,
    /// The part that was done when it began.
    pub from: f64,
    /// Seconds since then.
    pub seconds: f64,
}

impl Pace {
    /// What the whole trial takes at this pace, when so much of it was seen.
    fn whole(self, seen: f64) -> Option<f64> {
        let part = self.part - self.from;
        (part >= seen && self.seconds > 0.0).then(|| self.seconds / part)
    }
}

impl<'a> Forecast<'a> {
    /// From the arms of finished trials with the seconds they took, and those in training, which count where nothing is
    /// finished yet.
    pub fn new(
        work: &'a [f64],
        finished: impl IntoIterator<Item = (usize, f64)>,
        running: &[Pace],
    ) -> Self {
        let mut forecast = Self {
            work,
            arms: vec![Sum::default(); work.len()],
            seconds: 0.0,
            done: 0.0,
        };
        for (arm, seconds) in finished {
            forecast.learn(arm, seconds);
        }
        if forecast.done == 0.0 {
            for pace in running {
                if let Some(seconds) = pace.whole(TELLING) {
                    forecast.learn(pace.arm, seconds);
                }
            }
        }
        forecast
    }

    fn learn(&mut self, arm: usize, seconds: f64) {
        if !(seconds.is_finite() && seconds >= 0.0) {
            return;
        }
        if let (Some(sum), Some(work)) = (self.arms.get_mut(arm), self.work.get(arm)) {
            sum.seconds += seconds;
            sum.trials += 1.0;
            self.seconds += seconds;
            self.done += work;
        }
    }

    /// Seconds that a trial of this arm takes; `None` when nothing is measured.
    fn seconds(&self, arm: usize) -> Option<f64> {
        let (sum, work) = (self.arms.get(arm)?, self.work.get(arm)?);
        if sum.trials > 0.0 {
            return Some(sum.seconds / sum.trials);
        }
        (self.done > 0.0).then(|| work * self.seconds / self.done)
    }

    /// The time of a whole trial of this arm.
    pub fn whole(&self, arm: usize) -> Option<Duration> {
        duration(self.seconds(arm)?)
    }

    /// What is left of a trial in training.
    pub fn rest(&self, pace: Pace) -> Option<Duration> {
        let whole = pace.whole(SURE).or_else(|| self.seconds(pace.arm))?;
        duration(whole * (1.0 - pace.part))
    }
}

fn duration(seconds: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(seconds.max(0.0)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace(arm: usize, from: f64, part: f64, seconds: f64) -> Pace {
        Pace {
            arm,
            part,
            from,
            seconds,
        }
    }

    fn seconds(time: Option<Duration>) -> Option<f64> {
        time.map(|time| time.as_secs_f64())
    }

    /// Oracle: by hand.
    #[test]
    fn an_arm_takes_what_it_took_and_another_one_what_its_work_says() {
        let work = [1.0, 2.0, 8.0];
        let forecast = Forecast::new(&work, [(0, 10.0), (0, 20.0), (1, 30.0)], &[]);
        assert_eq!(seconds(forecast.whole(0)), Some(15.0));
        assert_eq!(seconds(forecast.whole(1)), Some(30.0));
        // 60 s for work of 1 + 1 + 2.
        assert_eq!(seconds(forecast.whole(2)), Some(120.0));
        assert_eq!(forecast.whole(3), None);
    }

    #[test]
    fn the_first_trials_in_training_speak_for_all_until_one_is_done() {
        let work = [1.0, 2.0];
        // A quarter in 10 s, after a start from a checkpoint: 40 s in all.
        let first = pace(0, 0.5, 0.75, 10.0);
        let forecast = Forecast::new(&work, [], &[first]);
        assert_eq!(seconds(forecast.whole(1)), Some(80.0));
        assert_eq!(seconds(forecast.rest(first)), Some(10.0));
        let too_early = Forecast::new(&work, [], &[pace(0, 0.0, 0.01, 10.0)]);
        assert_eq!(too_early.whole(0), None);
        // What is done counts for more; a trial that came far is its own measure.
        let forecast = Forecast::new(&work, [(0, 4.0)], &[first]);
        assert_eq!(seconds(forecast.whole(1)), Some(8.0));
        assert_eq!(seconds(forecast.rest(first)), Some(10.0));
        assert_eq!(
            seconds(forecast.rest(pace(1, 0.0, 0.05, 99.0))),
            Some(8.0 * 0.95)
        );
    }

    #[test]
    fn times_that_are_none_teach_nothing() {
        let work = [1.0];
        let hostile = [(0, f64::NAN), (0, -1.0), (0, f64::INFINITY), (7, 1.0)];
        assert_eq!(Forecast::new(&work, hostile, &[]).whole(0), None);
        let huge = Forecast::new(&work, [(0, f64::MAX)], &[]);
        assert_eq!(huge.whole(0), None);
        assert_eq!(
            Forecast::new(&work, [], &[pace(0, 0.0, 1.0, 0.0)]).whole(0),
            None
        );
    }
}
