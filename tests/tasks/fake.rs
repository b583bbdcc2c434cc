//! Networks for tests, and images by formula.

use ablate::data::{Images, Splits};
use ablate::error::Result;
use ablate::model::Context;
use ablate::nn::Parameters;
use ablate::task::{Network, Task};
use candle_core::{DType, Device, Tensor, Var};
use std::sync::Mutex;

pub const SEED: u64 = 7;

/// Grey images with values between 0.1 and 0.9.
pub fn images(n: usize, side: usize, shift: usize) -> Images {
    let pixel = |at: usize| (0.5 + 0.4 * (0.37 * (at + 1000 * shift) as f64).sin()) as f32;
    Images {
        n,
        h: side,
        w: side,
        pixels: (0..n * side * side).map(pixel).collect(),
    }
}

pub fn splits(train: usize, test: usize, side: usize) -> Splits {
    Splits {
        train: images(train, side, 0),
        valid: images(0, side, 1),
        test: images(test, side, 2),
        classes: None,
    }
}

pub fn numbers(tensor: &Tensor) -> Vec<f32> {
    tensor.flatten_all().and_then(|t| t.to_vec1()).expect("f32")
}

pub fn assert_close(what: &str, found: &[f32], right: &[f32], room: f32) {
    assert_eq!(found.len(), right.len(), "{what}");
    for (at, (found, right)) in found.iter().zip(right).enumerate() {
        assert!(
            (found - right).abs() <= room,
            "{what}, number {at}: {found} instead of {right}"
        );
    }
}

/// A network that is a function of what it reads and the timesteps, and remembers both.
pub struct Knows<F> {
    answer: F,
    parameters: Parameters,
    /// Of every time it was asked: what it read, and the timesteps.
    pub asked: Mutex<Vec<(Vec<f32>, Vec<usize>)>>,
}

impl<F: Fn(&[f32], &[usize]) -> Vec<f32> + Sync> Knows<F> {
    pub fn new(answer: F) -> Self {
        Self {
            answer,
            parameters: Parameters::default(),
            asked: Mutex::default(),
        }
    }

    pub fn asked(self) -> Vec<(Vec<f32>, Vec<usize>)> {
        self.asked.into_inner().expect("no panic")
    }
}

impl<F: Fn(&[f32], &[usize]) -> Vec<f32> + Sync> Network for Knows<F> {
    fn forward(&self, images: &Tensor) -> Result<Tensor> {
        self.respond(images, Context::Answer)
    }
    fn respond(&self, images: &Tensor, context: Context) -> Result<Tensor> {
        let timesteps = match context {
            Context::At(timesteps) => timesteps,
            Context::Answer | Context::Train(_) => &[],
        };
        let read = numbers(images);
        let answer = (self.answer)(&read, timesteps);
        let (n, height, width, _) = images.dims4()?;
        self.asked
            .lock()
            .expect("no panic")
            .push((read, timesteps.to_vec()));
        let channels = answer.len() / (n * height * width);
        let shape = (n, height, width, channels);
        Ok(Tensor::from_vec(answer, shape, &Device::Cpu)?)
    }
    fn parameters(&self) -> &Parameters {
        &self.parameters
    }
}

/// A network that answers zeros, whatever it reads: how the loss changes with them says what was wanted.
struct Zeros {
    parameters: Parameters,
    answer: Var,
    read: Mutex<Vec<f32>>,
}

impl Network for Zeros {
    fn forward(&self, images: &Tensor) -> Result<Tensor> {
        *self.read.lock().expect("no panic") = numbers(images);
        Ok(self.answer.as_tensor().clone())
    }
    fn parameters(&self) -> &Parameters {
        &self.parameters
    }
}

/// What a task feeds a network for one example, and the gradient of its loss at an answer of zeros of this shape.
pub fn fed(task: &dyn Task, example: usize, shape: &[usize]) -> (Vec<f32>, Vec<f32>) {
    let network = Zeros {
        parameters: Parameters::default(),
        answer: Var::zeros(shape, DType::F32, &Device::Cpu).expect("zeros"),
        read: Mutex::default(),
    };
    let loss = task.loss(&network, &[example]).expect("a loss");
    let store = loss.backward().expect("gradients");
    let gradient = store.get(&network.answer).expect("it depends on it");
    (
        network.read.into_inner().expect("no panic"),
        numbers(gradient),
    )
}
