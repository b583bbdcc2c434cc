//! Asks `nvidia-smi` now and then, in a thread of its own: it may take a second, and the supervisor listens to its workers.

use super::smi::{self, Gpu};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

/// Between two questions. One costs a few percent of a core for a moment.
const EVERY: Duration = Duration::from_secs(10);

/// The variable by which tests ask more often: milliseconds.
const EVERY_MS: &str = "ABLATE_GPU_SAMPLE_MS";

/// How long to wait between two questions.
pub fn period() -> Duration {
    let named = std::env::var(EVERY_MS).ok();
    let named = named.and_then(|text| text.parse().ok());
    named.map_or(EVERY, |ms: u64| {
        Duration::from_millis(ms.clamp(10, 600_000))
    })
}

/// The thread. It ends soon after this is dropped.
pub struct Watch {
    seen: Receiver<Vec<Gpu>>,
    _alive: Sender<()>,
}

impl Watch {
    /// Starts it, with so long between two questions.
    pub fn start(every: Duration) -> Self {
        let (tell, seen) = channel();
        let (alive, dropped) = channel::<()>();
        std::thread::spawn(move || {
            while dropped.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
                // That it cannot be asked this time is no news: readings are for show and for packing.
                if tell.send(smi::list().unwrap_or_default()).is_err() {
                    break;
                }
            }
        });
        Self {
            seen,
            _alive: alive,
        }
    }

    /// What was seen last, once.
    pub fn news(&self) -> Option<Vec<Gpu>> {
        self.seen.try_iter().last()
    }
}
