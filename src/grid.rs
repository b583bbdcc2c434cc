//! Axes to points, enumerated lazily by mixed-radix arithmetic; the last axis varies fastest. That order is a
//! promise: point numbers in records and messages rely on it.

use crate::seed::Key;
use std::collections::HashMap;

/// The product of axes, known only by their lengths. A point is its number; its digits are one level for each axis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grid {
    lengths: Vec<usize>,
    size: u64,
}

impl Grid {
    /// The grid of axes with these lengths. Without axes it has one point.
    ///
    /// Returns nothing when the number of points does not fit 64 bits.
    pub fn new(lengths: Vec<usize>) -> Option<Self> {
        let size = lengths
            .iter()
            .try_fold(1u64, |size, length| size.checked_mul(*length as u64))?;
        Some(Self { lengths, size })
    }

    /// Number of points.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Writes the levels of point `number` (below [`size`](Self::size)): one digit for each axis.
    pub fn digits(&self, mut number: u64, digits: &mut Vec<usize>) {
        digits.clear();
        digits.resize(self.lengths.len(), 0);
        for (digit, length) in digits.iter_mut().zip(&self.lengths).rev() {
            let length = *length as u64;
            *digit = (number % length) as usize;
            number /= length;
        }
    }

    /// The number of the point with these levels.
    pub fn number(&self, digits: &[usize]) -> u64 {
        let step =
            |number, (digit, length): (&usize, &usize)| number * *length as u64 + *digit as u64;
        digits.iter().zip(&self.lengths).fold(0, step)
    }

    /// All points in random order, one at a time and without a list of them: the permutation of Fisher and Yates
    /// with only the swapped entries kept. The first n are the same however many are taken.
    pub fn draw(&self, seed: u64) -> impl Iterator<Item = u64> {
        let mut stream = Key::new(seed, "sample").stream();
        let mut moved: HashMap<u64, u64> = HashMap::new();
        let size = self.size;
        (0..size).map(move |here| {
            let there = here + stream.below(size - here);
            let at_here = moved.remove(&here).unwrap_or(here);
            if there == here {
                at_here
            } else {
                moved.insert(there, at_here).unwrap_or(there)
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_last_axis_varies_fastest() {
        let grid = Grid::new(vec![2, 1, 3]).expect("small");
        let all: Vec<Vec<usize>> = (0..grid.size())
            .map(|number| {
                let mut digits = Vec::new();
                grid.digits(number, &mut digits);
                digits
            })
            .collect();
        let expected = [
            [0, 0, 0],
            [0, 0, 1],
            [0, 0, 2],
            [1, 0, 0],
            [1, 0, 1],
            [1, 0, 2],
        ];
        assert_eq!(all, expected);
    }

    #[test]
    fn a_grid_without_axes_is_one_point_and_one_too_large_is_none() {
        assert_eq!(Grid::new(vec![]).map(|grid| grid.size()), Some(1));
        assert_eq!(
            Grid::new(vec![1 << 32, 1 << 31]).map(|grid| grid.size()),
            Some(1 << 63)
        );
        assert_eq!(Grid::new(vec![1 << 32, 1 << 32]), None);
    }

    #[test]
    fn a_draw_visits_every_point_once_and_its_beginning_does_not_depend_on_its_length() {
        let grid = Grid::new(vec![7, 11]).expect("small");
        let mut all: Vec<u64> = grid.draw(3).collect();
        let few: Vec<u64> = grid.draw(3).take(10).collect();
        assert_eq!(all[..10], few[..]);
        assert_ne!(all, grid.draw(4).collect::<Vec<_>>());
        all.sort_unstable();
        assert_eq!(all, (0..77).collect::<Vec<_>>());
    }

    #[test]
    fn a_draw_from_a_huge_grid_costs_only_what_is_drawn() {
        let grid = Grid::new(vec![1_000_000; 3]).expect("fits");
        assert_eq!(
            grid.draw(1)
                .take(1000)
                .collect::<std::collections::HashSet<_>>()
                .len(),
            1000
        );
    }

    proptest! {
        #[test]
        fn digits_and_number_are_inverse(lengths in proptest::collection::vec(1usize..2000, 0..6), pick in any::<u64>()) {
            let grid = Grid::new(lengths.clone()).expect("2000^5 is below 2^64");
            let number = pick % grid.size();
            let mut digits = Vec::new();
            grid.digits(number, &mut digits);
            prop_assert!(digits.iter().zip(&lengths).all(|(digit, length)| digit < length));
            prop_assert_eq!(grid.number(&digits), number);
        }
    }
}
