//! Carries messages over MPI: the one thread of a process that makes MPI calls.
//!
//! It probes and sleeps, up to two milliseconds when nothing comes: a blocking receive spins a core that training needs.
//! It sends with MPI's own buffer, so that two ranks that send to each other never wait for each other, and it always
//! takes in what comes, so that buffer stays all but empty. It shows the others that this rank lives while the rank does
//! something that takes long, a merge of the record above all.

use super::message::{FromRank, ToRank};
use super::{Link, Uplink};
use crate::error::{Error, ExitCode, Result};
use crate::fanout::placement::Local;
use mpi::Threading;
use mpi::request::StaticScope;
use mpi::topology::SimpleCommunicator;
use mpi::traits::{Communicator as _, Destination as _, Equivalence as _, Source as _};
use serde::{Serialize, de::DeserializeOwned};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Bytes of messages that may be on their way out.
const BUFFER: usize = 64 << 20;
/// Between two signs of life.
const SIGN_OF_LIFE: Duration = Duration::from_secs(1);
/// A rank that has not looked at its messages for so long shows no more life: it hangs.
const LONGEST_ABSENCE: Duration = Duration::from_secs(600);
const SHORTEST_NAP: Duration = Duration::from_micros(50);
const LONGEST_NAP: Duration = Duration::from_millis(2);
/// No other message is empty: they are JSON.
const FAREWELL: &[u8] = &[];

type Parcel = (usize, Vec<u8>);

/// This process's end of MPI. Dropped without [`finish`](Self::finish), it ends every rank of the job: nobody would ever
/// hear of this one again.
pub struct Courier {
    rank: usize,
    ranks: usize,
    local: Local,
    outgoing: Option<Sender<Parcel>>,
    incoming: Receiver<Parcel>,
    /// When this rank last looked at its messages.
    looked: Arc<Mutex<Instant>>,
    thread: Option<JoinHandle<()>>,
}

impl Courier {
    /// Starts MPI. `knock` is called after every message that came. From then on a panic on any thread of this process
    /// ends every rank of the job.
    ///
    /// # Errors
    /// When MPI does not start.
    pub fn start(knock: impl Fn() + Send + 'static) -> Result<Self> {
        let (outgoing, to_send) = channel();
        let (came, incoming) = channel();
        let (tell, told) = channel();
        let looked = Arc::new(Mutex::new(Instant::now()));
        let last_look = Arc::clone(&looked);
        let thread = std::thread::Builder::new()
            .name("mpi".into())
            .spawn(move || {
                let Some((mut universe, _)) = mpi::initialize_with_threading(Threading::Funneled)
                else {
                    return;
                };
                abort_on_panic();
                universe.set_buffer_size(BUFFER);
                let world = universe.world();
                let node = world.split_shared(world.rank());
                let [rank, ranks] = [world.rank(), world.size()].map(whole);
                let [local_rank, local_ranks] = [node.rank(), node.size()].map(whole);
                let local = Local {
                    rank: local_rank,
                    ranks: local_ranks,
                };
                if tell.send((rank, ranks, local)).is_ok() {
                    Carrier {
                        world,
                        last_look,
                        shown: Instant::now(),
                        farewells: 0,
                        came,
                        knock: Box::new(knock),
                    }
                    .carry(&to_send);
                }
            })
            .map_err(|error| Error::Worker(format!("cannot start a thread for MPI: {error}")))?;
        let (rank, ranks, local) = told.recv().map_err(|_| {
            Error::Worker("MPI did not start\n  next: `ablate doctor` looks into it; without mpirun or srun the same command runs on one machine".into())
        })?;
        Ok(Self {
            rank,
            ranks,
            local,
            outgoing: Some(outgoing),
            incoming,
            looked,
            thread: Some(thread),
        })
    }

    /// This rank.
    pub fn rank(&self) -> usize {
        self.rank
    }

    /// This rank among those of its node.
    pub fn local(&self) -> Local {
        self.local
    }

    /// Ends every process of the job, this one too.
    pub fn abort(&self, code: ExitCode) -> ! {
        SimpleCommunicator::world().abort(code as i32)
    }

    /// Ends MPI together with all other ranks, which finish as well.
    pub fn finish(mut self) {
        self.outgoing = None;
        if let Some(thread) = self.thread.take() {
            // A panic of that thread has ended the job already.
            let _ = thread.join();
        }
    }

    fn post(&self, rank: usize, message: &impl Serialize) {
        // Numbers are finite and names are texts, so this is JSON; without it the other side would wait for ever.
        let text = serde_json::to_vec(message)
            .unwrap_or_else(|error| panic!("a message is no JSON: {error}"));
        if let Some(outgoing) = &self.outgoing {
            // The thread lives until `finish`, or the job is ending.
            let _ = outgoing.send((rank, text));
        }
    }

    fn next<M: DeserializeOwned>(&self) -> Result<Option<(usize, M)>> {
        *self.looked.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        let (rank, text) = match self.incoming.try_recv() {
            Ok(parcel) => parcel,
            Err(TryRecvError::Empty) => return Ok(None),
            Err(TryRecvError::Disconnected) => {
                return Err(Error::Worker("the MPI thread ended before its time".into()));
            }
        };
        let message = serde_json::from_slice(&text).map_err(|error| {
            let start: String = String::from_utf8_lossy(&text).chars().take(200).collect();
            Error::Worker(format!(
                "rank {rank} sent what is no message of this build ({error}): {start}\n  next: let every node start the same binary"
            ))
        })?;
        Ok(Some((rank, message)))
    }
}

impl Drop for Courier {
    fn drop(&mut self) {
        if self.thread.is_some() {
            self.abort(ExitCode::Machine);
        }
    }
}

impl Link for Courier {
    fn ranks(&self) -> usize {
        self.ranks
    }
    fn send(&self, rank: usize, message: &ToRank) {
        self.post(rank, message);
    }
    fn receive(&self) -> Result<Option<(usize, FromRank)>> {
        self.next()
    }
}

impl Uplink for Courier {
    fn send(&self, message: &FromRank) {
        self.post(0, message);
    }
    fn receive(&self) -> Result<Option<ToRank>> {
        Ok(self.next()?.map(|(_, message)| message))
    }
}

/// MPI counts with signed numbers.
fn whole(count: i32) -> usize {
    count.unsigned_abs() as usize
}

/// A rank that panics must not leave the others waiting.
fn abort_on_panic() {
    let print = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        print(panic);
        SimpleCommunicator::world().abort(ExitCode::Internal as i32);
    }));
}

/// The thread's own.
struct Carrier {
    world: SimpleCommunicator,
    last_look: Arc<Mutex<Instant>>,
    shown: Instant,
    /// Ranks that said farewell.
    farewells: usize,
    came: Sender<Parcel>,
    knock: Box<dyn Fn()>,
}

impl Carrier {
    /// Until nobody sends any more.
    fn carry(mut self, to_send: &Receiver<Parcel>) {
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
