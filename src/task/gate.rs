//! Gate: points in, a function's values out (science.md R1).

use super::noisy::{to_byte, values};
use super::{Network, Task};
use crate::config::{DataConfig, Function};
use crate::data::Split;
use crate::error::Result;
use crate::metric::{Due, Ratio};
use crate::nn;
use crate::nn::ops::weighted_squares;
use crate::outcome::Samples;
use crate::seed::Key;
use candle_core::Tensor;
use std::ops::Range;

/// Points of the test grid on each side; `bump`, of one number, is tested at their product.
const SIDE: usize = 32;

/// Numbers are drawn from −EDGE to EDGE.
const EDGE: f64 = 4.0;

pub(super) struct Gate {
    function: Function,
    /// All training points, one after the other.
    train: Vec<f32>,
    test: Vec<f32>,
}

/// The function's value at a point.
fn value(function: Function, point: &[f32]) -> f32 {
    let sigmoid = |x: f64| 1.0 / (1.0 + libm::exp(-x));
    let x: Vec<f64> = point.iter().map(|x| f64::from(*x)).collect();
    let value = match function {
        Function::Bump => sigmoid(x[0] + 1.0) + sigmoid(1.0 - x[0]),
        Function::Gated if x[0] < 0.0 => 0.0,
        Function::Gated => libm::tanh(x[1]),
        Function::Xor if x[0] * x[1] == 0.0 => 0.0,
        Function::Xor => (x[0] * x[1]).signum(),
    };
    value as f32
}

impl Gate {
    pub(super) fn new(data: &DataConfig, seed: u64) -> Self {
        let function = data.function;
        let draw = |point: usize| {
            let mut stream = Key::new(seed, "points").number(point as u64).stream();
            let number = move |_| stream.between(-EDGE, EDGE) as f32;
            (0..function.inputs()).map(number)
        };
        let on_line =
            |at: usize, count: usize| (2.0 * EDGE * at as f64 / (count - 1) as f64 - EDGE) as f32;
        let test = |point: usize| match function.inputs() {
            1 => vec![on_line(point, SIDE * SIDE)],
            // x1 to the right, x2 upwards, as a plot has them.
            _ => vec![
                on_line(point % SIDE, SIDE),
                on_line(SIDE - 1 - point / SIDE, SIDE),
            ],
        };
        Self {
            function,
            train: (0..data.train).flat_map(draw).collect(),
            test: (0..SIDE * SIDE).flat_map(test).collect(),
        }
    }

    /// Points [n, 1, numbers, 1] and the values there.
    fn points(
        &self,
        all: &[f32],
        points: impl ExactSizeIterator<Item = usize>,
    ) -> Result<(Tensor, Vec<f32>)> {
        let inputs = self.function.inputs();
        let shape = (points.len(), 1, inputs, 1);
        let mut numbers = Vec::with_capacity(points.len() * inputs);
        for point in points {
            numbers.extend_from_slice(&all[point * inputs..][..inputs]);
        }
        let right = numbers
            .chunks(inputs)
            .map(|point| value(self.function, point));
        let right = right.collect();
        Ok((Tensor::from_vec(numbers, shape, nn::device())?, right))
    }

    fn answers(&self, network: &dyn Network, points: Range<usize>) -> Result<(Vec<f32>, Vec<f32>)> {
        let (input, right) = self.points(&self.test, points)?;
        Ok((values(&network.forward(&input)?.detach())?, right))
    }

