//! The GPUs of a rank: which worker goes where, how many there are at a time, and what workers are told of theirs.

use super::Supervisor;
use crate::fanout::crew::{Duty, Member, Stride};
use crate::fanout::gpu::packing::{Decision, Glance, Packing, Room, Seats};
use crate::fanout::gpu::seats::{self, PerGpu};
use crate::fanout::gpu::smi::Gpu;
use crate::fanout::gpu::watch::Watch;
use crate::fanout::machine::OwnGpu;
use crate::fanout::message::ToWorker;
use std::time::Duration;

/// Readings of nvidia-smi in the time for which a number of workers is measured: half a minute.
const WINDOWS: u32 = 3;

/// The GPUs of a rank.
#[derive(Clone, Debug)]
pub struct Gpus {
    /// Of all GPUs that this rank sees, in CUDA's order, what is known.
    pub visible: Vec<Option<Gpu>>,
    /// Positions of those among them that are its own.
    pub own: Vec<usize>,
    /// How many workers share one.
    pub per_gpu: PerGpu,
    /// How often nvidia-smi is asked.
    pub sampled_every: Duration,
}

impl Gpus {
    fn known(&self, number: usize) -> Option<&Gpu> {
        self.visible.get(number)?.as_ref()
    }
}

/// What changes of them while a rank trains.
pub struct Floor {
    watch: Watch,
    packing: Option<Packing>,
    /// What nvidia-smi said last.
    seen: Vec<Gpu>,
}

impl Floor {
    /// Nothing measured yet.
    pub fn new(gpus: &Gpus) -> Self {
        let packing = match gpus.per_gpu {
            PerGpu::Fixed(_) => None,
            PerGpu::Measured { most } => Some(Packing::new(most, WINDOWS * gpus.sampled_every)),
        };
        Self {
            watch: Watch::start(gpus.sampled_every),
            packing,
            seen: Vec::new(),
        }
    }

    /// A GPU as nvidia-smi saw it last.
    fn now(&self, known: &Gpu) -> Option<&Gpu> {
        self.seen.iter().find(|seen| seen.uuid == known.uuid)
    }
}

impl Supervisor<'_> {
    /// Most workers at a time, as things stand.
    pub(super) fn most(&self) -> usize {
        let packing = self.floor.as_ref().and_then(|floor| floor.packing.as_ref());
        match (&self.site.gpus, packing) {
            (Some(gpus), Some(packing)) => packing.workers() * gpus.own.len(),
            _ => self.site.workers,
        }
    }

    /// The GPU of each worker that stays.
    fn taken(&self) -> impl Iterator<Item = usize> + Clone {
        let staying = |member: &&Member| !matches!(member.duty, Duty::Leaving);
        let staying = self.crew.values().filter(staying);
        staying.filter_map(|member| member.gpu)
    }

    /// The GPU for the next worker; none where workers train on the processor.
    pub(super) fn seat(&self) -> Option<OwnGpu> {
        let gpus = self.site.gpus.as_ref()?;
        let number = seats::emptiest(&gpus.own, self.taken())?;
        Some(OwnGpu {
            number,
            known: gpus.known(number).cloned(),
        })
    }

    /// To be called in every round: tells workers of their GPUs, and changes how many there are when that is worth it.
    pub(super) fn tend_gpus(&mut self) {
        let Some(floor) = &mut self.floor else {
            return;
        };
        if let Some(seen) = floor.watch.news() {
            floor.seen = seen;
            self.tell_of_gpus();
        }
        self.tell_of_sharing();
        self.pack();
    }

    /// Tells who trains with how many it shares its GPU, where that is news.
    fn tell_of_sharing(&mut self) {
        let trains = |member: &Member| matches!(member.duty, Duty::Busy(_));
        let training = self.crew.values().filter(|member| trains(member));
        let taken: Vec<usize> = training.filter_map(|member| member.gpu).collect();
        for member in self.crew.values_mut().filter(|member| trains(member)) {
            let workers = taken.iter().filter(|gpu| Some(**gpu) == member.gpu).count();
            if workers > 0 && workers != member.sharing {
                member.sharing = workers;
                member.process.send(&ToWorker::Sharing { workers });
            }
        }
    }

    fn tell_of_gpus(&mut self) {
        let (Some(gpus), Some(floor)) = (&self.site.gpus, &self.floor) else {
            return;
        };
        for member in self.crew.values_mut() {
            let Some(known) = member.gpu.and_then(|number| gpus.known(number)) else {
                continue;
            };
            if let Some(utilisation) = floor.now(known).and_then(|now| now.utilisation)
                && matches!(member.duty, Duty::Busy(_))
            {
                member.process.send(&ToWorker::Gpu { utilisation });
            }
        }
    }

    fn pack(&mut self) {
        let glance = self.glance();
        let packing = self.floor.as_mut().and_then(|floor| floor.packing.as_mut());
        let (Some(glance), Some(packing)) = (glance, packing) else {
            return;
        };
        if let Some(Decision(text)) = packing.look(glance) {
            self.say(&text);
        }
        self.thin_out();
    }

    fn glance(&self) -> Option<Glance> {
        let (gpus, floor) = (self.site.gpus.as_ref()?, self.floor.as_ref()?);
        let packing = floor.packing.as_ref()?;
        let trains = |member: &&Member| {
            member.stride == Stride::Found && matches!(member.duty, Duty::Busy(_))
        };
        let training = self.crew.values().filter(trains).count();
        let own = |number: &usize| floor.now(gpus.known(*number)?);
        let seen: Vec<&Gpu> = gpus.own.iter().filter_map(own).collect();
        Some(Glance {
            now: self.began.elapsed(),
            done: self.done,
            seats: match training == packing.workers() * gpus.own.len() {
                true => Seats::Full,
                false => Seats::NotFull,
            },
            room: match seen.len() == gpus.own.len() {
                true => Room::on(&seen, packing.workers()),
                false => Room::Unknown,
            },
        })
    }

    /// A trial ran out of its GPU's memory. Whether that was because several share it: then there are fewer from now on.
    pub(super) fn shares_too_much(&mut self) -> bool {
        let packing = self.floor.as_mut().and_then(|floor| floor.packing.as_mut());
        match packing.and_then(Packing::out_of_memory) {
            Some(Decision(text)) => {
                self.say(&text);
                true
            }
            None => false,
        }
    }

    /// Sends home who waits on the fullest GPU, when there are more than there should be. Who trains is left in peace.
    fn thin_out(&mut self) {
        let most = self.most();
        loop {
            let taken: Vec<usize> = self.taken().collect();
            if taken.len() <= most {
                return;
            }
            let workers = |gpu: Option<usize>| taken.iter().filter(|g| Some(**g) == gpu).count();
            let waits = self
                .crew
                .values_mut()
                .filter(|member| matches!(member.duty, Duty::Idle));
            let Some(member) = waits.max_by_key(|member| workers(member.gpu)) else {
                return;
            };
            member.process.dismiss();
            member.duty = Duty::Leaving;
        }
    }
}
