// How a block multiplies the tiles that a convolution is made of: PRODUCTS, chosen when the kernels are compiled
// (config::Precision). Single multiplies in f32, every thread for itself. Tf32, Bf16 and Half round what comes into
// shared memory to that type; tensor cores multiply it and add in f32 (PTX ISA: wmma; Half from sm_70, the others from
// sm_80). A block of THREADS makes a tile of TILE x TILE sums, DEPTH products at a time.
#ifndef ABLATE_PRODUCTS
#define ABLATE_PRODUCTS
#include "common.cuh"

#define TILE 64
#define DEPTH 16

// Sums in registers, EACH x EACH a thread, each in the order of its products: the same bits each time.
#define EACH 4
struct Single {
    struct Tiles {
        float left[DEPTH][TILE + 4], right[DEPTH][TILE + 4]; // so that columns do not fall on one bank
    };
    union Space {
        Tiles tiles;
    };
    float sums[EACH][EACH] = {};

    static __device__ __forceinline__ float number(float x) { return x; }
    __device__ __forceinline__ void measure(const float *, Space &) {}
    __device__ __forceinline__ float gradient(float x) const { return x; }

    __device__ __forceinline__ void multiply(const Tiles &tiles) {
        int column = threadIdx.x % (TILE / EACH) * EACH, row = threadIdx.x / (TILE / EACH) * EACH;
#pragma unroll
        for (int k = 0; k < DEPTH; ++k)
#pragma unroll
            for (int y = 0; y < EACH; ++y)
#pragma unroll
                for (int x = 0; x < EACH; ++x) sums[y][x] += tiles.left[k][row + y] * tiles.right[k][column + x];
    }

    // Calls `take` with row, column and sum, for those of this thread.
    template <class Take> __device__ __forceinline__ void each(Space &, Take take) const {
        int column = threadIdx.x % (TILE / EACH) * EACH, row = threadIdx.x / (TILE / EACH) * EACH;
        for (int y = 0; y < EACH; ++y)
            for (int x = 0; x < EACH; ++x) take(row + y, column + x, sums[y][x]);
    }
};

#ifndef EMULATED // tests/cuda_kernels/emulate.h has its own
// Where shared memory begins for PTX.
static __device__ __forceinline__ unsigned shared_address(const void *numbers) {
    return (unsigned)__cvta_generic_to_shared(numbers);
}

// Reads a warp's part of a tile from shared memory, `stride` numbers from one k to the next.
#define LOAD_4(instruction, of, numbers, stride)                                                                       \
    asm volatile(instruction " {%0, %1, %2, %3}, [%4], %5;"                                                            \
                 : "=r"(of[0]), "=r"(of[1]), "=r"(of[2]), "=r"(of[3])                                                  \
                 : "r"(shared_address(numbers)), "r"(stride)                                                           \
                 : "memory")
#define LOAD_8(instruction, of, numbers, stride)                                                                       \
    asm volatile(instruction " {%0, %1, %2, %3, %4, %5, %6, %7}, [%8], %9;"                                            \
                 : "=r"(of[0]), "=r"(of[1]), "=r"(of[2]), "=r"(of[3]), "=r"(of[4]), "=r"(of[5]), "=r"(of[6]),          \
                   "=r"(of[7])                                                                                         \
                 : "r"(shared_address(numbers)), "r"(stride)                                                           \
                 : "memory")
#define SUMS(of) "+f"(of[0]), "+f"(of[1]), "+f"(of[2]), "+f"(of[3]), "+f"(of[4]), "+f"(of[5]), "+f"(of[6]), "+f"(of[7])
#define MULTIPLY_4(instruction, sums, left, right)                                                                     \
    asm volatile(instruction " {%0, %1, %2, %3, %4, %5, %6, %7}, {%8, %9, %10, %11}, {%12, %13, %14, %15}, "           \
                             "{%0, %1, %2, %3, %4, %5, %6, %7};"                                                       \
                 : SUMS(sums)                                                                                          \
                 : "r"(left[0]), "r"(left[1]), "r"(left[2]), "r"(left[3]), "r"(right[0]), "r"(right[1]),               \
                   "r"(right[2]), "r"(right[3]))
