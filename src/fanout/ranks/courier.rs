//! A rank's end of MPI. Its thread, the one of a process that makes MPI calls, is [`Carrier`].

use super::carrier::{Carrier, Parcel, whole};
use super::message::{FromRank, ToRank};
use super::{Link, Uplink};
use crate::error::{Error, ExitCode, Result};
use crate::fanout::placement::Local;
use mpi::Threading;
use mpi::topology::SimpleCommunicator;
use mpi::traits::Communicator as _;
use serde::{Serialize, de::DeserializeOwned};
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;

/// Bytes of messages that may be on their way out.
const BUFFER: usize = 64 << 20;

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
                    Carrier::new(world, last_look, came, Box::new(knock)).carry(&to_send);
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

/// A rank that panics must not leave the others waiting.
fn abort_on_panic() {
    let print = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        print(panic);
        SimpleCommunicator::world().abort(ExitCode::Internal as i32);
    }));
}
