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

impl Support {
    /// Nothing: what most tasks need.
    pub const NONE: &Self = {
        static NONE: Support = Support {
            judge: None,
            codec: None,
        };
        &NONE
    };
}
