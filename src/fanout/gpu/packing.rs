//! How many workers a GPU is best shared by (`--workers-per-gpu auto`): measured while the sweep trains. One more is tried as long as
//! the work done in a second grows by a tenth and memory has room; one that made it less is taken away; then it stays.
//!
//! Work is counted in what the plan expects trials to cost, so that arms of different size can be added. Pure: the
//! supervisor tells what it sees, and acts.

use super::smi::Gpu;
use std::time::Duration;

/// By which part the work done in a second must grow for one more to be worth it.
const WORTH: f64 = 0.1;

/// The part of a GPU's memory that may be used.
const USABLE: f64 = 0.9;

/// No GPU gains from more, and every one costs some 300 MiB of its memory for a context.
pub const MOST: usize = 16;

/// What the supervisor sees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Glance {
    /// Time since its start.
    pub now: Duration,
    /// Work done since then.
    pub done: f64,
    /// Whether all seats train.
    pub seats: Seats,
    /// Whether there is memory for another worker.
    pub room: Room,
}

/// Whether all seats train, past their first step: only then a measurement says anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seats {
    /// All do.
    Full,
    /// One waits, starts, or has nothing to do.
    NotFull,
}

/// Whether a GPU has memory for another worker like those that it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    /// It has.
    Enough,
    /// It has not.
    Short,
    /// `nvidia-smi` does not tell.
    Unknown,
}

impl Room {
    /// On the fullest of these GPUs, each of which has so many workers.
    pub fn on(gpus: &[&Gpu], workers: usize) -> Self {
        let fits = |gpu: &&Gpu| {
            let (total, used) = (gpu.memory_mib? as f64, gpu.used_mib? as f64);
            Some(used + used / workers.max(1) as f64 <= USABLE * total)
        };
        match gpus.iter().map(fits).collect::<Option<Vec<_>>>() {
            Some(fit) if !fit.is_empty() => match fit.into_iter().all(|fits| fits) {
                true => Self::Enough,
                false => Self::Short,
            },
            _ => Self::Unknown,
        }
    }
}

/// The measurement.
#[derive(Clone, Debug, PartialEq)]
pub struct Packing {
    /// How long each number of workers is measured.
    measured_for: Duration,
    most: usize,
    workers: usize,
    /// Work in a second with one worker less.
    before: Option<f64>,
    /// When the window began, and the work done then.
    window: Option<(Duration, f64)>,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Measuring,
    Settled,
}

/// What follows from a glance: for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision(pub String);

impl Packing {
    /// Begins with one, never has more than `most`, and measures each number for so long.
    pub fn new(most: usize, measured_for: Duration) -> Self {
        Self {
            measured_for,
            most: most.clamp(1, MOST),
            workers: 1,
            before: None,
            window: None,
            state: State::Measuring,
        }
    }

    /// Workers of a GPU now.
    pub fn workers(&self) -> usize {
        self.workers
    }

    /// Takes a glance into account; says so when something follows.
    pub fn look(&mut self, glance: Glance) -> Option<Decision> {
        if self.state == State::Settled {
            return None;
        }
        if glance.seats == Seats::NotFull {
            self.window = None;
            return None;
        }
        let (since, done) = *self.window.get_or_insert((glance.now, glance.done));
        let took = glance.now.saturating_sub(since);
        if took < self.measured_for {
            return None;
        }
        self.window = None;
        let rate = (glance.done - done) / took.as_secs_f64();
        if rate <= 0.0 {
            // Nothing but evaluations: it says nothing.
            return None;
        }
        Some(self.judge(rate, glance.room))
    }

    /// What a rate means.
    fn judge(&mut self, rate: f64, room: Room) -> Decision {
        let gain = self.before.map(|before| rate / before - 1.0);
        match gain {
            Some(gain) if gain < 0.0 => {
                let last = self.workers;
                self.workers -= 1;
                return self.settle(&format!("{last} did {:.0} % less", -100.0 * gain));
            }
            Some(gain) if gain < WORTH => {
                return self.settle(&format!("the last one added only {:.0} %", 100.0 * gain));
            }
            _ => {}
        }
        match room {
            _ if self.workers >= self.most => self.settle("there are no cores for more"),
            Room::Short => self.settle("its memory has no room for another"),
            Room::Unknown => self.settle("nvidia-smi does not tell its memory"),
            Room::Enough => {
                self.before = Some(rate);
                self.workers += 1;
                let gained = gain.map_or(String::new(), |gain| {
                    format!(" (the last one added {:.0} %)", 100.0 * gain)
                });
                Decision(format!("workers per GPU: now {}{gained}", self.workers))
            }
        }
    }

