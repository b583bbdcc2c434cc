//! What a worker is told of its GPU while it trains: the mean of a trial, and with how many it shared it, go into its record.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Of one trial. Clones share it: the thread that listens adds, the one that trains asks.
#[derive(Clone, Debug, Default)]
pub struct Gauge(Arc<Mutex<Samples>>);

#[derive(Debug, Default)]
struct Samples {
    sum: f64,
    number: u32,
    /// Fewest and most workers that trained on the GPU, where it was told.
    workers: Option<(usize, usize)>,
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

    /// Takes note that so many workers train on the GPU now.
    pub fn share(&self, workers: usize) {
        let mut samples = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (fewest, most) = samples.workers.unwrap_or((workers, workers));
        samples.workers = Some((fewest.min(workers), most.max(workers)));
    }

    /// A trial is handed out: what is told from now on is of it.
    pub fn restart(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Samples::default();
    }

    /// What a record says of it: mean and number of samples, or that there were none; `2` workers, or `1 to 3`.
    pub fn facts(&self) -> BTreeMap<String, String> {
        let samples = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mean = match samples.number {
            0 => "not sampled".to_owned(),
            number => format!("{:.0}", samples.sum / f64::from(number)),
        };
        let workers = samples.workers.map(|(fewest, most)| match fewest == most {
            true => most.to_string(),
            false => format!("{fewest} to {most}"),
        });
        let facts = [
            ("gpu_utilisation_percent", Some(mean)),
            ("gpu_utilisation_samples", Some(samples.number.to_string())),
            ("gpu_workers", workers),
        ];
        let told = facts.into_iter();
        told.filter_map(|(name, value)| Some((name.to_owned(), value?)))
            .collect()
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

    #[test]
    fn how_many_shared_the_gpu_is_a_number_or_a_range() {
        let gauge = Gauge::default();
        let told = |gauge: &Gauge| gauge.facts().remove("gpu_workers");
        assert_eq!(told(&gauge), None);
        for (workers, said) in [(2, "2"), (2, "2"), (3, "2 to 3"), (1, "1 to 3")] {
            gauge.share(workers);
            assert_eq!(told(&gauge).as_deref(), Some(said));
        }
        gauge.restart();
        assert_eq!(told(&gauge), None);
    }
}
