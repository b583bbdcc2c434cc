//! What the tests against PyTorch share: numbers that wave.py computes alike, and the vector files.

use serde_json::Value;

/// scale·sin(1.7·i + phase) in f64, rounded to multiples of `step` where that is above 0 (wave.py).
pub fn wave(shape: &[usize], phase: f64, scale: f64, step: f64) -> Vec<f32> {
    wave_of_rate(1.7, shape, phase, scale, step)
}

/// The same with another rate than 1.7.
pub fn wave_of_rate(rate: f64, shape: &[usize], phase: f64, scale: f64, step: f64) -> Vec<f32> {
    let number = |i: usize| {
        let x = scale * (rate * i as f64 + phase).sin();
        let rounded = if step > 0.0 {
            (x / step + 0.5).floor() * step
        } else {
            x
        };
        rounded as f32
    };
    (0..shape.iter().product()).map(number).collect()
}

/// A vector file beside this one, made by the PyTorch that it names.
pub fn load(name: &str) -> Value {
    let path = format!("{}/tests/vectors/{name}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).expect("the file is in the repository");
    let file: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(file["made_by"], "PyTorch 2.15.0");
    file
}

/// A list of whole numbers.
pub fn sizes(list: &Value) -> Vec<usize> {
    let number = |x: &Value| x.as_u64().expect("a whole number") as usize;
    list.as_array()
        .expect("a list")
        .iter()
        .map(number)
        .collect()
}

/// A list of numbers.
pub fn numbers(list: &Value) -> Vec<f64> {
    let number = |x: &Value| x.as_f64().expect("a number");
    list.as_array()
        .expect("a list")
        .iter()
        .map(number)
        .collect()
}
