//! Clipping of the whole gradient by its 2-norm.

use super::gradient::Gradients;

/// Added to the norm, as PyTorch does, so that a norm just above the bound ends just below it.
const MARGIN: f64 = 1e-6;

/// Scales all gradients by `largest`/(norm + 1e-6) when that is below 1 (torch.nn.utils.clip_grad_norm_). The norm is
/// summed in f64 in the order of names.
pub(super) fn clip(gradients: &mut Gradients, largest: f64) {
    let square = |value: &f32| f64::from(*value) * f64::from(*value);
    let norm = gradients.values().flatten().map(square).sum::<f64>().sqrt();
    let factor = largest / (norm + MARGIN);
    if factor < 1.0 {
        for value in gradients.values_mut().flatten() {
            *value *= factor as f32;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clipped(largest: f64) -> Gradients {
        let mut gradients =
            Gradients::from([("a".into(), vec![3.0]), ("b".into(), vec![0.0, 4.0])]);
        clip(&mut gradients, largest);
        gradients
    }

    #[test]
    fn one_norm_for_all_parameters() {
        let found = clipped(0.5);
        assert!((found["a"][0] - 0.3).abs() < 1e-6 && (found["b"][1] - 0.4).abs() < 1e-6);
    }

    #[test]
    fn small_gradients_are_left_alone() {
        assert_eq!(clipped(5.1)["b"], [0.0, 4.0]);
    }
}
