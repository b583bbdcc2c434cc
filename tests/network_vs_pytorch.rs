//! Whole networks against PyTorch 2.15.0 (tests/vectors/network.json, made by make_network.py): the same weights and
//! batches give the same loss for 20 Adam steps, and in every skip mode the same loss and gradients.

mod vectors;

use ablate::config::{Init, ModelConfig, Residual, SkipConfig, SkipMode, Tap};
use ablate::model::Model;
use ablate::nn::{Parameters, ops};
use ablate::outcome::Weight;
use candle_core::{Device, Result, Tensor, Var};
use serde_json::Value;
use std::collections::BTreeMap;
use vectors::{load, numbers, sizes, wave, wave_of_rate};

/// A network of the vector file with the weights that make_network.py draws.
struct Case {
    model: Model,
    batch: [usize; 4],
}

fn by_name<T: Copy>(all: &[T], name: impl Fn(T) -> &'static str, wanted: &Value) -> T {
    let found = all
        .iter()
        .copied()
        .find(|&item| Some(name(item)) == wanted.as_str());
    found.expect("a name that the config knows")
}

impl Case {
    fn new(config: &Value) -> Self {
        let image = sizes(&config["image"]);
        let image = [image[0], image[1]];
        let count = |key: &str| config[key].as_u64().map(|n| n as usize);
        let model = ModelConfig {
            widths: sizes(&config["widths"]),
            bottleneck: count("bottleneck"),
            decoder: Some(sizes(&config["decoder"])),
            depth: count("depth").expect("a depth"),
            residual: by_name(Residual::ALL, Residual::name, &config["residual"]),
            skip: SkipConfig {
                at: sizes(&config["at"]),
                mode: by_name(SkipMode::ALL, SkipMode::name, &config["mode"]),
                tap: by_name(Tap::ALL, Tap::name, &config["tap"]),
            },
            ..ModelConfig::default()
        };
        let model = Model::new(&model, image, Init::Pytorch, 0).expect("a config that fits");
        let draw = |(at, (name, var)): (usize, (&String, &Var))| {
            let shape = var.dims().to_vec();
            let fan_in: usize = shape[..shape.len() - 1].iter().product();
            let scale = if shape.len() == 1 {
                0.1
            } else {
                (2.0 / fan_in as f64).sqrt()
            };
            let values = wave(&shape, at as f64, scale, 0.0);
            (name.clone(), Weight { shape, values })
        };
        let weights: BTreeMap<_, _> = model.parameters().0.iter().enumerate().map(draw).collect();
        model
            .parameters()
            .restore(&weights)
            .expect("its own names and shapes");
        let n = count("batch").expect("a batch size");
        Self {
            model,
            batch: [n, image[0], image[1], 1],
        }
    }

    /// Mean BCE of the batch of this step: slow waves, from fast ones on top of them.
    fn loss(&self, step: usize) -> Result<Tensor> {
        let step = step as f64;
        let slow = wave_of_rate(0.2, &self.batch, step + 0.3, 0.5, 0.0);
        let targets: Vec<f32> = slow.iter().map(|x| x + 0.5).collect();
        let fast = wave(&self.batch, step + 0.1, 1.0, 0.0);
        let images = targets
            .iter()
            .zip(&fast)
            .map(|(slow, fast)| 0.5 * slow + 0.5 * fast)
            .collect();
        let map = |numbers: Vec<f32>| Tensor::from_vec(numbers, &self.batch, &Device::Cpu);
        let logits = self.model.forward(&map(images)?).expect("images that fit");
        ops::bce_with_logits(&logits, &map(targets)?)? / self.batch.iter().product::<usize>() as f64
    }
}

/// Adam (Kingma and Ba 2015) as in torch.optim.Adam, written out here so that the oracle's optimiser is plain to see.
struct Adam {
    lr: f64,
    eps: f64,
    step: i32,
    moments: BTreeMap<String, Vec<[f32; 2]>>,
}

