//! What the network is told of time (Ho et al. 2020, after Vaswani et al. 2017; science.md §3).

/// Sines, then cosines, of t at frequencies from 1 down to 1/10000; a last 0 where `width` is odd.
pub fn time_embedding(t: usize, width: usize) -> Vec<f32> {
    let half = width / 2;
    let decay = libm::log(1e4) / (half.max(2) - 1) as f64;
    let angle = |i: usize| t as f64 * libm::exp(-decay * i as f64);
    let sines = (0..half).map(|i| libm::sin(angle(i)) as f32);
    let cosines = (0..half).map(|i| libm::cos(angle(i)) as f32);
    let rest = std::iter::repeat_n(0.0, width % 2);
    sines.chain(cosines).chain(rest).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Oracle: the vector of science.md §3.
    #[test]
    fn the_vector() {
        #[rustfmt::skip]
        let right = [
            -0.4677718053, -0.9379933559, 0.8806428498, 0.0499791693,
            -0.8838492734, -0.3466532335, 0.4737807205, 0.9987502604,
        ];
        let found = time_embedding(500, 8);
        assert_eq!(found.len(), 8);
        for (found, right) in found.into_iter().zip(right) {
            assert!((f64::from(found) - right).abs() < 1e-7, "{found} {right}");
        }
    }

    #[test]
    fn every_width_is_possible() {
        assert_eq!(time_embedding(0, 5), [0.0, 0.0, 1.0, 1.0, 0.0]);
        let (sine, cosine) = (3_f64.sin() as f32, 3_f64.cos() as f32);
        assert_eq!(time_embedding(3, 2), [sine, cosine]);
        assert_eq!(time_embedding(3, 1), [0.0]);
    }
}
