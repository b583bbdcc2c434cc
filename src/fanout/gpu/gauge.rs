//! What a worker is told of its GPU while it trains: the mean of a trial goes into its record.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Samples of one trial. Clones share them: the thread that listens adds, the one that trains asks.
#[derive(Clone, Debug, Default)]
pub struct Gauge(Arc<Mutex<Samples>>);

#[derive(Debug, Default)]
struct Samples {
    sum: f64,
    number: u32,
}

impl Gauge {
    /// Takes note of a utilisation in percent.
    pub fn add(&self, percent: f64) {
        if (0.0..=100.0).contains(&percent) {
            let mut samples = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            samples.sum += percent;
            samples.number += 1;
        }
    }

    /// A trial begins.
    pub fn restart(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Samples::default();
    }

    /// What a record says of it: mean and number of samples, or that there were none.
    pub fn facts(&self) -> BTreeMap<String, String> {
        let samples = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mean = match samples.number {
            0 => "not sampled".to_owned(),
            number => format!("{:.0}", samples.sum / f64::from(number)),
        };
        BTreeMap::from([
            ("gpu_utilisation_percent".to_owned(), mean),
            (
                "gpu_utilisation_samples".to_owned(),
                samples.number.to_string(),
            ),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_is_that_of_one_trial() {
        let gauge = Gauge::default();
        let said = |gauge: &Gauge| gauge.facts().into_values().collect::<Vec<_>>();
        assert_eq!(said(&gauge), ["not sampled", "0"]);
        let listener = gauge.clone();
        for percent in [90.0, 95.0, f64::NAN, -1.0, 1e9] {
            listener.add(percent);
        }
        assert_eq!(said(&gauge), ["92", "2"]);
        gauge.restart();
        assert_eq!(said(&gauge), ["not sampled", "0"]);
    }
}
