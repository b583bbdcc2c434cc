//! Networks that were trained before a trial and serve it, as artefacts do.

use crate::model::Model;

/// What a task may need beside its images.
#[derive(Default)]
pub struct Support {
    /// The classifier in whose features generated images are judged.
    pub judge: Option<Model>,
    /// The autoencoder between images and latents.
    pub codec: Option<Model>,
}
