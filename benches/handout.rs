//! How fast a coordinator hands out trials: 100,000 trials of zero cost to the ranks of a real `mpirun`, without worker
//! processes. Rank 0 takes none itself, so that every trial goes out and comes back as a message.
//! `benches/handout.sh` runs it; it prints a line of JSON.

use ablate::error::Result;
use ablate::fanout::branch::Branch;
use ablate::fanout::coordinator::{Coordinator, Others, Work};
use ablate::fanout::desk::{Desk, Order, Retired, Signals, Word};
use ablate::fanout::message::Finished;
use ablate::fanout::progress::{Progress, Scope};
use ablate::fanout::queue::{Entry, Queue};
use ablate::fanout::ranks::courier::Courier;
use ablate::fanout::ranks::message::RankHello;
use ablate::fanout::supervisor::Trials;
use ablate::fanout::supply::Supply;
use ablate::fanout::walltime::Walltime;
use ablate::plan::{Device, Trial, TrialId};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// Trials of a plan that nobody made.
struct Free {
    points: usize,
}

impl Trials for Free {
    fn trial(&self, index: usize) -> Trial {
        Trial {
            id: TrialId([index as u8; 32]),
            device: Device::Cpu,
            index,
            point: index % self.points,
            seed: 0,
            axes: Vec::new(),
            config: Default::default(),
            data_digest: String::new(),
            image: [28, 28],
            needs: Vec::new(),
            evaluations: Vec::new(),
        }
    }

    fn points(&self) -> usize {
        self.points
    }
}

impl Work for Free {
    fn refresh(&self, _queue: &mut Queue) -> Result<()> {
        Ok(())
    }
    fn snapshot(&self, _queue: &Queue) -> Result<()> {
        Ok(())
    }
}

/// A supervisor whose workers, so many, take no time: everything that the desk gives is finished at once.
fn drain(desk: &mut dyn Desk, workers: usize, knocks: &Receiver<()>) {
    loop {
        match desk.tend(workers) {
            Order::GoOn => {}
            Order::Stop => desk.retire(Retired::Stopped),
            Order::Leave | Order::Abandon => return,
        }
        let mut any = false;
        for trial in std::iter::from_fn(|| desk.take())
            .take(workers)
            .collect::<Vec<_>>()
        {
            any = true;
            let finished = Finished {
                outcome: "completed".into(),
                metrics: [("test.bce".to_owned(), Some(0.1))].into(),
                seconds: 0.0,
            };
            desk.tell(Word::Started { trial });
            desk.tell(Word::Finished { trial, finished });
        }
        if !any {
            let _ = knocks.recv_timeout(Duration::from_millis(200));
        }
    }
}

/// Resident memory of this process in bytes.
fn resident() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok());
    kib.map_or(0.0, |kib: f64| kib * 1024.0)
}

fn main() {
    // The first argument may be cargo's own `--bench`.
    let trials = std::env::args().find_map(|argument| argument.parse().ok());
    let trials: usize = trials.unwrap_or(100_000);
    let (knock, knocks) = channel();
    let courier = Courier::start(move || {
        let _ = knock.send(());
    })
    .expect("MPI starts");
    let signals = Signals::default();
    let hang_after = Duration::from_secs(60);
    let ours = RankHello::ours("free".into(), Device::Cpu, 2);
    if courier.rank() > 0 {
        let (mut branch, _) =
            Branch::greet(&courier, ours, &signals, hang_after).expect("rank 0 answers");
        drain(&mut branch, 2, &knocks);
    } else {
        let before = resident();
        let points = trials.div_ceil(10);
        let mut queue = Queue::new((0..trials).map(|index| Entry {
            index,
            point: index % points,
            round: index / points,
            cost: 1.0,
            failures: 0,
        }));
        let queued = resident();
        let mut progress = Progress::lines(Scope::default(), Box::new(std::io::sink()));
        let work = Free { points };
        let walltime = Walltime::default();
        let others = Others {
            link: &courier,
            ours,
            hang_after,
            walltime,
        };
        let supply = Supply::Everything;
        let began = Instant::now();
        let mut coordinator = Coordinator::new(
            &mut queue,
            supply,
            &work,
            &mut progress,
            &signals,
            None,
            Some(others),
        );
        drain(&mut coordinator, 0, &knocks);
        coordinator.end().expect("drained");
        let seconds = began.elapsed().as_secs_f64();
        assert_eq!(queue.finished(), trials);
        println!(
            "{{\"trials\": {trials}, \"seconds\": {seconds:.3}, \"per_second\": {:.0}, \"bytes_a_queued_trial\": {:.0}, \"bytes_grown\": {:.0}}}",
            trials as f64 / seconds,
            (queued - before) / trials as f64,
            resident() - queued
        );
    }
    courier.finish();
}