    /// Values on the test points as a picture: of one number a curve, of two a surface. Black is the lowest value that the
    /// function has, white the highest.
    fn draw(&self, name: &str, epoch: u32, numbers: &[f32]) -> Samples {
        let (low, high) = match self.function {
            Function::Bump => (1.0, 1.5),
            Function::Gated | Function::Xor => (-1.0, 1.0),
        };
        let part = |value: f32| ((value - low) / (high - low)).clamp(0.0, 1.0);
        let mut pixels = vec![0; SIDE * SIDE];
        match self.function.inputs() {
            1 => {
                for column in 0..SIDE {
                    let height = part(numbers[column * (SIDE * SIDE - 1) / (SIDE - 1)]);
                    let row = ((1.0 - height) * (SIDE - 1) as f32).round() as usize;
                    pixels[row * SIDE + column] = 255;
                }
            }
            _ => {
                for (pixel, value) in pixels.iter_mut().zip(numbers) {
                    *pixel = to_byte(part(*value));
                }
            }
        }
        Samples {
            name: name.to_owned(),
            epochs: vec![epoch],
            shape: [1, SIDE, SIDE],
            pixels,
        }
    }
}

impl Task for Gate {
    fn examples(&self) -> usize {
        self.train.len() / self.function.inputs()
    }

    fn elements(&self) -> usize {
        1
    }

    fn begin_epoch(&mut self, _epoch: u64) {}

    fn loss(&self, network: &dyn Network, examples: &[usize]) -> Result<Tensor> {
        let (input, right) = self.points(&self.train, examples.iter().copied())?;
        let answer = network.forward(&input)?;
        let right = Tensor::from_vec(right, answer.shape(), nn::device())?;
        Ok(weighted_squares(
            &answer,
            &right,
            &vec![1.0; examples.len()],
        )?)
    }

    fn measured(&self, split: Split) -> usize {
        match split {
            Split::Test => SIDE * SIDE,
            Split::Train | Split::Valid => 0,
        }
    }

    fn metrics(&self, due: Due) -> Vec<&'static str> {
        match due {
            Due::Each | Due::All => vec!["mse"],
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
        let (answers, right) = self.answers(network, examples)?;
        let pairs = answers.into_iter().zip(right);
        let ratio = |(answer, right): (f32, f32)| Ratio {
            total: (f64::from(answer) - f64::from(right)).powi(2),
            count: 1.0,
        };
        Ok(pairs.map(ratio).collect())
    }

    fn constants(&self) -> Vec<(String, f64)> {
        Vec::new()
    }

    fn still_pictures(&self) -> Vec<Samples> {
        let points = self.test.chunks(self.function.inputs());
        let right: Vec<f32> = points.map(|point| value(self.function, point)).collect();
        vec![self.draw("target", 0, &right)]
    }

    fn pictures(&self, network: &dyn Network, epoch: u32) -> Result<Vec<Samples>> {
        let (answers, _) = self.answers(network, 0..SIDE * SIDE)?;
        Ok(vec![self.draw("output", epoch, &answers)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Oracle: science.md §3: σ(x+1) + σ(−x+1) at −4, 0, 4.
    #[test]
    fn a_bump_is_that_of_the_lecture() {
        for (x, right) in [(-4.0, 1.040_733), (0.0, 1.462_117_2), (4.0, 1.040_733)] {
            assert!((value(Function::Bump, &[x]) - right).abs() < 1e-7);
        }
    }

    #[test]
    fn the_first_number_gates_the_second() {
        assert_eq!(value(Function::Gated, &[-0.1, 3.0]), 0.0);
        assert_eq!(value(Function::Gated, &[0.1, 3.0]), 3f32.tanh());
        assert_eq!(value(Function::Xor, &[-2.0, 3.0]), -1.0);
        assert_eq!(value(Function::Xor, &[-2.0, -3.0]), 1.0);
    }

    #[test]
    fn a_surface_has_x1_to_the_right_and_x2_upwards() {
        let data = DataConfig {
            function: Function::Gated,
            train: 1,
            ..DataConfig::default()
        };
        let picture = &Gate::new(&data, 0).still_pictures()[0];
        let at = |row: usize, column: usize| picture.pixels[row * SIDE + column];
        assert_eq!(
            [at(0, 0), at(SIDE - 1, 0)],
            [128, 128],
            "closed on the left"
        );
        assert!(at(0, SIDE - 1) > 250 && at(SIDE - 1, SIDE - 1) < 5);
    }
}
