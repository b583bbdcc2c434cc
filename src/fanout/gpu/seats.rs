//! Which worker is on which of a rank's GPUs.

/// How many workers share a GPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PerGpu {
    /// So many.
    Fixed(usize),
    /// As many as turn out best, up to this ([`super::packing`]).
    Measured {
        /// Most of them.
        most: usize,
    },
}

impl PerGpu {
    /// How many there are at first.
    pub fn first(self) -> usize {
        match self {
            Self::Fixed(number) => number,
            Self::Measured { .. } => 1,
        }
    }
}

/// The GPU with the fewest workers, `taken` being the GPU of each worker; of equals the first.
pub fn emptiest(gpus: &[usize], taken: impl Iterator<Item = usize> + Clone) -> Option<usize> {
    let workers = |gpu: usize| taken.clone().filter(|taken| *taken == gpu).count();
    gpus.iter().copied().min_by_key(|gpu| workers(*gpu))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workers_fill_the_gpus_evenly_and_a_replacement_takes_the_seat_that_is_free() {
        let mut taken: Vec<usize> = Vec::new();
        for _ in 0..5 {
            let next = emptiest(&[0, 2, 3], taken.iter().copied()).expect("a GPU");
            taken.push(next);
        }
        assert_eq!(taken, [0, 2, 3, 0, 2]);
        taken.remove(1);
        assert_eq!(emptiest(&[0, 2, 3], taken.iter().copied()), Some(2));
        assert_eq!(emptiest(&[], taken.iter().copied()), None);
    }

    #[test]
    fn a_measured_number_begins_with_one() {
        assert_eq!(PerGpu::Fixed(3).first(), 3);
        assert_eq!(PerGpu::Measured { most: 8 }.first(), 1);
    }
}
