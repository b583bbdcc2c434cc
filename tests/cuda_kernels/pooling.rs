//! Max-pooling and upsampling.

use crate::emulator::{Case, check};
use crate::twin::{coarse, flat, tensor, twin, wave};
use ablate::nn::ops;
use ablate::nn::ops::cuda::plan::pool;

pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (dims, offset) in [
        ([2, 6, 10, 3], 0.0),
        ([1, 2, 2, 5], 1.0),
        ([3, 4, 34, 7], 2.0),
    ] {
        let count = dims.iter().product();
        let x = coarse(count, offset);
        let right = twin(&[(&x, &dims)], |x| ops::max_pool2(&x[0]));
        let mut case = Case::new(format!("max_pool2 of {dims:?}"));
        let (map, gradient) = (case.floats(&x), case.floats(&right.upstream));
        let (out, winners) = pool::max_pool2(&mut case.program, map, dims, false);
        let to = pool::max_pool2_back(&mut case.program, gradient, winners, dims);
        case.expect(out, right.out, 0.0);
        case.expect(to, right.gradients[0].clone(), 0.0);
        cases.push(case);

        let right = twin(&[(&x, &dims)], |x| ops::max_pool2(&ops::relu(&x[0])?));
        let mut case = Case::new(format!("max_pool2 of the ReLU of {dims:?}"));
        let (map, gradient) = (case.floats(&x), case.floats(&right.upstream));
        let (out, winners) = pool::max_pool2(&mut case.program, map, dims, true);
        let to = pool::max_pool2_back(&mut case.program, gradient, winners, dims);
        case.expect(out, right.out, 0.0);
        case.expect(to, right.gradients[0].clone(), 0.0);
        cases.push(case);

        let right = twin(&[(&x, &dims)], |x| ops::upsample2(&x[0]));
        let mut case = Case::new(format!("upsample2 of {dims:?}"));
        let (map, gradient) = (case.floats(&x), case.floats(&right.upstream));
        let out = pool::upsample2(&mut case.program, map, dims);
        let to = pool::upsample2_back(&mut case.program, gradient, dims);
        case.expect(out, right.out, 0.0);
        case.expect(to, right.gradients[0].clone(), 0.0);
        cases.push(case);
    }
    let mut broken = wave(16, 0.0);
    (broken[3], broken[5]) = (f32::NAN, f32::NAN);
    let dims = [1, 4, 4, 1];
    let right = ops::max_pool2(&tensor(&broken, &dims)).expect("even sizes");
    let mut case = Case::new("max_pool2 with NaN");
    let map = case.floats(&broken);
    let (out, _) = pool::max_pool2(&mut case.program, map, dims, false);
    case.expect(out, flat(&right), 0.0);
    cases.push(case);
    cases
}

/// Oracle: the CPU's operations, to the bit.
#[test]
fn pools_and_upsampling_agree_with_the_cpu() {
    check(&cases());
}
