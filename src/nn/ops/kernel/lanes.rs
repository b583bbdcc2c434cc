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
    /// Rows of a tile of sums two registers wide, so that all of it stays in registers.
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
    /// a + b in every lane.
    fn add(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// a − b in every lane.
    fn sub(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// a·b in every lane.
    fn mul(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// max(x, 0) in every lane; NaN stays NaN.
    fn relu(self, x: Self::Vector) -> Self::Vector;
    /// x where not y ≤ 0 (so also where y is NaN), else 0: the gradient of [`Simd::relu`], given its result y.
    fn relu_gradient(self, x: Self::Vector, y: Self::Vector) -> Self::Vector;
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
    fn add(self, a: [f32; 4], b: [f32; 4]) -> [f32; 4] {
        std::array::from_fn(|at| a[at] + b[at])
    }
    #[inline(always)]
    fn sub(self, a: [f32; 4], b: [f32; 4]) -> [f32; 4] {
        std::array::from_fn(|at| a[at] - b[at])
    }
    #[inline(always)]
    fn mul(self, a: [f32; 4], b: [f32; 4]) -> [f32; 4] {
        std::array::from_fn(|at| a[at] * b[at])
    }
    #[inline(always)]
    fn relu(self, x: [f32; 4]) -> [f32; 4] {
        x.map(|x| if x < 0.0 { 0.0 } else { x })
    }
    #[inline(always)]
    fn relu_gradient(self, x: [f32; 4], y: [f32; 4]) -> [f32; 4] {
        std::array::from_fn(|at| if y[at] <= 0.0 { 0.0 } else { x[at] })
    }
    #[inline(always)]
    fn mul_add(self, a: [f32; 4], b: [f32; 4], c: [f32; 4]) -> [f32; 4] {
        std::array::from_fn(|at| a[at] * b[at] + c[at])
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

    /// The two sets differ in names alone, but for the mask. SAFETY, for all blocks: `self` proves that the processor has the
    /// instructions, and pointers are good by the promise of `load`'s and `store`'s callers.
    macro_rules! simd {
        ($name:ident, $vector:ident, $lanes:literal, $tile:literal, $run:ident,
         $set1:ident, $loadu:ident, $storeu:ident, $add:ident, $sub:ident, $mul:ident, $max:ident, $fmadd:ident,
         $relu_gradient:expr) => {
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
                fn add(self, a: $vector, b: $vector) -> $vector {
                    unsafe { $add(a, b) }
                }
                #[inline(always)]
                fn sub(self, a: $vector, b: $vector) -> $vector {
                    unsafe { $sub(a, b) }
                }
                #[inline(always)]
                fn mul(self, a: $vector, b: $vector) -> $vector {
                    unsafe { $mul(a, b) }
                }
                #[inline(always)]
                fn relu(self, x: $vector) -> $vector {
                    // Of a NaN and a number, max gives the second operand.
                    unsafe { $max($set1(0.0), x) }
                }
                #[inline(always)]
                fn relu_gradient(self, x: $vector, y: $vector) -> $vector {
                    unsafe { $relu_gradient(x, y) }
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
        _mm256_add_ps,
        _mm256_sub_ps,
        _mm256_mul_ps,
        _mm256_max_ps,
        _mm256_fmadd_ps,
        |x, y| _mm256_and_ps(x, _mm256_cmp_ps::<_CMP_NLE_UQ>(y, _mm256_setzero_ps()))
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
        _mm512_add_ps,
        _mm512_sub_ps,
        _mm512_mul_ps,
        _mm512_max_ps,
        _mm512_fmadd_ps,
        |x, y| _mm512_maskz_mov_ps(_mm512_cmp_ps_mask::<_CMP_NLE_UQ>(y, _mm512_setzero_ps()), x)
    );
}
