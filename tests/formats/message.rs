//! What processes say to each other, and the small files that they leave.

use ablate::fanout::message::{FromWorker, Heard, ToWorker, read, write};
use ablate::fanout::ranks::message::{FromRank, ToRank};
use ablate::plan::Trial;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::Debug;

/// Each kind of message is refused, or says the same when it is said again.
pub fn check(bytes: &[u8]) {
    over_a_pipe::<ToWorker>(bytes);
    over_a_pipe::<FromWorker>(bytes);
    between_ranks::<FromRank>(bytes);
    between_ranks::<ToRank>(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = Trial::from_json(text);
    }
}

/// Messages up to the first that is none; garbage is short when it is shown.
fn over_a_pipe<M: Serialize + DeserializeOwned + Debug + PartialEq>(mut bytes: &[u8]) {
    loop {
        match read::<M>(&mut bytes) {
            Heard::Closed => return,
            Heard::Garbage(start) => {
                assert!(start.chars().count() <= 200);
                return;
            }
            Heard::Message(message) => {
                let mut again = Vec::new();
                write(&mut again, &message).expect("a Vec takes all");
                assert_eq!(read(&mut again.as_slice()), Heard::Message(message));
            }
        }
    }
}

fn between_ranks<M: Serialize + DeserializeOwned + Debug + PartialEq>(bytes: &[u8]) {
    if let Ok(message) = serde_json::from_slice::<M>(bytes) {
        let again = serde_json::to_vec(&message).expect("JSON");
        let again: M = serde_json::from_slice(&again).expect("what we said");
        assert_eq!(again, message);
    }
}
