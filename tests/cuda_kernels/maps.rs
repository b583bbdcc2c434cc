//! Moving numbers between maps: copies to the bit, sums in the CPU's order or in f64.

use crate::emulator::{Case, check};
use crate::twin::{twin, wave};
use ablate::nn::ops;
use ablate::nn::ops::cuda::plan::maps;

pub fn cases() -> Vec<Case> {
    let mut cases = vec![joined(), taken()];
    for dims in [[2, 6, 8, 3], [1, 4, 4, 7], [3, 14, 10, 33]] {
        cases.extend([cropped(dims), patches(dims), told(dims)]);
    }
    cases
}

fn joined() -> Case {
    let (a, b) = ([2, 3, 5, 3], [2, 3, 5, 4]);
    let (x, y) = (wave(90, 0.0), wave(120, 1.0));
    let right = twin(&[(&x, &a), (&y, &b)], |maps| {
        ops::concat(&maps[0], &maps[1])
    });
    let mut case = Case::new("concat");
    let (x, y, gradient) = (
        case.floats(&x),
        case.floats(&y),
        case.floats(&right.upstream),
    );
    let out = maps::concat(&mut case.program, [x, y], 30, [3, 4]);
    let first = maps::take_channels(&mut case.program, gradient, [30, 7], 0, 3);
    let second = maps::take_channels(&mut case.program, gradient, [30, 7], 3, 4);
    case.expect(out, right.out, 0.0);
    case.expect(first, right.gradients[0].clone(), 0.0);
    case.expect(second, right.gradients[1].clone(), 0.0);
    case
}

fn taken() -> Case {
    let indices = [4usize, 0, 4, 2, 4, 1];
    let table = wave(5 * 7, 0.0);
    let right = twin(&[(&table, &[5, 7])], |table| {
        ops::lookup(&table[0], &indices)
    });
    let mut case = Case::new("lookup");
    let (table, gradient) = (case.floats(&table), case.floats(&right.upstream));
    let indices = case.ints(&indices.map(|index| index as i32));
    let out = maps::lookup(&mut case.program, table, indices, 6, 7);
    let to = maps::lookup_back(&mut case.program, gradient, indices, [5, 7], 6);
    case.expect(out, right.out, 0.0);
    case.expect(to, right.gradients[0].clone(), 0.0);
    case
}

fn cropped(dims: [usize; 4]) -> Case {
    let x = wave(dims.iter().product(), 0.0);
    let right = twin(&[(&x, &dims)], |x| ops::crop(&x[0]));
    let mut case = Case::new(format!("crop of {dims:?}"));
    let (x, gradient) = (case.floats(&x), case.floats(&right.upstream));
    let out = maps::crop(&mut case.program, x, dims);
    let to = maps::crop_back(&mut case.program, gradient, dims);
    case.expect(out, right.out, 0.0);
    case.expect(to, right.gradients[0].clone(), 0.0);
    case
}

fn patches(dims: [usize; 4]) -> Case {
    let x = wave(dims.iter().product(), 0.0);
    let right = twin(&[(&x, &dims)], |x| ops::patches_stride2(&x[0]));
    let mut case = Case::new(format!("patches of {dims:?}"));
    let (x, gradient) = (case.floats(&x), case.floats(&right.upstream));
    let out = maps::patches(&mut case.program, x, dims);
    let to = maps::patches_back(&mut case.program, gradient, dims);
    case.expect(out, right.out, 0.0);
    case.expect(to, right.gradients[0].clone(), 0.0);
    case
}

/// A vector an image, and the sums that are its gradient.
fn told(dims: [usize; 4]) -> Case {
    let [n, _, _, channels] = dims;
    let (x, vectors) = (wave(dims.iter().product(), 0.0), wave(n * channels, 1.0));
    let right = twin(&[(&x, &dims), (&vectors, &[n, channels])], |x| {
        ops::add_per_image(&x[0], &x[1])
    });
    let mut case = Case::new(format!("a vector for each image of {dims:?}"));
    let (x, vectors) = (case.floats(&x), case.floats(&vectors));
    let gradient = case.floats(&right.upstream);
    let out = maps::add_per_image(&mut case.program, x, vectors, dims);
    let to = maps::channel_sums(&mut case.program, gradient, dims);
    case.expect(out, right.out, 0.0);
    case.expect(to, right.gradients[1].clone(), 1e-6);
    case
}

/// Oracle: the CPU's operations.
#[test]
fn moved_numbers_arrive_where_the_cpu_puts_them() {
    check(&cases());
}
