//! Sequence: two sentences, and at every place the next word (science.md R7).

use super::noisy::{to_byte, values};
use super::{Network, Task};
use crate::data::Split;
use crate::error::Result;
use crate::metric::{Due, Guess, GuessMetric, Ratio};
use crate::model::VOCABULARY;
use crate::nn;
use crate::nn::ops::cross_entropy;
use crate::outcome::Samples;
use candle_core::Tensor;
use std::ops::Range;

/// Words of a sentence.
pub(super) const LENGTH: usize = 5;

/// Numbers of the words: `<start>` the man chicken ordered woman beef.
const SENTENCES: [[usize; LENGTH]; 2] = [
    // <start> man ordered the chicken
    [0, 2, 4, 1, 3],
    // <start> woman ordered the beef
    [0, 5, 4, 1, 6],
];

/// Side of a picture's square for one weight.
const SQUARE: usize = 6;

pub(super) struct Sequence;

/// Sentences [n, 1, length, 1] of word numbers, and the word after each place: the first one again after the last.
fn sentences(of: &[usize]) -> Result<(Tensor, Vec<u8>)> {
    let all = || of.iter().map(|&sentence| SENTENCES[sentence]);
    let words: Vec<f32> = all().flatten().map(|word| word as f32).collect();
    let next = |words: [usize; LENGTH]| (0..LENGTH).map(move |at| words[(at + 1) % LENGTH] as u8);
    let shape = (of.len(), 1, LENGTH, 1);
    let words = Tensor::from_vec(words, shape, nn::device())?;
    Ok((words, all().flat_map(next).collect()))
}

impl Task for Sequence {
    fn examples(&self) -> usize {
        SENTENCES.len()
    }

    fn elements(&self) -> usize {
        LENGTH
    }

    fn begin_epoch(&mut self, _epoch: u64) {}

    fn loss(&self, network: &dyn Network, examples: &[usize]) -> Result<Tensor> {
        let (words, next) = sentences(examples)?;
        let logits = network.forward(&words)?;
        let logits = logits.reshape((next.len(), VOCABULARY))?;
        Ok(cross_entropy(&logits, &next)?)
    }

    fn measured(&self, split: Split) -> usize {
        match split {
            Split::Test => SENTENCES.len(),
            Split::Train | Split::Valid => 0,
        }
    }

    fn metrics(&self, due: Due) -> Vec<&'static str> {
        match due {
            Due::Each | Due::All => vec![GuessMetric::CrossEntropy.name()],
            Due::Last => Vec::new(),
        }
    }

    fn measure(
        &self,
        network: &dyn Network,
        _split: Split,
        examples: Range<usize>,
        _due: Due,
    ) -> Result<Vec<Ratio>> {
        let (words, next) = sentences(&examples.collect::<Vec<_>>())?;
        let logits = values(&network.forward(&words)?.detach())?;
        let places = logits.chunks(VOCABULARY).zip(next);
        let guess = |(logits, next): (&[f32], u8)| {
            let class = next.into();
            GuessMetric::CrossEntropy.measure(&Guess { logits, class })
        };
        let ratios: Vec<Ratio> = places.map(guess).collect();
        let sum = |places: &[Ratio]| {
            let mut sum = Ratio::default();
            places.iter().for_each(|place| sum += *place);
            sum
        };
        Ok(ratios.chunks(LENGTH).map(sum).collect())
    }

    /// Who knows all that can be known still does not know which of two words comes first.
    fn constants(&self) -> Vec<(String, f64)> {
        let floor = std::f64::consts::LN_2 / LENGTH as f64;
        vec![("test.cross_entropy_floor".to_owned(), floor)]
    }

    fn still_pictures(&self) -> Vec<Samples> {
        Vec::new()
    }

    /// The weights with which each place (row) looks at the places up to it (column), for both sentences.
    fn pictures(&self, network: &dyn Network, epoch: u32) -> Result<Vec<Samples>> {
        let (words, _) = sentences(&[0, 1])?;
        let Some(weights) = network.attended(&words)? else {
            return Ok(Vec::new());
        };
        let weights = values(&weights)?;
        let side = SQUARE * LENGTH;
        let pixel = |at: usize| {
            let (sentence, rest) = (at / (side * side), at % (side * side));
            let (row, column) = (rest / side / SQUARE, rest % side / SQUARE);
            to_byte(weights[(sentence * LENGTH + row) * LENGTH + column])
        };
        Ok(vec![Samples {
            name: "attention".into(),
            epochs: vec![epoch],
            shape: [SENTENCES.len(), side, side],
            pixels: (0..SENTENCES.len() * side * side).map(pixel).collect(),
        }])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_is_followed_by_the_next_word_and_the_last_by_the_first() {
        let (words, next) = sentences(&[0, 1]).unwrap();
        assert_eq!(words.dims(), [2, 1, LENGTH, 1]);
        assert_eq!(next, [2, 4, 1, 3, 0, 5, 4, 1, 6, 0]);
    }
}
