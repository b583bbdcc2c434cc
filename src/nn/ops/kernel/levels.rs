//! The kernels that plain loops make, on every instruction set of this machine: the same bits. Products of matrices
//! round differently, so attention is only close.

use super::attention::{self, Attend, AttentionMask, AttentionWeights};
use super::level::Level;
use super::normalise::{self, Backward, Shape};
use super::normalised::Normalised;

fn wave(count: usize, phase: f32) -> Vec<f32> {
    (0..count)
        .map(|at| (at as f32 * 1.7 + phase).sin())
        .collect()
}

#[test]
fn normalisation_gives_the_same_bits_on_every_instruction_set() {
    let shape = Shape {
        images: 2,
        pixels: 35,
        channels: 20,
        groups: 4,
    };
    let (x, gradient) = (wave(1400, 0.1), wave(1400, 0.2));
    let (scale, shift) = (wave(20, 0.3), wave(20, 0.4));
    let after = Normalised::Silu;
    let all = |level: Level| {
        let (out, moments) = normalise::forward(level, shape, &x, (&scale, &shift), after);
        let back = level.run(Backward {
            shape,
            x: &x,
            scale: &scale,
            shift: &shift,
            after,
            moments: &moments,
            gradient: &gradient,
        });
        [out, back.x, back.scale, back.shift]
    };
    let levels = Level::available();
    for &level in &levels {
        assert_eq!(all(level), all(levels[0]), "{}", level.name());
    }
}

#[test]
fn attention_is_alike_on_every_instruction_set_whatever_the_sizes() {
    for (positions, depth, values) in [(1, 1, 1), (5, 3, 7), (17, 16, 33), (40, 64, 20)] {
        let numbers = |size: usize, phase| wave(positions * size, phase);
        let (q, k, v) = (
            numbers(depth, 0.1),
            numbers(depth, 0.2),
            numbers(values, 0.3),
        );
        let gradient = numbers(values, 0.4);
        let all = |level: Level| {
            let attend = Attend {
                weights: AttentionWeights::Softmax,
                mask: AttentionMask::Causal,
                scale: 0.3,
                positions,
                depth,
                values,
            };
            let weights = attention::weights(level, attend, &q, &k);
            let out = attention::out(level, attend, &weights, &v);
            let inputs = [&q[..], &k, &v];
            let [to_q, to_k, to_v] = attention::back(level, attend, inputs, &weights, &gradient);
            [out, to_q, to_k, to_v].concat()
        };
        let levels = Level::available();
        let right = all(levels[0]);
        for &level in &levels {
            for (found, right) in all(level).iter().zip(&right) {
                let error = (found - right).abs();
                assert!(error < 1e-5, "{}: {found} instead of {right}", level.name());
            }
        }
    }
}
