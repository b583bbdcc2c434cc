//! Every operation of `nn::ops` against three oracles: central finite differences of its own forward pass, PyTorch,
//! and results by hand.

mod by_hand;
mod differences;
mod operations;
mod pytorch;
#[path = "../vectors/mod.rs"]
mod vectors;
