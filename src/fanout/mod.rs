//! The queue, worker processes and their supervisor.
