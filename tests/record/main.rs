//! The record from outside: commits, damage, packing, merging and reading back.

mod commit;
#[path = "../common/mod.rs"]
mod common;
mod damage;
mod fixture;
mod foreign;
mod merge;
mod python;
mod report;
mod shard;
