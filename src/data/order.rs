//! In which order an epoch visits the images.

use crate::seed::Key;

/// The order in which epoch `epoch` visits `n` images: a fresh shuffle for every epoch, the same for all arms of
/// a seed.
pub fn order(seed: u64, epoch: u64, n: usize) -> Vec<usize> {
    let mut indices: Vec<usize> = (0..n).collect();
    Key::new(seed, "order")
        .number(epoch)
        .stream()
        .shuffle(&mut indices);
    indices
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_epoch_visits_every_image_once() {
        let mut visited = order(1, 2, 1000);
        visited.sort_unstable();
        assert_eq!(visited, (0..1000).collect::<Vec<_>>());
        assert!(order(1, 2, 0).is_empty());
    }

    #[test]
    fn orders_differ_by_seed_and_epoch_and_repeat() {
        assert_eq!(order(1, 2, 100), order(1, 2, 100));
        assert_ne!(order(1, 2, 100), order(1, 3, 100));
        assert_ne!(order(1, 2, 100), order(2, 2, 100));
    }

    /// Oracle: uniformity. Over 6000 epochs each of the 6 orders of three images is expected 1000 times; the
    /// chi-square value at 5 degrees is below 20.5 in 99.9 % of cases.
    #[test]
    fn all_orders_are_equally_likely() {
        let mut counts = std::collections::BTreeMap::new();
        for epoch in 0..6000 {
            *counts.entry(order(3, epoch, 3)).or_insert(0) += 1;
        }
        let chi: f64 = counts
            .values()
            .map(|&n| (f64::from(n) - 1000.0).powi(2) / 1000.0)
            .sum();
        assert!(counts.len() == 6 && chi < 20.5, "{counts:?}");
    }
}
