//! Bit identity of `jobs/smoke.yaml`: every instruction set of this machine, 1 to 7 ranks and none, 1 and 2 workers and threads;
//! and with twenty kills.

use crate::bits::{How, KILLS, calm, killed};
use crate::launch::have_mpirun;
use ablate::nn::ops::kernel::level::Level;

#[test]
fn smoke_has_the_same_bits_however_it_is_run() {
    let mut ranks = vec![None];
    if have_mpirun() {
        ranks.extend((1..=7).map(Some));
    } else {
        crate::common::skip("bits over ranks", "mpirun is not installed");
    }
    let (mut runs, mut stormy) = (0, 0);
    for level in Level::available() {
        let oracle = calm(How::serial(level)).digests();
        assert_eq!(oracle.len(), 4);
        for &ranks in &ranks {
            for (workers, threads) in [(1, 1), (1, 2), (2, 1), (2, 2)] {
                let how = How {
                    ranks,
                    workers,
                    threads,
                    level,
                };
                assert_eq!(calm(how).digests(), oracle, "{how}");
                runs += 1;
            }
            let how = How {
                ranks,
                workers: 2,
                threads: 1,
                level,
            };
            assert_eq!(killed(how, stormy).digests(), oracle, "{how}, killed");
            stormy += 1;
        }
    }
    crate::report(&format!(
        "bits of jobs/smoke.yaml: {runs} calm runs and {stormy} with {KILLS} kills each on {} instruction sets, 0 differences",
        Level::available().len()
    ));
}