#define MULTIPLY_8(instruction, sums, left, right)                                                                     \
    asm volatile(instruction " {%0, %1, %2, %3, %4, %5, %6, %7}, {%8, %9, %10, %11, %12, %13, %14, %15}, "             \
                             "{%16, %17, %18, %19, %20, %21, %22, %23}, {%0, %1, %2, %3, %4, %5, %6, %7};"             \
                 : SUMS(sums)                                                                                          \
                 : "r"(left[0]), "r"(left[1]), "r"(left[2]), "r"(left[3]), "r"(left[4]), "r"(left[5]), "r"(left[6]),   \
                   "r"(left[7]), "r"(right[0]), "r"(right[1]), "r"(right[2]), "r"(right[3]), "r"(right[4]),            \
                   "r"(right[5]), "r"(right[6]), "r"(right[7]))

#define STORE(instruction, to, stride, sums)                                                                           \
    asm volatile(instruction " [%0], {%1, %2, %3, %4, %5, %6, %7, %8}, %9;" ::"r"(shared_address(to)), "f"(sums[0]),   \
                 "f"(sums[1]), "f"(sums[2]), "f"(sums[3]), "f"(sums[4]), "f"(sums[5]), "f"(sums[6]), "f"(sums[7]),     \
                 "r"(stride)                                                                                           \
                 : "memory")

// Which lane of a warp holds which numbers of a tile is the GPU's secret, and that of each shape.
struct SumsBy16 {
    float numbers[8] = {};
    __device__ __forceinline__ void store(float *to, int stride) const {
        STORE("wmma.store.d.sync.aligned.row.m16n16k16.shared.f32", to, stride, numbers);
    }
};

struct OfHalf {
    typedef unsigned short Number;
    typedef SumsBy16 OfSums;
    enum { STEP = 16, PAD = 16, SCALED = 1 };
    static __device__ __forceinline__ Number rounded(float x) {
        Number number;
        asm("cvt.rn.f16.f32 %0, %1;" : "=h"(number) : "f"(x));
        return number;
    }
    static __device__ __forceinline__ void multiply(OfSums *sums, const Number *left, const Number *right, int stride) {
        unsigned of_left[8], of_right[8];
        LOAD_8("wmma.load.a.sync.aligned.col.m16n16k16.shared.f16", of_left, left, stride);
        for (int at = 0; at < 2; ++at) {
            LOAD_8("wmma.load.b.sync.aligned.row.m16n16k16.shared.f16", of_right, right + 16 * at, stride);
            MULTIPLY_8("wmma.mma.sync.aligned.col.row.m16n16k16.f32.f32", sums[at].numbers, of_left, of_right);
        }
    }
};

#if __CUDA_ARCH__ >= 800
struct OfBf16 {
    typedef unsigned short Number;
    typedef SumsBy16 OfSums;
    enum { STEP = 16, PAD = 16, SCALED = 0 };
    static __device__ __forceinline__ Number rounded(float x) {
        Number number;
        asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(number) : "f"(x));
        return number;
    }
    static __device__ __forceinline__ void multiply(OfSums *sums, const Number *left, const Number *right, int stride) {
        unsigned of_left[4], of_right[4];
        LOAD_4("wmma.load.a.sync.aligned.col.m16n16k16.shared.bf16", of_left, left, stride);
        for (int at = 0; at < 2; ++at) {
            LOAD_4("wmma.load.b.sync.aligned.row.m16n16k16.shared.bf16", of_right, right + 16 * at, stride);
            MULTIPLY_4("wmma.mma.sync.aligned.col.row.m16n16k16.f32.bf16.bf16.f32", sums[at].numbers, of_left, of_right);
        }
    }
};

struct SumsBy8 {
    float numbers[8] = {};
    __device__ __forceinline__ void store(float *to, int stride) const {
        STORE("wmma.store.d.sync.aligned.row.m16n16k8.shared.f32", to, stride, numbers);
    }
};

