//! Keyed random streams: every random number of a trial is a pure function of (seed, stream name, keys).
//!
//! Nothing depends on rank, worker, thread or interruption, and arms that share a seed share every draw whose
//! key they have in common (DESIGN.md §7). The generator is ChaCha8 keyed by SHA-256 of the key's parts.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};
use sha2::{Digest as _, Sha256};

/// Names a stream. Build it up with [`Key::text`] and [`Key::number`]; every part counts, in order.
#[derive(Clone)]
pub struct Key(Sha256);

impl Key {
    /// A stream of `seed` for one purpose: "init", "order", "noise", …
    pub fn new(seed: u64, purpose: &str) -> Self {
        Self(Sha256::new())
            .text("ablate")
            .number(seed)
            .text(purpose)
    }

    /// Adds a name. Its length is hashed too, so that ("ab", "c") and ("a", "bc") differ.
    pub fn text(mut self, part: &str) -> Self {
        self.0.update((part.len() as u64).to_le_bytes());
        self.0.update(part);
        self
    }

    /// Adds a number.
    pub fn number(mut self, part: u64) -> Self {
        self.0.update(part.to_le_bytes());
        self
    }

    /// The stream, at its start.
    pub fn stream(self) -> Stream {
        Stream {
            generator: ChaCha8Rng::from_seed(self.0.finalize().into()),
        }
    }
}

/// A stream of random numbers.
pub struct Stream {
    generator: ChaCha8Rng,
}

impl Stream {
    /// Uniform on [0, 1), 53 bits.
    pub fn uniform(&mut self) -> f64 {
        (self.generator.next_u64() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// Uniform on [0, 1), 24 bits: for the many small draws of pixel noise.
    pub fn uniform_f32(&mut self) -> f32 {
        (self.generator.next_u32() >> 8) as f32 * (1.0 / (1u32 << 24) as f32)
    }

    /// As many of [`Stream::uniform_f32`] as `numbers` has room for, faster than one by one.
    pub fn fill_uniform_f32(&mut self, numbers: &mut [f32]) {
        let mut bytes = [0; 1024];
        for numbers in numbers.chunks_mut(bytes.len() / 4) {
            let bytes = &mut bytes[..4 * numbers.len()];
            self.generator.fill_bytes(bytes);
            for (number, word) in numbers.iter_mut().zip(bytes.chunks_exact(4)) {
                let word = u32::from_le_bytes([word[0], word[1], word[2], word[3]]);
                // Through i32, which vector units convert.
                *number = (word >> 8) as i32 as f32 * (1.0 / (1u32 << 24) as f32);
            }
        }
    }

    /// Uniform on [low, high).
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.uniform()
    }

    /// Uniform on 0..n without bias (Lemire 2019, "Fast random integer generation in an interval").
    ///
    /// # Panics
    /// When `n` is 0.
    pub fn below(&mut self, n: u64) -> u64 {
        assert!(n > 0, "no number lies below 0");
        loop {
            let product = u128::from(self.generator.next_u64()) * u128::from(n);
            if product as u64 >= n.wrapping_neg() % n {
                return (product >> 64) as u64;
            }
        }
    }

    /// Standard normal by the polar form of Box and Muller, with `libm` so that all platforms agree.
    pub fn normal(&mut self) -> f64 {
        loop {
            let (u, v) = (self.between(-1.0, 1.0), self.between(-1.0, 1.0));
            let s = u * u + v * v;
            if s > 0.0 && s < 1.0 {
                return u * libm::sqrt(-2.0 * libm::log(s) / s);
            }
        }
    }

    /// Puts `items` in random order (Fisher and Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last as u64 + 1) as usize);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_a_function_of_its_key_alone() {
        let draw = |key: Key| key.stream().uniform();
        let key = || Key::new(1, "init").text("enc.0").number(3);
        assert_eq!(draw(key()), draw(key()));
        assert_ne!(
            draw(key()),
            draw(Key::new(2, "init").text("enc.0").number(3))
        );
        assert_ne!(
            draw(Key::new(1, "x").text("ab").text("c")),
            draw(Key::new(1, "x").text("a").text("bc"))
        );
    }

    #[test]
    fn many_draws_are_those_of_one_by_one() {
        let (mut one, mut many) = (Key::new(0, "a").stream(), Key::new(0, "a").stream());
        for count in [1, 3, 784, 0, 17] {
            let mut numbers = vec![0.0; count];
            many.fill_uniform_f32(&mut numbers);
            let right: Vec<f32> = (0..count).map(|_| one.uniform_f32()).collect();
            assert_eq!(numbers, right);
        }
    }

    /// Frozen: a change here changes every trial and needs a new numerics version.
    #[test]
    fn the_first_draws_are_frozen() {
        let mut stream = Key::new(0, "frozen").stream();
        let first = [stream.uniform(), stream.uniform(), stream.normal()];
        assert_eq!(first.map(|x| (x * 1e6) as i64), FROZEN);
    }
    const FROZEN: [i64; 3] = [362_027, 540_511, 718_345];

    #[test]
    fn moments_are_right() {
        let mut stream = Key::new(5, "moments").stream();
        let n = 200_000;
        let draws: Vec<f64> = (0..n).map(|_| stream.normal()).collect();
        let mean = draws.iter().sum::<f64>() / n as f64;
        let var = draws.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n as f64;
        assert!(
            mean.abs() < 0.01 && (var - 1.0).abs() < 0.02,
            "{mean} {var}"
        );
        let below: u64 = (0..n).map(|_| stream.below(7)).sum();
        assert!((below as f64 / n as f64 - 3.0).abs() < 0.03);
    }

    #[test]
    fn a_shuffle_is_a_permutation() {
        let mut items: Vec<u32> = (0..100).collect();
        Key::new(9, "order").number(0).stream().shuffle(&mut items);
        assert_ne!(items, (0..100).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..100).collect::<Vec<_>>());
    }
}
