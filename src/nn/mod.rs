//! Parameters, their initial values, and the hot operations with their gradients.
//! Maps are [n, height, width, channels] (channels last), f32, contiguous.

pub mod ops;

use candle_core::Var;
use std::collections::BTreeMap;

/// The trainable parameters of a model, by name and in the order of their names.
#[derive(Clone, Default)]
pub struct Parameters(pub BTreeMap<String, Var>);
