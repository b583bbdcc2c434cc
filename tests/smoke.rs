//! Bit identity of `jobs/smoke.yaml` at the corners; `make storm` visits every combination (tests/storm/smoke.rs).

mod bits;
mod common;
mod launch;
mod scene;

use ablate::nn::ops::kernel::level::Level;
use bits::{How, calm, killed};

#[test]
fn the_bits_of_smoke_depend_on_neither_ranks_nor_workers_nor_threads_nor_kills() {
    for level in Level::available() {
        let serial = How::serial(level);
        let oracle = calm(serial).digests();
        assert_eq!(oracle.len(), 4);
        let (workers, threads) = (2, 2);
        let busy = How {
            workers,
            threads,
            ..serial
        };
        assert_eq!(calm(busy).digests(), oracle, "{busy}");
        if !launch::have_mpirun() {
            common::skip("bits over ranks", "mpirun is not installed");
            continue;
        }
        let ranks = How {
            ranks: Some(3),
            ..busy
        };
        assert_eq!(calm(ranks).digests(), oracle, "{ranks}");
    }
    let level = Level::available().pop().expect("the plainest at least");
    let best = How::serial(level);
    assert_eq!(killed(best, 1).digests(), calm(best).digests(), "killed");
}
