//! Which instruction set the kernels use: the best that the processor has, or the one that `ABLATE_SIMD` names.

#[cfg(target_arch = "x86_64")]
use super::lanes::{Avx2, Avx512};
use super::lanes::{Portable, Simd, Work};
use std::sync::OnceLock;

/// An instruction set that this processor has. Results are bit-identical on one level, not between levels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Plain Rust.
    Portable(Portable),
    /// AVX2 with FMA.
    #[cfg(target_arch = "x86_64")]
    Avx2(Avx2),
    /// AVX-512 F.
    #[cfg(target_arch = "x86_64")]
    Avx512(Avx512),
}

impl Level {
    /// The levels of this processor, the plainest first.
    pub fn available() -> Vec<Self> {
        let mut levels = vec![Self::Portable(Portable)];
        #[cfg(target_arch = "x86_64")]
        {
            levels.extend(Avx2::detect().map(Self::Avx2));
            levels.extend(Avx512::detect().map(Self::Avx512));
        }
        levels
    }

    /// The name in records and in `ABLATE_SIMD`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Portable(_) => "portable",
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(_) => "avx2",
            #[cfg(target_arch = "x86_64")]
            Self::Avx512(_) => "avx512",
        }
    }

    /// Does the work on this level.
    pub fn run<W: Work>(self, work: W) -> W::Output {
        match self {
            Self::Portable(simd) => simd.run(work),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(simd) => simd.run(work),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512(simd) => simd.run(work),
        }
    }
}

/// Chooses among the available levels, the plainest first.
fn choose(available: &[Level], forced: Option<&str>) -> Result<Level, String> {
    let found = match forced {
        None => available.last(),
        Some(name) => available.iter().find(|level| level.name() == name),
    };
    found.copied().ok_or_else(|| {
        let names: Vec<_> = available.iter().map(|level| level.name()).collect();
        format!(
            "ABLATE_SIMD={} asks for an instruction set that this processor does not have",
            forced.unwrap_or_default()
        ) + &format!("; it has: {}", names.join(", "))
    })
}

/// The level of this process, chosen once.
///
/// # Errors
/// When `ABLATE_SIMD` names none that this processor has.
pub fn current() -> Result<Level, String> {
    static CURRENT: OnceLock<Result<Level, String>> = OnceLock::new();
    CURRENT
        .get_or_init(|| {
            let forced = std::env::var_os("ABLATE_SIMD").filter(|name| !name.is_empty());
            let forced = forced.as_ref().map(|name| name.to_string_lossy());
            choose(&Level::available(), forced.as_deref())
        })
        .clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_level_is_taken_unless_one_is_forced() {
        let available = Level::available();
        assert_eq!(
            choose(&available, None).as_ref(),
            Ok(&available[available.len() - 1])
        );
        assert_eq!(
            choose(&available, Some("portable")),
            Ok(Level::Portable(Portable))
        );
    }

    #[test]
    fn a_forced_level_that_the_processor_lacks_is_refused_by_name() {
        let problem = choose(&[Level::Portable(Portable)], Some("avx512")).unwrap_err();
        assert!(
            problem.contains("avx512") && problem.contains("it has: portable"),
            "{problem}"
        );
    }
}
