//! The record from outside: commits, damage, packing, merging and reading back.

mod commit;
mod damage;
mod fixture;
mod foreign;
mod merge;
mod python;
mod shard;
