//! Arms that share a seed begin with the same values of all that they have in common (DESIGN.md §7), so that a difference
//! comes from the axis.

use ablate::config::{Init, TrialConfig};
use ablate::model::{Io, Model};
use ablate::outcome::Weight;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Initial values of a network of these settings, on 8×8 maps.
fn values(base: &Value, more: &Value) -> BTreeMap<String, Weight> {
    let mut all = base.as_object().expect("settings by path").clone();
    all.extend(more.as_object().expect("settings by path").clone());
    let config = TrialConfig::from_flat(&all).expect("settings that the config knows");
    let io = Io::from([8, 8]);
    let model = Model::new(&config.model, io, Init::Pytorch, 5).expect("a config that fits");
    model.parameters().copy_out().expect("f32")
}

/// The parameters of the first that the second has in another shape; all others of one name, but the biases beside them, have
/// the same values.
fn reshaped(base: &Value, first: &Value, second: &Value) -> Vec<String> {
    let (first, second) = (values(base, first), values(base, second));
    let common = first.iter().filter(|(name, _)| second.contains_key(*name));
    let (same, other): (Vec<_>, Vec<_>) =
        common.partition(|(name, weight)| weight.shape == second[*name].shape);
    assert!(same.len() > 3, "they have something in common");
    // The bound of a bias is that of its weights, which is smaller where more is read.
    let scaled = |name: &str| {
        let weight = name.strip_suffix("bias").map(|of| format!("{of}weight"));
        other
            .iter()
            .any(|(other, _)| Some(*other) == weight.as_ref())
    };
    for (name, weight) in same.into_iter().filter(|(name, _)| !scaled(name)) {
        assert_eq!(weight.values, second[name].values, "{name}");
    }
    other.into_iter().map(|(name, _)| name.clone()).collect()
}

#[test]
fn resnets_with_and_without_normalisation_and_shortcuts_begin_alike() {
    let base = json!({ "model.arch": "resnet", "model.blocks": 2 });
    for norm in ["none", "group", "batch"] {
        for residual in ["none", "add", "pre_activation", "concat"] {
            let other = json!({ "model.norm": norm, "model.residual": residual });
            assert!(reshaped(&base, &json!({}), &other).is_empty());
        }
    }
}

#[test]
fn gates_and_attention_begin_alike_however_they_combine_and_weigh() {
    let gates = json!({ "model.arch": "gate" });
    for combine in ["product", "sigmoid_gate", "softmax_gate"] {
        let other = json!({ "model.combine": combine });
        assert!(reshaped(&gates, &json!({ "model.combine": "sum" }), &other).is_empty());
    }
    let sentence = json!({ "model.arch": "attention" });
    for other in [
        json!({ "model.attention": "sigmoid" }),
        json!({ "model.scaling": "none" }),
        json!({ "model.position": "none" }),
    ] {
        assert!(reshaped(&sentence, &json!({}), &other).is_empty());
    }
}

/// The weights of the inputs that two convolutions or dense layers share are the same draws, smaller where there are more.
fn same_draws(few: &Weight, many: &Weight, first_of_many: usize) {
    let [height, width, inputs, outputs] = few.shape[..] else {
        panic!("four sizes");
    };
    let taps = height * width;
    let more = many.shape[2];
    let shrunk = (inputs as f32 / more as f32).sqrt();
    for at in 0..taps * inputs * outputs {
        let (tap, input, output) = (at / outputs / inputs, at / outputs % inputs, at % outputs);
        let found = many.values[(tap * more + first_of_many + input) * outputs + output];
        let right = few.values[at] * shrunk;
        assert!((found - right).abs() < 1e-6, "{found} instead of {right}");
    }
}

#[test]
fn what_a_skip_joins_to_a_unet_leaves_the_draws_of_the_rest() {
    let base = json!({ "model.arch": "unet", "model.widths": [4, 6], "model.residual": "add" });
    let none = json!({});
    for (mode, conv) in [
        ("concat", true),
        ("gate", true),
        ("attention_gate", true),
        ("zero", true),
        ("add", false),
    ] {
        let skips = json!({ "model.skip.at": [4, 8], "model.skip.mode": mode });
        let changed = reshaped(&base, &none, &skips);
        // The first block of each level reads twice as many channels: its convolution and its norm.
        let expected: Vec<String> = ["conv.0.weight", "norm.0.scale", "norm.0.shift"]
            .iter()
            .flat_map(|what| ["up.0", "up.1"].map(|up| format!("{up}.block.0.{what}")))
            .collect();
        match conv {
            true => assert!(
                changed.len() == 6 && changed.iter().all(|name| expected.contains(name)),
                "{changed:?}"
            ),
            false => assert!(changed.is_empty(), "{changed:?}"),
        }
        for name in changed.iter().filter(|name| name.ends_with("weight")) {
            same_draws(&values(&base, &none)[name], &values(&base, &skips)[name], 0);
        }
    }
}

#[test]
fn unets_of_any_depth_and_with_attention_begin_alike() {
    let base = json!({ "model.arch": "unet", "model.widths": [4, 6], "model.skip.at": [8] });
    for other in [
        json!({ "model.depth": 3 }),
        json!({ "model.residual": "add" }),
        json!({ "model.attention_at": [4, 8] }),
    ] {
        assert!(reshaped(&base, &json!({}), &other).is_empty());
    }
}

#[test]
fn layers_of_an_mlp_that_read_more_keep_the_draws_of_what_they_read() {
    let base = json!({ "model.arch": "mlp", "model.depth": 3, "model.width": 5 });
    let none = json!({ "model.connection": "none" });
    let plain = values(&base, &none);
    for (connection, first) in [
        ("input_concat", 0),
        ("zero_concat", 0),
        ("dense_concat", 64),
    ] {
        let other = json!({ "model.connection": connection });
        let changed = reshaped(&base, &none, &other);
        assert_eq!(changed, ["hidden.1.weight", "hidden.2.weight"]);
        let wide = values(&base, &other);
        same_draws(&plain["hidden.1.weight"], &wide["hidden.1.weight"], first);
        let before = if first == 0 { 0 } else { first + 5 };
        same_draws(&plain["hidden.2.weight"], &wide["hidden.2.weight"], before);
    }
    assert!(reshaped(&base, &none, &json!({ "model.connection": "add" })).is_empty());
}