    fn settle(&mut self, why: &str) -> Decision {
        self.state = State::Settled;
        Decision(format!(
            "workers per GPU: {} from now on; {why}",
            self.workers
        ))
    }

    /// A trial ran out of the GPU's memory. Where several share it, that is the packing's fault: one less from now on. Alone, it
    /// is the trial's.
    pub fn out_of_memory(&mut self) -> Option<Decision> {
        if self.workers < 2 {
            return None;
        }
        self.workers -= 1;
        Some(self.settle("with more, its memory ran out"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Duration = Duration::from_secs(30);

    /// Measures with a GPU that does `rates[k - 1]` in a second with k workers; gives the numbers that were tried.
    fn tried(most: usize, rates: &[f64], room: impl Fn(usize) -> Room) -> Vec<usize> {
        let mut packing = Packing::new(most, WINDOW);
        let (mut now, mut done) = (Duration::ZERO, 0.0);
        let mut tried = vec![1];
        for _ in 0..10_000 {
            let workers = packing.workers();
            let glance = Glance {
                now,
                done,
                seats: Seats::Full,
                room: room(workers),
            };
            if packing.look(glance).is_some() && packing.workers() != workers {
                tried.push(packing.workers());
            }
            now += Duration::from_millis(200);
            done += 0.2 * rates[packing.workers() - 1];
        }
        tried
    }

    const ROOM: fn(usize) -> Room = |_| Room::Enough;

    #[test]
    fn it_goes_on_while_a_tenth_is_gained_and_then_stays() {
        assert_eq!(tried(8, &[1.0, 1.9, 2.5, 2.6, 9.0], ROOM), [1, 2, 3, 4]);
        assert_eq!(tried(8, &[1.0, 1.05, 9.0], ROOM), [1, 2]);
    }

    #[test]
    fn one_that_made_it_slower_is_taken_away() {
        assert_eq!(tried(8, &[1.0, 1.5, 1.4, 9.0], ROOM), [1, 2, 3, 2]);
        assert_eq!(tried(8, &[1.0, 0.9, 9.0], ROOM), [1, 2, 1]);
    }

    #[test]
    fn cores_and_memory_end_it() {
        let rates = [1.0, 2.0, 4.0, 8.0];
        assert_eq!(tried(3, &rates, ROOM), [1, 2, 3]);
        let two = |workers| match workers {
            1 => Room::Enough,
            _ => Room::Short,
        };
        assert_eq!(tried(8, &rates, two), [1, 2]);
        assert_eq!(tried(8, &rates, |_| Room::Unknown), [1]);
        assert_eq!(tried(0, &rates, ROOM), [1]);
    }

    #[test]
    fn a_seat_that_does_not_train_spoils_the_measurement() {
        let mut packing = Packing::new(8, WINDOW);
        for second in 0..1000 {
            let glance = Glance {
                now: Duration::from_secs(second),
                done: second as f64,
                seats: match second % 20 {
                    0 => Seats::NotFull,
                    _ => Seats::Full,
                },
                room: Room::Enough,
            };
            assert_eq!(packing.look(glance), None);
        }
        assert_eq!(packing.workers(), 1);
    }

    #[test]
    fn running_out_of_memory_is_the_packings_fault_only_among_several() {
        let mut packing = Packing::new(8, WINDOW);
        assert_eq!(packing.out_of_memory(), None);
        packing.workers = 3;
        assert!(packing.out_of_memory().is_some());
        assert!(packing.out_of_memory().is_some());
        assert_eq!((packing.workers(), packing.out_of_memory()), (1, None));
    }

    #[test]
    fn room_is_judged_by_what_a_worker_uses_on_the_fullest_gpu() {
        let gpu = |used: u64| Gpu {
            memory_mib: Some(1000),
            used_mib: Some(used),
            ..Gpu::default()
        };
        let room = |used: &[u64], workers| {
            let gpus: Vec<_> = used.iter().map(|used| gpu(*used)).collect();
            Room::on(&gpus.iter().collect::<Vec<_>>(), workers)
        };
        assert_eq!(room(&[400], 1), Room::Enough);
        assert_eq!(room(&[500], 1), Room::Short);
        assert_eq!(room(&[600], 2), Room::Enough);
        assert_eq!(room(&[100, 500], 1), Room::Short);
        assert_eq!(room(&[], 1), Room::Unknown);
        let silent = Gpu::default();
        assert_eq!(Room::on(&[&silent], 1), Room::Unknown);
    }
}
