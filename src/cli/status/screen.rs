//! The terminal while a sweep is watched: a screen of its own, drawn anew again and again, and given back with the last view
//! on it however the watching ends.

use super::show::{Ink, Page};
use crate::error::{Error, Result};
use rustix::termios::tcgetwinsize;
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGWINCH};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;
use std::io::{IsTerminal as _, Write, stdout};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Another screen, no cursor, and lines that end at the edge.
const ENTER: &str = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J";
/// All of that back.
const LEAVE: &str = "\x1b[?7h\x1b[?25h\x1b[?1049l";

/// What a terminal is taken for that does not say its size.
const USUAL: [usize; 2] = [80, 24];
/// No line is cut shorter.
const NARROWEST: usize = 40;

/// Whether standard output is a terminal that can be drawn on.
pub fn is_there() -> bool {
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    stdout().is_terminal() && !dumb
}

/// The page that standard output is now.
pub fn page() -> Page {
    if !is_there() {
        return Page {
            columns: usize::MAX,
            rows: None,
            ink: Ink::Plain,
        };
    }
    let size = tcgetwinsize(stdout()).map(|size| [size.ws_col, size.ws_row].map(usize::from));
    let [columns, rows] = match size {
        Ok(size) if !size.contains(&0) => size,
        _ => USUAL,
    };
    Page {
        columns: columns.max(NARROWEST),
        // The last line stays free: a line end there would move everything up.
        rows: Some(rows.saturating_sub(1).max(1)),
        ink: match std::env::var_os("NO_COLOR").is_some_and(|set| !set.is_empty()) {
            true => Ink::Plain,
            false => Ink::Colour,
        },
    }
}

/// The terminal, ours until this is dropped.
pub struct Screen {
    state: Arc<Mutex<State>>,
    resized: Receiver<()>,
}

struct State {
    ours: bool,
    shown: String,
}

impl Screen {
    /// Takes the terminal.
    ///
    /// # Errors
    /// When signals cannot be listened to.
    pub fn take() -> Result<Self> {
        let listened = [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGWINCH];
        let signals = Signals::new(listened)
            .map_err(|error| Error::Internal(format!("cannot listen for signals: {error}")))?;
        let (tell, resized) = channel();
        let state = Arc::new(Mutex::new(State {
            ours: false,
            shown: String::new(),
        }));
        locked(&state, State::enter);
        let theirs = Arc::clone(&state);
        std::thread::spawn(move || heed(signals, &theirs, &tell));
        Ok(Self { state, resized })
    }

    /// Shows a text, line by line over what is there, so that nothing flickers.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn draw(&self, text: &str) -> std::io::Result<()> {
        locked(&self.state, |state| {
            text.clone_into(&mut state.shown);
            state.draw()
        })
    }

    /// Waits so long, or until the terminal has another size.
    pub fn wait(&self, time: Duration) {
        // Either way it is time to look again.
        let _ = self.resized.recv_timeout(time);
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        locked(&self.state, State::leave);
    }
}

impl State {
    fn enter(&mut self) {
        self.ours = true;
        // A terminal that is gone is noticed when it is drawn on.
        let _ = put(ENTER);
    }

    fn draw(&self) -> std::io::Result<()> {
        let lines = self.shown.lines();
        let lines: String = lines.map(|line| format!("{line}\x1b[K\n")).collect();
        put(&format!("\x1b[H{lines}\x1b[J"))
    }

    fn leave(&mut self) {
        if std::mem::take(&mut self.ours) {
            let _ = put(&format!("{LEAVE}{}", self.shown));
        }
    }
}

/// Ends, stops and redraws as signals ask: at once, whatever the other thread waits for.
fn heed(mut signals: Signals, state: &Mutex<State>, resized: &Sender<()>) {
    for signal in signals.forever() {
        if signal == SIGWINCH {
            // Fails only when nobody watches any more.
            let _ = resized.send(());
            continue;
        }
        locked(state, |state| {
            state.leave();
            // Returns only from SIGTSTP, when the process goes on. Exit codes are those of a program that heeds no signal.
            let _ = emulate_default_handler(signal);
            state.enter();
            let _ = state.draw();
        });
    }
}

fn locked<T>(state: &Mutex<State>, act: impl FnOnce(&mut State) -> T) -> T {
    act(&mut state.lock().unwrap_or_else(PoisonError::into_inner))
}

fn put(text: &str) -> std::io::Result<()> {
    let mut out = stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}
