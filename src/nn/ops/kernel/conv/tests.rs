//! Oracle: the definition of the convolution and of its gradients, product by product in f64.

use super::*;

/// Numbers in [−1, 1] without pattern.
fn wave(count: usize, phase: f32) -> Vec<f32> {
    (0..count)
        .map(|at| (at as f32 * 1.7 + phase).sin())
        .collect()
}

/// What the definition gives, in f64.
struct Right {
    out: Vec<f64>,
    sources: Vec<Vec<f64>>,
    packed: Vec<f64>,
}

/// Calls `f(source, place in its map, weight, output)` for every product of the convolution.
fn products(problem: &Problem, mut f: impl FnMut(usize, usize, usize, usize)) {
    let Shape {
        n,
        height,
        width,
        output,
        kernel,
    } = problem.shape;
    let (border, taps) = (kernel / 2, kernel * kernel);
    for at in 0..n * height * width * taps {
        let (tap, pixel) = (at % taps, at / taps);
        let (image, y, x) = (
            pixel / (height * width),
            pixel / width % height,
            pixel % width,
        );
        let (row, column) = (y + tap / kernel, x + tap % kernel);
        if row < border || row >= height + border || column < border || column >= width + border {
            continue;
        }
        let mut first = 0;
        for (number, source) in problem.sources.iter().enumerate() {
            let step = match source.scale {
                Scale::Full => 1,
                Scale::Upsampled => 2,
            };
            let from = (image * (height / step) + (row - border) / step) * (width / step)
                + (column - border) / step;
            for i in 0..source.channels {
                for o in 0..output {
                    let weight = (tap * problem.inputs() + first + i) * output + o;
                    f(
                        number,
                        from * source.channels + i,
                        weight,
                        pixel * output + o,
                    );
                }
            }
            first += source.channels;
        }
    }
}

fn by_definition(problem: &Problem, gradient: &[f32]) -> Right {
    let output = problem.shape.output;
    let mut out: Vec<f64> = (0..problem.outputs())
        .map(|at| f64::from(problem.bias[at % output]))
        .collect();
    products(problem, |source, from, weight, to| {
        out[to] +=
            f64::from(problem.sources[source].map[from]) * f64::from(problem.weights[weight]);
    });
    let mut passed: Vec<f64> = gradient.iter().copied().map(f64::from).collect();
    if problem.activation == Activation::Relu {
        for (out, passed) in out.iter_mut().zip(&mut passed) {
            if *out <= 0.0 {
                (*out, *passed) = (0.0, 0.0);
            }
        }
    }
    let mut sources: Vec<Vec<f64>> = problem
        .sources
        .iter()
        .map(|source| vec![0.0; source.map.len()])
        .collect();
    let mut packed = vec![0.0; problem.weights.len()];
    products(problem, |source, from, weight, to| {
        sources[source][from] += passed[to] * f64::from(problem.weights[weight]);
        packed[weight] += passed[to] * f64::from(problem.sources[source].map[from]);
    });
    packed.extend((0..output).map(|o| passed.iter().skip(o).step_by(output).sum::<f64>()));
    Right {
        out,
        sources,
        packed,
    }
}

fn assert_close(what: &str, found: &[f32], right: &[f64]) {
    assert_eq!(found.len(), right.len(), "{what}");
    let scale = right.iter().fold(1.0, |a: f64, b| a.max(b.abs()));
    for (at, (&found, right)) in found.iter().zip(right).enumerate() {
        let error = (f64::from(found) - right).abs() / scale;
        assert!(error < 3e-5, "{what} at {at}: {found} instead of {right}");
    }
}

