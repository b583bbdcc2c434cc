//! What is launched for each operation: functions that append to a program and give the buffers of their results.
//! Pure; sizes are the callers' to check, as they are checked for the CPU.

pub mod attention;
pub mod chain;
pub mod channels;
pub mod conv;
pub mod flat;
pub mod losses;
pub mod maps;
pub mod normalise;
pub mod optimizer;
pub mod pointwise;
pub mod pool;
