//! Oracle: PyTorch 2.15.0 (tests/vectors/ops.json, made by make_ops.py).

use crate::operations::{apply, assert_close, flat, gradients, wave_var};
use crate::vectors::{load, numbers, sizes, wave};
use candle_core::{Tensor, Var};
use serde_json::Value;

#[test]
fn values_and_gradients_are_those_of_pytorch() {
    let file = load("ops.json");
    let cases = file["cases"].as_array().expect("a list");
    assert_eq!(cases.len(), 35);
    for case in cases {
        let op = case["op"].as_str().expect("a name");
        let given = |input: &Value| {
            let number = |key: &str| input[key].as_f64().expect("a number");
            wave_var(
                &sizes(&input["shape"]),
                number("phase"),
                number("scale"),
                number("step"),
            )
        };
        let inputs: Vec<Var> = case["inputs"]
            .as_array()
            .expect("a list")
            .iter()
            .map(given)
            .collect();
        let tensors: Vec<Tensor> = inputs.iter().map(|var| var.as_tensor().clone()).collect();
        let out = apply(op, &tensors).expect("shapes that fit");
        assert_close(op, &flat(&out), &numbers(&case["out"]), 5e-6);
        let upstream = wave(out.dims(), 0.5, 1.0, 0.0);
        let found = gradients(op, &inputs, &upstream).expect("a gradient");
        for (at, (found, right)) in found
            .iter()
            .zip(case["gradients"].as_array().expect("a list"))
            .enumerate()
        {
            assert_close(
                &format!("{op}, gradient {at}"),
                found,
                &numbers(right),
                5e-6,
            );
        }
    }
}