fn check(level: Level, shape: Shape, sources: &[(usize, Scale)], activation: Activation) {
    let pixels = shape.n * shape.pixels();
    let maps: Vec<Vec<f32>> = sources
        .iter()
        .enumerate()
        .map(|(at, (channels, scale))| match scale {
            Scale::Full => wave(pixels * channels, at as f32),
            Scale::Upsampled => wave(pixels / 4 * channels, at as f32),
        })
        .collect();
    let views: Vec<Source> = maps
        .iter()
        .zip(sources)
        .map(|(map, &(channels, scale))| Source {
            map,
            channels,
            scale,
        })
        .collect();
    let inputs: usize = sources.iter().map(|source| source.0).sum();
    let weights = wave(shape.kernel * shape.kernel * inputs * shape.output, 0.3);
    let bias = wave(shape.output, 0.4);
    let problem = Problem {
        shape,
        sources: &views,
        weights: &weights,
        bias: &bias,
        activation,
    };
    let gradient = wave(problem.outputs(), 0.2);
    let right = by_definition(&problem, &gradient);
    let name = format!("{} {shape:?} {sources:?} {activation:?}", level.name());
    let out = forward(level, &problem);
    assert_close(&format!("forward {name}"), &out, &right.out);
    // The mask that the definition uses, where rounding could decide otherwise.
    let out: Vec<f32> = right.out.iter().map(|&x| x as f32).collect();
    let found = backward(level, &problem, &out, &gradient, &vec![true; views.len()]);
    for (found, right) in found.sources.iter().zip(&right.sources) {
        let found = found.as_ref().expect("wanted");
        assert_close(&format!("source {name}"), found, right);
    }
    assert_close(&format!("weight {name}"), &found.packed, &right.packed);
    let unwanted = backward(level, &problem, &out, &gradient, &vec![false; views.len()]);
    assert!(unwanted.sources.iter().all(Option::is_none));
    assert_eq!(unwanted.packed, found.packed, "{name}");
}

#[test]
fn every_level_agrees_with_the_definition_at_odd_sizes() {
    let channels = [
        (1, 1),
        (1, 17),
        (3, 16),
        (16, 3),
        (17, 1),
        (5, 5),
        (17, 64),
        (64, 17),
        (130, 3),
        (3, 130),
        (130, 5),
        (16, 33),
    ];
    for level in Level::available() {
        for (height, width) in [(7, 7), (5, 9), (1, 29), (2, 1)] {
            for (input, output) in channels {
                for (kernel, activation) in [(1, Activation::None), (3, Activation::Relu)] {
                    let shape = Shape {
                        n: 2,
                        height,
                        width,
                        output,
                        kernel,
                    };
                    check(level, shape, &[(input, Scale::Full)], activation);
                }
            }
        }
    }
}

#[test]
fn joined_and_upsampled_maps_are_one_map() {
    use Scale::{Full, Upsampled};
    let joins: [&[(usize, Scale)]; 6] = [
        &[(5, Upsampled)],
        &[(17, Upsampled), (16, Full)],
        &[(3, Full), (2, Upsampled)],
        &[(8, Full), (9, Full)],
        &[(2, Upsampled), (33, Upsampled)],
        &[(1, Full), (1, Full)],
    ];
    for level in Level::available() {
        for (height, width) in [(2, 2), (14, 14), (6, 10)] {
            for sources in joins {
                for (output, activation) in [
                    (1, Activation::None),
                    (3, Activation::Relu),
                    (20, Activation::Relu),
                    (33, Activation::None),
                ] {
                    let shape = Shape {
                        n: 3,
                        height,
                        width,
                        output,
                        kernel: 3,
                    };
                    check(level, shape, sources, activation);
                }
            }
        }
    }
}

#[test]
fn nan_is_not_lost() {
    for level in Level::available() {
        for (input, output) in [(1, 8), (8, 1), (8, 8)] {
            let shape = Shape {
                n: 1,
                height: 4,
                width: 4,
                output,
                kernel: 3,
            };
            let map = vec![f32::NAN; 16 * input];
            let source = Source {
                map: &map,
                channels: input,
                scale: Scale::Full,
            };
            let problem = Problem {
                shape,
                sources: &[source],
                weights: &vec![1.0; 9 * input * output],
                bias: &vec![0.0; output],
                activation: Activation::Relu,
            };
            let out = forward(level, &problem);
            assert!(out.iter().all(|x| x.is_nan()), "{input} {output}");
        }
    }
}