struct OfTf32 {
    typedef unsigned Number;
    typedef SumsBy8 OfSums;
    enum { STEP = 8, PAD = 4, SCALED = 0 };
    static __device__ __forceinline__ Number rounded(float x) {
        Number number;
        asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(number) : "f"(x));
        return number;
    }
    static __device__ __forceinline__ void multiply(OfSums *sums, const Number *left, const Number *right, int stride) {
        unsigned of_left[4], of_right[4];
        LOAD_4("wmma.load.a.sync.aligned.col.m16n16k8.shared.tf32", of_left, left, stride);
        for (int at = 0; at < 2; ++at) {
            LOAD_4("wmma.load.b.sync.aligned.row.m16n16k8.shared.tf32", of_right, right + 16 * at, stride);
            MULTIPLY_4("wmma.mma.sync.aligned.col.row.m16n16k8.f32.tf32.tf32.f32", sums[at].numbers, of_left, of_right);
        }
    }
};
#endif
#endif

// Products of numbers rounded to a type, by tensor cores: each of the eight warps makes 16 rows by 32 columns.
template <class Type> struct Rounded {
    // Each k begins where wmma wants it: for Half at a multiple of 32 bytes, for the others of 16; rows of sums of 32.
    enum { STRIDE = TILE + Type::PAD, SUMS_STRIDE = TILE + 8 };
    struct Tiles {
        alignas(32) typename Type::Number left[DEPTH][STRIDE];
        alignas(32) typename Type::Number right[DEPTH][STRIDE];
    };
    union Space {
        Tiles tiles;
        alignas(32) float sums[TILE][SUMS_STRIDE];
        float numbers[THREADS];
    };
    typename Type::OfSums sums[2];
    float scale = 1.0f, unscale = 1.0f;

    static __device__ __forceinline__ typename Type::Number number(float x) { return Type::rounded(x); }

    // Half has no numbers below 2^-24, and gradients are that small: they are multiplied by the power of two that takes
    // the largest of them, of which `largest` has THREADS candidates, to between 2^14 and 2^15, and sums by its inverse.
    __device__ __forceinline__ void measure(const float *largest, Space &space) {
        if (!Type::SCALED) return;
        int exponent = (__float_as_int(block_largest(largest[threadIdx.x], space.numbers)) >> 23) - 127;
        int shift = 14 - exponent;
        shift = shift < -126 ? -126 : shift > 126 ? 126 : shift;
        scale = __int_as_float((127 + shift) << 23);
        unscale = __int_as_float((127 - shift) << 23);
        __syncthreads(); // the tiles come where `numbers` are
    }
    __device__ __forceinline__ typename Type::Number gradient(float x) const { return Type::rounded(x * scale); }

    __device__ __forceinline__ void multiply(const Tiles &tiles) {
        int warp = threadIdx.x / 32;
        for (int k = 0; k < DEPTH; k += Type::STEP)
            Type::multiply(sums, &tiles.left[k][warp / 2 * 16], &tiles.right[k][warp % 2 * 32], STRIDE);
    }

    // Calls `take` with row, column and sum, for those of this thread; by shared memory, where neighbours are neighbours.
    template <class Take> __device__ __forceinline__ void each(Space &space, Take take) const {
        int warp = threadIdx.x / 32;
        for (int at = 0; at < 2; ++at) sums[at].store(&space.sums[warp / 2 * 16][warp % 2 * 32 + 16 * at], SUMS_STRIDE);
        __syncthreads();
        for (int at = threadIdx.x; at < TILE * TILE; at += THREADS)
            take(at / TILE, at % TILE, space.sums[at / TILE][at % TILE] * unscale);
    }
};
typedef Rounded<OfHalf> Half;
#if defined(EMULATED) || __CUDA_ARCH__ >= 800
typedef Rounded<OfBf16> Bf16;
typedef Rounded<OfTf32> Tf32;
#endif

#ifndef PRODUCTS
#define PRODUCTS Single
#endif
typedef PRODUCTS Products;

#endif
