//! The class of every image, where it is known.

use crate::config::DataConfig;

/// The classes (0 to 9) of the images of a trial, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Classes {
    /// Of the images trained on.
    pub train: Vec<u8>,
    /// Of the images for model selection.
    pub valid: Vec<u8>,
    /// Of the reported images.
    pub test: Vec<u8>,
}

impl Classes {
    /// Divides the start of the training part as [`super::split`] divides its images.
    pub(super) fn split(config: &DataConfig, mut train: Vec<u8>, test: Vec<u8>) -> Self {
        let valid = train.split_off(config.train.min(train.len()));
        Self { train, valid, test }
    }
}
