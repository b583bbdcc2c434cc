//! The trainable numbers of a network, by name.

use crate::error::{Error, Result};
use crate::outcome::Weight;
use candle_core::{Tensor, Var};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The trainable parameters of a model, by name and in the order of their names.
#[derive(Clone, Default)]
pub struct Parameters(pub BTreeMap<String, Var>);

impl Parameters {
    /// Makes a parameter and keeps it under its name.
    ///
    /// # Errors
    /// When the values do not fill the shape, or the name is taken.
    pub fn add(&mut self, name: String, weight: Weight) -> Result<Var> {
        let var = Var::from_vec(weight.values, weight.shape, super::device())?;
        match self.0.insert(name.clone(), var.clone()) {
            None => Ok(var),
            Some(_) => Err(Error::Internal(format!("two parameters are named {name}"))),
        }
    }

    /// How many numbers there are.
    pub fn count(&self) -> u64 {
        self.0.values().map(|var| var.elem_count() as u64).sum()
    }

    /// A copy of all values.
    ///
    /// # Errors
    /// When a parameter is not f32.
    pub fn copy_out(&self) -> Result<BTreeMap<String, Weight>> {
        let copy = |(name, var): (&String, &Var)| {
            let weight = Weight {
                shape: var.dims().to_vec(),
                values: var.flatten_all()?.to_vec1()?,
            };
            Ok((name.clone(), weight))
        };
        self.0.iter().map(copy).collect()
    }

    /// Sets all values. Nothing is changed unless names and shapes are exactly those of this network.
    ///
    /// # Errors
    /// Names the first parameter that is missing, superfluous or of another shape.
    pub fn restore(&self, weights: &BTreeMap<String, Weight>) -> Result<()> {
        let misfit = |name: &str, problem: String| {
            Error::Internal(format!("cannot restore parameter {name}: {problem}"))
        };
        if let Some(name) = weights.keys().find(|name| !self.0.contains_key(*name)) {
            return Err(misfit(name, "this network has none of that name".into()));
        }
        let mut tensors = Vec::with_capacity(self.0.len());
        for (name, var) in &self.0 {
            let weight = weights
                .get(name)
                .ok_or_else(|| misfit(name, "no values were given".into()))?;
            if weight.shape != var.dims() {
                let problem = format!("expected shape {:?}, found {:?}", var.dims(), weight.shape);
                return Err(misfit(name, problem));
            }
            let tensor = Tensor::from_slice(&weight.values, var.shape(), super::device())
                .map_err(|source| misfit(name, source.to_string()))?;
            tensors.push((var, tensor));
        }
        for (var, tensor) in tensors {
            var.set(&tensor)?;
        }
        Ok(())
    }

    /// SHA-256 (hex) over names, shapes and little-endian values in the order of names: equal only when every bit is.
    ///
    /// # Errors
    /// When a parameter is not f32.
    pub fn digest(&self) -> Result<String> {
        let mut hash = Sha256::new();
        for (name, weight) in self.copy_out()? {
            hash.update((name.len() as u64).to_le_bytes());
            hash.update(&name);
            hash.update((weight.shape.len() as u64).to_le_bytes());
            for length in weight.shape {
                hash.update((length as u64).to_le_bytes());
            }
            for value in weight.values {
                hash.update(value.to_le_bytes());
            }
        }
        let mut hex = String::with_capacity(64);
        for byte in hash.finalize() {
            let _ = write!(hex, "{byte:02x}");
        }
        Ok(hex)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::Device;

    fn two() -> Parameters {
        let mut parameters = Parameters::default();
        for (name, start) in [("a.weight", 1.0), ("a.bias", 5.0)] {
            let weight = Weight {
                shape: vec![2],
                values: vec![start, -start],
            };
            parameters.add(name.into(), weight).unwrap();
        }
        parameters
    }

    #[test]
    fn values_copied_out_restore_to_the_same_digest() {
        let (from, to) = (two(), two());
        from.0["a.bias"]
            .set(&Tensor::new(&[0.25f32, -0.0], &Device::Cpu).unwrap())
            .unwrap();
        assert_ne!(from.digest().unwrap(), to.digest().unwrap());
        to.restore(&from.copy_out().unwrap()).unwrap();
        assert_eq!(from.digest().unwrap(), to.digest().unwrap());
    }

    #[test]
    fn the_digest_sees_one_bit() {
        let parameters = two();
        let before = parameters.digest().unwrap();
        parameters.0["a.bias"]
            .set(&Tensor::new(&[5.0f32, -5.000_000_5], &Device::Cpu).unwrap())
            .unwrap();
        assert_ne!(parameters.digest().unwrap(), before);
    }

    #[test]
    fn values_that_do_not_fit_are_refused_by_name_and_change_nothing() {
        let parameters = two();
        let before = parameters.digest().unwrap();
        let good = parameters.copy_out().unwrap();
        let mut missing = good.clone();
        missing.remove("a.weight");
        let mut wide = good.clone();
        wide.get_mut("a.weight").unwrap().shape = vec![1, 2];
        let mut extra = good;
        extra.insert("b.bias".into(), extra["a.bias"].clone());
        for (weights, name) in [(missing, "a.weight"), (wide, "a.weight"), (extra, "b.bias")] {
            let problem = parameters.restore(&weights).unwrap_err().to_string();
            assert!(problem.contains(name), "{problem}");
        }
        assert_eq!(parameters.digest().unwrap(), before);
    }
}
