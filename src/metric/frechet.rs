//! The squared Fréchet distance between two clouds of features, each taken as a normal distribution (Heusel et al. 2017).

use nalgebra::{DMatrix, DVector, SymmetricEigen};

/// Mean and sample covariance (n − 1) of features.
#[derive(Clone, Debug)]
pub struct Cloud {
    mean: DVector<f64>,
    covariance: DMatrix<f64>,
}

impl Cloud {
    /// Of `n` rows of features, one after the other; `n` is 2 at least.
    pub fn of(features: &[f32], n: usize) -> Self {
        let width = features.len() / n;
        let rows = features.iter().map(|x| f64::from(*x));
        let rows = DMatrix::from_row_iterator(n, width, rows);
        let mean = rows.row_mean().transpose();
        let centred = DMatrix::from_fn(n, width, |row, column| rows[(row, column)] - mean[column]);
        Self {
            covariance: centred.tr_mul(&centred) / (n as f64 - 1.0),
            mean,
        }
    }
}

/// ‖μ1 − μ2‖² + tr(Σ1 + Σ2 − 2 (Σ1 Σ2)^½).
///
/// tr (Σ1 Σ2)^½ is the sum of the roots of the eigenvalues of Σ1^½ Σ2 Σ1^½, which is symmetric.
pub fn frechet(a: &Cloud, b: &Cloud) -> f64 {
    let root = root(&a.covariance);
    let product = &root * &b.covariance * &root;
    // Rounding leaves it not quite symmetric.
    let symmetric = (&product + product.transpose()) / 2.0;
    let eigenvalues = SymmetricEigen::new(symmetric).eigenvalues;
    let cross: f64 = eigenvalues.iter().map(|value| value.max(0.0).sqrt()).sum();
    let apart = (&a.mean - &b.mean).norm_squared();
    apart + a.covariance.trace() + b.covariance.trace() - 2.0 * cross
}

/// The symmetric root of a covariance.
fn root(covariance: &DMatrix<f64>) -> DMatrix<f64> {
    let eigen = SymmetricEigen::new(covariance.clone());
    let roots = eigen.eigenvalues.map(|value| value.max(0.0).sqrt());
    &eigen.eigenvectors * DMatrix::from_diagonal(&roots) * eigen.eigenvectors.transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Oracle: science.md §4.
    #[test]
    fn the_vector_of_two_normal_distributions() {
        let cloud = |mean: [f64; 3], covariance: [f64; 9]| Cloud {
            mean: DVector::from_row_slice(&mean),
            covariance: DMatrix::from_row_slice(3, 3, &covariance),
        };
        let a = cloud(
            [0.0, 1.0, -1.0],
            [2.0, 0.3, 0.0, 0.3, 1.0, 0.1, 0.0, 0.1, 0.5],
        );
        let b = cloud(
            [0.5, 1.0, 0.0],
            [1.0, 0.0, 0.2, 0.0, 1.5, 0.0, 0.2, 0.0, 0.8],
        );
        assert!(
            (frechet(&a, &b) - 1.5696864140).abs() < 1e-9,
            "{}",
            frechet(&a, &b)
        );
        assert!(frechet(&a, &a).abs() < 1e-12);
    }

    /// Oracle: by hand. Points (0,0), (2,0), (0,2), (2,2): mean (1,1), variance 4/3 each, no covariance.
    #[test]
    fn a_cloud_has_the_sample_covariance() {
        let cloud = Cloud::of(&[0.0, 0.0, 2.0, 0.0, 0.0, 2.0, 2.0, 2.0], 4);
        assert_eq!(cloud.mean.as_slice(), [1.0, 1.0]);
        let right = [4.0 / 3.0, 0.0, 0.0, 4.0 / 3.0];
        let found = cloud.covariance.as_slice().iter().zip(right);
        assert!(found.into_iter().all(|(a, b)| (a - b).abs() < 1e-15));
    }
}
