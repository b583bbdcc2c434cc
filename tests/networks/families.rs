//! Every family (tests/vectors/networks.json, made by make_networks.py): the same weights and inputs give the same cost,
//! answers, loss and gradients, and where a batch is normalised the same running averages.

use crate::vectors::{load, numbers, sizes, wave, wave_of_rate};
use crate::{config, draw, flat, number, tensor};
use ablate::config::{Arch, Init, TrialConfig};
use ablate::model::{Context, Io, Model, cost};
use ablate::nn::ops;
use ablate::seed::Key;
use candle_core::Tensor;
use serde_json::Value;

/// A network of the vector file with the weights that torch_networks.py draws, and what it reads.
struct Case<'a> {
    told: &'a Value,
    what: String,
    config: TrialConfig,
    io: Io,
    model: Model,
    n: usize,
}

impl<'a> Case<'a> {
    fn new(told: &'a Value) -> Self {
        let config = config(told);
        let count = |key: &str| told["io"][key].as_u64().expect("a number") as usize;
        let size = sizes(&told["io"]["size"]);
        let io = Io {
            size: [size[0], size[1]],
            channels: count("channels"),
            outputs: count("outputs"),
        };
        let model = Model::new(&config.model, io, Init::Pytorch, 0).expect("a config that fits");
        draw(model.parameters());
        Self {
            told,
            what: told["config"].to_string(),
            config,
            io,
            model,
            n: told["n"].as_u64().expect("a number of images") as usize,
        }
    }

    fn arch(&self) -> Arch {
        self.config.model.arch
    }

    fn input(&self) -> Tensor {
        let shape = [self.n, self.io.size[0], self.io.size[1], self.io.channels];
        match self.arch() {
            Arch::Attention => tensor(
                vec![0.0, 2.0, 4.0, 1.0, 3.0, 0.0, 5.0, 4.0, 1.0, 6.0],
                &shape,
            ),
            Arch::Unet => tensor(wave(&shape, 0.1, 1.0, 0.0), &shape),
            _ => {
                let pixels = wave(&shape, 0.1, 0.5, 0.0);
                tensor(pixels.iter().map(|x| x + 0.5).collect(), &shape)
            }
        }
    }

    fn answer(&self, input: &Tensor) -> Tensor {
        let keys = vec![Key::new(0, "unused"); self.n];
        let timesteps = &[3, 250, 999][..self.n.min(3)];
        let context = match (self.arch(), self.told["train"].as_bool()) {
            (Arch::Unet, _) => Context::At(timesteps),
            (_, Some(true)) => Context::Train(&keys),
            _ => Context::Answer,
        };
        let answer = self.model.respond(input, context);
        answer.expect("an input that fits")
    }

    /// The mean loss, as make_networks.py has it.
    fn loss(&self, answer: &Tensor) -> Tensor {
        let squares = |shape: &[usize]| {
            let target = tensor(wave(shape, 0.3, 1.0, 0.0), answer.dims());
            ops::weighted_squares(answer, &target, &vec![1.0; self.n])
        };
        let [height, width] = self.io.size;
        let (sum, elements) = match self.arch() {
            Arch::Mlp | Arch::Cnn | Arch::Resnet => {
                let right: Vec<u8> = (0..self.n).map(|row| (3 * row % 10) as u8).collect();
                (ops::cross_entropy(answer, &right), self.n)
            }
            Arch::Attention => {
                let words = answer.reshape((10, 7)).expect("logits of ten words");
                let right = [2, 4, 1, 3, 0, 5, 4, 1, 6, 0];
                (ops::cross_entropy(&words, &right), 10)
            }
            Arch::Autoencoder => {
                let slow = wave_of_rate(0.2, answer.dims(), 0.3, 0.5, 0.0);
                let target = tensor(slow.iter().map(|x| x + 0.5).collect(), answer.dims());
                (
                    ops::bce_with_logits(answer, &target),
                    self.n * height * width,
                )
            }
            Arch::Gate => (squares(&[self.n]), self.n),
            Arch::Unet => (squares(answer.dims()), answer.elem_count()),
        };
        (sum.expect("an answer that fits") / elements as f64).expect("a scalar")
    }

    /// `found` is `right` but for the rounding of f32 in numbers of this size. Through a unet without residuals PyTorch's
    /// own f32 gradients are off by 5e-5.
    fn close(&self, what: &str, found: f64, right: f64, size: f64) {
        let room = match self.arch() {
            Arch::Unet => 2e-4,
            _ => 2e-5,
        };
        assert!(
            (found - right).abs() <= room * size,
            "{}, {what}: {found} instead of {right}",
            self.what
        );
    }

