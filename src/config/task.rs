//! What is learned.

use super::field::{Field, choice, field};

choice! {
    /// What is fed, what is the loss and what is measured.
    pub enum TaskKind {
        /// A noisy image in, the clean image out.
        Denoise = "denoise",
    }
}

pub(super) const FIELDS: &[Field] = &[field!(task: TaskKind, "what is learned")];
