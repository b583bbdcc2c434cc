//! Carries messages over MPI.
//!
//! It probes and sleeps, up to two milliseconds when nothing comes: a blocking receive spins a core that training needs.
//! It sends with MPI's own buffer, so that two ranks that send to each other never wait for each other, and it always
//! takes in what comes, so that buffer stays all but empty. It shows the others that this rank lives while the rank does
//! something that takes long, a merge of the record above all.

use super::message::{FromRank, ToRank};
use mpi::request::StaticScope;
use mpi::topology::SimpleCommunicator;
use mpi::traits::{Communicator as _, Destination as _, Equivalence as _, Source as _};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Between two signs of life.
const SIGN_OF_LIFE: Duration = Duration::from_secs(1);
/// A rank that has not looked at its messages for so long shows no more life: it hangs.
const LONGEST_ABSENCE: Duration = Duration::from_secs(600);
const SHORTEST_NAP: Duration = Duration::from_micros(50);
const LONGEST_NAP: Duration = Duration::from_millis(2);
/// No other message is empty: they are JSON.
const FAREWELL: &[u8] = &[];

/// A message, and the rank that it goes to or comes from.
pub(super) type Parcel = (usize, Vec<u8>);

/// What the thread that makes MPI calls owns.
pub(super) struct Carrier {
    world: SimpleCommunicator,
    last_look: Arc<Mutex<Instant>>,
    shown: Instant,
    /// Ranks that said farewell.
    farewells: usize,
    came: Sender<Parcel>,
    knock: Box<dyn Fn()>,
}

impl Carrier {
    /// `last_look`: when the rank last looked at its messages; `knock` is called after every message that `came`.
    pub(super) fn new(
        world: SimpleCommunicator,
        last_look: Arc<Mutex<Instant>>,
        came: Sender<Parcel>,
        knock: Box<dyn Fn()>,
    ) -> Self {
        Self {
            world,
            last_look,
            shown: Instant::now(),
            farewells: 0,
            came,
            knock,
        }
    }

    /// Until nobody sends any more.
    pub(super) fn carry(mut self, to_send: &Receiver<Parcel>) {
        let mut nap = SHORTEST_NAP;
        loop {
            let mut idle = !self.take_in();
            match to_send.recv_timeout(nap) {
                Ok((rank, text)) => {
                    self.send(rank, &text);
                    idle = false;
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return self.take_leave(),
            }
            self.show_life();
            nap = match idle {
                true => (2 * nap).min(LONGEST_NAP),
                false => SHORTEST_NAP,
            };
        }
    }

    /// Takes in what came, and says whether anything did.
    fn take_in(&mut self) -> bool {
        let mut any = false;
        while let Some((message, status)) = self.world.any_process().immediate_matched_probe() {
            let mut text = vec![0u8; whole(status.count(u8::equivalent_datatype()))];
            message.matched_receive_into(&mut text[..]);
            match text.is_empty() {
                true => self.farewells += 1,
                false => {
                    // Nobody reads any more when this process is about to leave.
                    let _ = self.came.send((whole(status.source_rank()), text));
                    (self.knock)();
                }
            }
            any = true;
        }
        any
    }

    /// Holds the ranks together until none has anything to send: each tells rank 0, which answers when it has heard all.
    ///
    /// `MPI_Finalize` should do that and does not everywhere: under srun of Slurm 22.05 ranks got through it while others
    /// were still sending to them, and those hung in `MPI_Bsend` for ever.
    fn take_leave(mut self) {
        let others = whole(self.world.size()) - 1;
        let to = match whole(self.world.rank()) {
            0 => {
                self.hear(others);
                1..=others
            }
            _ => 0..=0,
        };
        // A synchronous send is over when the other side has taken it in.
        let said = to.map(|rank| {
            let to = self.world.process_at_rank(rank as i32);
            to.immediate_synchronous_send(StaticScope, FAREWELL)
        });
        let said: Vec<_> = said.collect();
        if self.world.rank() > 0 {
            self.hear(1);
        }
        for mut request in said {
            while let Err(pending) = request.test() {
                request = pending;
                std::thread::sleep(LONGEST_NAP);
            }
        }
    }

    /// Until so many ranks said farewell.
    fn hear(&mut self, farewells: usize) {
        while self.farewells < farewells {
            self.take_in();
            std::thread::sleep(LONGEST_NAP);
        }
    }

    fn send(&self, rank: usize, text: &[u8]) {
        self.world.process_at_rank(rank as i32).buffered_send(text);
    }

    fn show_life(&mut self) {
        let looked = *self
            .last_look
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if self.shown.elapsed() < SIGN_OF_LIFE || looked.elapsed() > LONGEST_ABSENCE {
            return;
        }
        self.shown = Instant::now();
        let (others, alive) = match whole(self.world.rank()) {
            0 => (
                1..whole(self.world.size()),
                serde_json::to_vec(&ToRank::Alive),
            ),
            _ => (0..1, serde_json::to_vec(&FromRank::Alive)),
        };
        for rank in others {
            alive.iter().for_each(|text| self.send(rank, text));
        }
    }
}

/// MPI counts with signed numbers.
pub(super) fn whole(count: i32) -> usize {
    count.unsigned_abs() as usize
}