    fn all_close(&self, what: &str, found: &[f32], right: &Value) {
        let right = numbers(right);
        assert_eq!(found.len(), right.len(), "{}, {what}", self.what);
        let size = right.iter().fold(0.0, |size: f64, x| size.max(x.abs()));
        for (&found, right) in found.iter().zip(right) {
            self.close(what, found.into(), right, size);
        }
    }

    fn gradients(&self, loss: &Tensor) {
        let store = loss.backward().expect("gradients");
        let told = self.told["gradients"].as_object().expect("an object");
        let names: Vec<&String> = self.model.parameters().0.keys().collect();
        assert_eq!(names, told.keys().collect::<Vec<_>>(), "{}", self.what);
        // What is nearly 0 only because terms cancel, as biases before a normalisation, is as exact as its terms.
        let largest = told.values().map(|two| numbers(two)[0]);
        let least = 1e-2 * largest.fold(0.0, f64::max);
        for (name, var) in &self.model.parameters().0 {
            let gradient = store
                .get(var)
                .map_or_else(|| vec![0.0; var.elem_count()], flat);
            let product = |other: &[f32]| -> f64 {
                let pairs = gradient.iter().zip(other);
                pairs.map(|(&a, &b)| f64::from(a) * f64::from(b)).sum()
            };
            let [norm, direction] = numbers(&told[name])[..] else {
                panic!("two numbers a parameter");
            };
            let size = norm.max(least);
            self.close(name, product(&gradient).sqrt(), norm, size);
            let found = product(&wave(var.dims(), 0.5, 1.0, 0.0));
            let terms = (gradient.len() as f64).sqrt();
            self.close(name, found, direction, size * terms);
        }
    }
}

fn check(arch: Arch) {
    let file = load("networks.json");
    let cases = file["cases"].as_array().expect("a list");
    let mut checked = 0;
    for told in cases
        .iter()
        .filter(|told| told["config"]["model.arch"] == arch.name())
    {
        let case = Case::new(told);
        let paper = cost(&case.config.model, case.io);
        assert_eq!(paper.params, number(&told["params"]), "{}", case.what);
        assert_eq!(paper.macs, number(&told["macs"]), "{}", case.what);
        assert_eq!(case.model.parameters().count(), paper.params);
        let input = case.input();
        let answer = case.answer(&input);
        case.all_close("the answer", &flat(&answer), &told["answer"]);
        let loss = case.loss(&answer);
        let right = told["loss"].as_f64().expect("a number");
        case.close("the loss", flat(&loss)[0].into(), right, right);
        case.gradients(&loss);
        if arch == Arch::Attention {
            let weights = case.model.attended(&input).expect("sentences that fit");
            let weights = flat(&weights.expect("it is attention"));
            case.all_close("the attention", &weights, &told["weights"]);
        }
        if let Some(averages) = told["buffers"].as_object() {
            let buffers = &case.model.buffers().0;
            assert!(buffers.keys().eq(averages.keys()), "{}", case.what);
            for (name, right) in averages {
                case.all_close(name, &flat(&buffers[name]), right);
            }
        }
        checked += 1;
    }
    let all = cases.len();
    assert!(checked > 1, "{checked} of {all} cases are {}", arch.name());
}

#[test]
fn mlps_are_those_of_pytorch() {
    check(Arch::Mlp);
}

#[test]
fn cnns_are_those_of_pytorch() {
    check(Arch::Cnn);
}

#[test]
fn gates_are_those_of_pytorch() {
    check(Arch::Gate);
}

#[test]
fn attention_over_sentences_is_that_of_pytorch() {
    check(Arch::Attention);
}

#[test]
fn resnets_with_normalisation_and_other_shortcuts_are_those_of_pytorch() {
    check(Arch::Resnet);
}

#[test]
fn autoencoders_with_attention_gates_and_linear_latents_are_those_of_pytorch() {
    check(Arch::Autoencoder);
}

#[test]
fn unets_are_those_of_pytorch() {
    check(Arch::Unet);
}

/// Oracle: science.md R3, which names the numbers, and PyTorch, which counts them.
#[test]
fn the_classifiers_of_the_lecture_cost_what_it_says() {
    let file = load("networks.json");
    let told = file["classifiers"].as_array().expect("a list");
    for (told, params) in told.iter().zip([76_570, 1_199_882]) {
        let found = cost(&config(told).model, [28, 28]);
        assert_eq!(found.params, params);
        assert_eq!(found.params, number(&told["params"]));
        assert_eq!(found.macs, number(&told["macs"]));
    }
    assert_eq!(told.len(), 2);
}