impl Adam {
    fn update(&mut self, parameters: &Parameters, loss: &Tensor) -> Result<()> {
        let gradients = loss.backward()?;
        self.step += 1;
        let (first, second) = (1.0 - 0.9f64.powi(self.step), 1.0 - 0.999f64.powi(self.step));
        for (name, var) in &parameters.0 {
            let Some(gradient) = gradients.get(var) else {
                continue;
            };
            let gradient: Vec<f32> = gradient.flatten_all()?.to_vec1()?;
            let mut values: Vec<f32> = var.flatten_all()?.to_vec1()?;
            let moments = self
                .moments
                .entry(name.clone())
                .or_insert_with(|| vec![[0.0; 2]; values.len()]);
            for ((x, g), [m, v]) in values.iter_mut().zip(gradient).zip(moments) {
                *m += (g - *m) * 0.1;
                *v = *v * 0.999 + g * g * 0.001;
                let denominator = v.sqrt() / second.sqrt() as f32 + self.eps as f32;
                *x -= (self.lr / first) as f32 * (*m / denominator);
            }
            var.set(&Tensor::from_vec(values, var.shape(), &Device::Cpu)?)?;
        }
        Ok(())
    }
}

fn close(found: f64, right: f64, tolerance: f64) -> bool {
    (found - right).abs() <= tolerance * right.abs()
}

#[test]
fn twenty_adam_steps_give_the_losses_of_pytorch() -> Result<()> {
    let file = load("network.json");
    for case in file["train"].as_array().expect("a list") {
        let network = Case::new(&case["config"]);
        let number = |key: &str| case[key].as_f64().expect("a number");
        let mut adam = Adam {
            lr: number("lr"),
            eps: number("eps"),
            step: 0,
            moments: BTreeMap::new(),
        };
        let losses = numbers(&case["losses"]);
        assert_eq!(losses.len(), 20);
        let mut worst: f64 = 0.0;
        for (step, right) in losses.into_iter().enumerate() {
            let loss = network.loss(step)?;
            let found = f64::from(loss.to_scalar::<f32>()?);
            assert!(
                close(found, right, 1e-5),
                "{}, step {step}: {found} instead of {right}",
                case["name"]
            );
            worst = worst.max((found / right - 1.0).abs());
            adam.update(network.model.parameters(), &loss)?;
        }
        println!("{}: largest relative difference {worst:.1e}", case["name"]);
    }
    Ok(())
}

#[test]
fn every_skip_mode_gives_the_loss_and_gradients_of_pytorch() -> Result<()> {
    let file = load("network.json");
    for case in file["gradients"].as_array().expect("a list") {
        let network = Case::new(&case["config"]);
        let loss = network.loss(0)?;
        let (found, right) = (
            f64::from(loss.to_scalar::<f32>()?),
            case["loss"].as_f64().expect("a number"),
        );
        assert!(
            close(found, right, 1e-6),
            "{}: {found} instead of {right}",
            case["name"]
        );
        let gradients = loss.backward()?;
        let norms = case["norms"].as_object().expect("an object");
        let names: Vec<&String> = network.model.parameters().0.keys().collect();
        assert_eq!(names, norms.keys().collect::<Vec<_>>(), "{}", case["name"]);
        for (name, var) in &network.model.parameters().0 {
            let gradient = gradients.get(var).expect("a gradient of every parameter");
            let gradient: Vec<f32> = gradient.flatten_all()?.to_vec1()?;
            let norm = gradient
                .iter()
                .map(|&g| f64::from(g).powi(2))
                .sum::<f64>()
                .sqrt();
            let right = norms[name].as_f64().expect("a number");
            assert!(
                close(norm, right, 1e-5),
                "{}, {name}: {norm} instead of {right}",
                case["name"]
            );
        }
    }
    Ok(())
}
