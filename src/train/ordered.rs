//! Work spread over threads whose results come back in order.

use crate::error::Result;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Does pieces 0..n on up to `threads` threads and gives their results in the order of the pieces, so that whoever
/// sums them gets the same bits for any number of threads.
///
/// # Errors
/// The error of the first piece, in order, that failed.
pub(super) fn in_order<T: Send>(
    threads: usize,
    n: usize,
    work: impl Fn(usize) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    let threads = threads.min(n);
    if threads <= 1 {
        return (0..n).map(work).collect();
    }
    let next = AtomicUsize::new(0);
    let take = || {
        let mut done = Vec::new();
        loop {
            let piece = next.fetch_add(1, Ordering::Relaxed);
            if piece >= n {
                return done;
            }
            done.push((piece, work(piece)));
        }
    };
    let mut done = thread::scope(|scope| {
        let helpers: Vec<_> = (1..threads).map(|_| scope.spawn(take)).collect();
        let mut done = take();
        for helper in helpers {
            done.extend(helper.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
        done
    });
    done.sort_unstable_by_key(|(piece, _)| *piece);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    #[test]
    fn results_come_in_order_for_any_number_of_threads() {
        for threads in [0, 1, 2, 3, 50] {
            // Early pieces take longest, so that threads finish out of order.
            let work = |piece: usize| {
                thread::sleep(std::time::Duration::from_micros(100 * (20 - piece as u64)));
                Ok(piece)
            };
            assert_eq!(
                in_order(threads, 20, work).unwrap(),
                (0..20).collect::<Vec<_>>()
            );
        }
    }

    #[test]
    fn the_first_failure_in_order_is_told() {
        let work = |piece: usize| match piece {
            0..5 => Ok(()),
            _ => Err(Error::Internal(piece.to_string())),
        };
        let problem = in_order(3, 9, work).unwrap_err().to_string();
        assert!(problem.contains("error: 5"), "{problem}");
    }
}
