//! Probabilities as a picture: a white bar for each class on black, class 0 on the left, as high as it is probable.

/// e^{z} / Σ e^{z}, for pictures: rounded to grey levels afterwards.
pub(super) fn softmax(logits: &[f32]) -> Vec<f32> {
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let scaled: Vec<f32> = logits.iter().map(|z| libm::expf(z - largest)).collect();
    let sum: f32 = scaled.iter().sum();
    scaled.iter().map(|x| x / sum).collect()
}

/// A picture of this height and width, row-major, values in [0, 1]. A bar's topmost pixel is as bright as it is filled;
/// a black column divides bars where there is room for one.
pub(super) fn draw(probabilities: &[f32], [height, width]: [usize; 2]) -> Vec<f32> {
    let mut pixels = vec![0.0; height * width];
    let classes = probabilities.len();
    for (class, probability) in probabilities.iter().enumerate() {
        let (from, next) = (class * width / classes, (class + 1) * width / classes);
        let to = if next > from + 1 { next - 1 } else { next };
        for (row, line) in pixels.chunks_mut(width).rev().enumerate() {
            let filled = (probability * height as f32 - row as f32).clamp(0.0, 1.0);
            line[from..to].fill(filled);
        }
    }
    pixels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_stand_on_the_floor_as_high_as_their_class_is_probable() {
        let picture = draw(&[0.25, 0.75], [2, 6]);
        assert_eq!(picture[..6], [0.0, 0.0, 0.0, 0.5, 0.5, 0.0]);
        assert_eq!(picture[6..], [0.5, 0.5, 0.0, 1.0, 1.0, 0.0]);
        assert_eq!(
            draw(&[1.0; 10], [1, 4]),
            [1.0; 4],
            "no room for gaps, or for all"
        );
    }

    #[test]
    fn a_softmax_sums_to_one_whatever_the_logits() {
        assert_eq!(softmax(&[1e30, 0.0]), [1.0, 0.0]);
        assert_eq!(softmax(&[2.0, 2.0]), [0.5, 0.5]);
    }
}
