//! Vector registers of the instruction sets that the kernels are compiled for, behind one trait.
//!
//! A value of a [`Simd`] type is proof that the processor has its instructions: [`Avx512`] and [`Avx2`] can only be
//! made by asking the processor. Kernels are generic over [`Simd`], always inlined, and instantiated inside a
//! function that is compiled for that instruction set ([`Simd::run`]).

/// An instruction set and its vectors of f32.
pub trait Simd: Copy {
    /// A register.
    type Vector: Copy;
    /// Numbers in a register.
    const LANES: usize;
    /// Scalars that a tile of two registers' width multiplies at a time, so that all sums stay in registers.
    const TILE: usize;

    /// The number in every lane.
    fn splat(self, x: f32) -> Self::Vector;
    /// Reads `LANES` numbers.
    ///
    /// # Safety
    /// `from` points to `LANES` readable numbers.
    unsafe fn load(self, from: *const f32) -> Self::Vector;
    /// Writes `LANES` numbers.
    ///
    /// # Safety
    /// `to` points to `LANES` writable numbers.
    unsafe fn store(self, to: *mut f32, x: Self::Vector);
    /// a·b + c in every lane; rounded once where the instruction set can.
    fn mul_add(self, a: Self::Vector, b: Self::Vector, c: Self::Vector) -> Self::Vector;
    /// Does the work in a function compiled for this instruction set.
    fn run<W: Work>(self, work: W) -> W::Output;
}

/// Work that can be compiled for every instruction set.
pub trait Work {
    /// What it gives.
    type Output;
    /// Does it. To be marked `#[inline(always)]`, or it is compiled without the instruction set.
    fn on<S: Simd>(self, simd: S) -> Self::Output;
}

/// Plain Rust, on every processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Portable;

impl Simd for Portable {
    type Vector = [f32; 4];
    const LANES: usize = 4;
    const TILE: usize = 6;

    #[inline(always)]
    fn splat(self, x: f32) -> [f32; 4] {
        [x; 4]
    }
    #[inline(always)]
    unsafe fn load(self, from: *const f32) -> [f32; 4] {
        // SAFETY: the caller's promise; f32 arrays need no more alignment than f32.
        unsafe { from.cast::<[f32; 4]>().read() }
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32, x: [f32; 4]) {
        // SAFETY: the caller's promise; f32 arrays need no more alignment than f32.
        unsafe { to.cast::<[f32; 4]>().write(x) }
    }
    #[inline(always)]
    fn mul_add(self, a: [f32; 4], b: [f32; 4], c: [f32; 4]) -> [f32; 4] {
        [
            a[0] * b[0] + c[0],
            a[1] * b[1] + c[1],
            a[2] * b[2] + c[2],
            a[3] * b[3] + c[3],
        ]
    }
    fn run<W: Work>(self, work: W) -> W::Output {
        work.on(self)
    }
}

#[cfg(target_arch = "x86_64")]
pub use x86::{Avx2, Avx512};

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{Simd, Work};
    use std::arch::x86_64::*;

    /// AVX2 with FMA.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Avx2(());

    /// AVX-512 F.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Avx512(());

    impl Avx2 {
        /// Asks the processor.
        pub fn detect() -> Option<Self> {
            (is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma"))
                .then_some(Self(()))
        }
    }

    impl Avx512 {
        /// Asks the processor.
        pub fn detect() -> Option<Self> {
            is_x86_feature_detected!("avx512f").then_some(Self(()))
        }
    }

    /// # Safety
    /// The processor has AVX2 and FMA.
    #[target_feature(enable = "avx2,fma")]
    unsafe fn run_avx2<W: Work>(proof: Avx2, work: W) -> W::Output {
        work.on(proof)
    }

    /// # Safety
    /// The processor has AVX-512 F.
    #[target_feature(enable = "avx512f")]
    unsafe fn run_avx512<W: Work>(proof: Avx512, work: W) -> W::Output {
        work.on(proof)
    }

    /// The two sets differ in names alone. SAFETY, for all blocks: `self` proves that the processor has the
    /// instructions, and pointers are good by the promise of `load`'s and `store`'s callers.
    macro_rules! simd {
        ($name:ident, $vector:ident, $lanes:literal, $tile:literal, $run:ident,
         $set1:ident, $loadu:ident, $storeu:ident, $fmadd:ident) => {
            impl Simd for $name {
                type Vector = $vector;
                const LANES: usize = $lanes;
                const TILE: usize = $tile;

                #[inline(always)]
                fn splat(self, x: f32) -> $vector {
                    unsafe { $set1(x) }
                }
                #[inline(always)]
                unsafe fn load(self, from: *const f32) -> $vector {
                    unsafe { $loadu(from) }
                }
                #[inline(always)]
                unsafe fn store(self, to: *mut f32, x: $vector) {
                    unsafe { $storeu(to, x) }
                }
                #[inline(always)]
                fn mul_add(self, a: $vector, b: $vector, c: $vector) -> $vector {
                    unsafe { $fmadd(a, b, c) }
                }
                fn run<W: Work>(self, work: W) -> W::Output {
                    unsafe { $run(self, work) }
                }
            }
        };
    }

    simd!(
        Avx2,
        __m256,
        8,
        6,
        run_avx2,
        _mm256_set1_ps,
        _mm256_loadu_ps,
        _mm256_storeu_ps,
        _mm256_fmadd_ps
    );
    simd!(
        Avx512,
        __m512,
        16,
        14,
        run_avx512,
        _mm512_set1_ps,
        _mm512_loadu_ps,
        _mm512_storeu_ps,
        _mm512_fmadd_ps
    );
}
