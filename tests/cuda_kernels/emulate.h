// Runs CUDA kernels on a CPU: what a kernel's source needs of the language, and a grid of threads, block after block.
// The threads of a block are fibers, switched only at barriers, in an order that the caller chooses. So arithmetic,
// indices, grids and barriers are tested; the GPU's memory model, its speed and its own sqrt, log and division are not.
//
// What it finds besides wrong numbers: reads of shared memory that nobody wrote (it is filled with NaN before each
// block), races that another order of threads or blocks shows, threads that leave while others wait, or wait at
// different barriers. Buffers with guard pages are the driver's.
#pragma once

#define EMULATED

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <ucontext.h>
#include <vector>

#define __device__
#define __global__
#define __forceinline__ inline
#define __shared__ static __attribute__((section("emulated_shared")))

struct Place {
    unsigned x, y, z;
};

// With external linkage: a kernel must read them anew after each barrier.
Place threadIdx, blockIdx, blockDim, gridDim;
extern char __start_emulated_shared[], __stop_emulated_shared[];
const char *current_kernel = "";

[[noreturn]] static void refuse(const char *problem) {
    fprintf(stderr, "%s, block (%u, %u, %u), thread %u: %s\n", current_kernel, blockIdx.x, blockIdx.y, blockIdx.z,
            threadIdx.x, problem);
    exit(1);
}

static float __int_as_float(int bits) {
    float number;
    memcpy(&number, &bits, sizeof number);
    return number;
}

static int __float_as_int(float number) {
    int bits;
    memcpy(&bits, &number, sizeof bits);
    return bits;
}

// A number rounded to so many significant bits, ties to even or away; below the lowest exponent to its steps.
static float rounded_to(float x, int bits, int lowest, double highest, bool away) {
    if (x == 0.0f || !std::isfinite(x)) return x;
    double step = std::ldexp(1.0, std::max(std::ilogb(x), lowest) - bits + 1);
    double number = step * (away ? std::round(x / step) : std::nearbyint(x / step));
    return std::fabs(number) > highest ? std::copysign(INFINITY, x) : (float)number;
}

// Tensor cores, for products.cuh. Each lane of a warp makes every 32nd sum of a tile of 16 x 16; that they must do it
// together, and what they share it by, is not emulated.
struct EmulatedSums {
    float numbers[8] = {};
    void store(float *to, int stride) const {
        for (int at = threadIdx.x % 32, number = 0; at < 256; at += 32) to[at / 16 * stride + at % 16] = numbers[number++];
    }
};

template <int BITS, int LOWEST, int HIGHEST, bool AWAY, int EACH_TIME, int PADDING, int SCALING> struct EmulatedCores {
    typedef float Number;
    typedef EmulatedSums OfSums;
    enum { STEP = EACH_TIME, PAD = PADDING, SCALED = SCALING };
    static float rounded(float x) { return rounded_to(x, BITS, LOWEST, HIGHEST ? HIGHEST : INFINITY, AWAY); }
    static void multiply(OfSums *sums, const float *left, const float *right, int stride) {
        for (int tile = 0; tile < 2; ++tile)
            for (int at = threadIdx.x % 32, number = 0; at < 256; at += 32, ++number)
                for (int k = 0; k < STEP; ++k)
                    sums[tile].numbers[number] += left[k * stride + at / 16] * right[k * stride + 16 * tile + at % 16];
    }
};
typedef EmulatedCores<11, -14, 65504, false, 16, 16, true> OfHalf;
typedef EmulatedCores<8, -126, 0, false, 16, 16, false> OfBf16;
typedef EmulatedCores<11, -126, 0, true, 8, 4, false> OfTf32;

// A thread of a block.
struct Fiber {
    ucontext_t context;
    std::vector<char> stack = std::vector<char>(64 << 10);
    int barrier; // the line where it waits; 0 once it ended
};

static std::vector<Fiber> fibers;
static ucontext_t scheduler;
static Fiber *running;
static std::function<void()> body;

// A barrier is told from others by its line.
#define __syncthreads() wait_at(__LINE__)

__attribute__((noinline)) void wait_at(int line) {
    running->barrier = line;
    swapcontext(&running->context, &scheduler);
}

static void run_body() {
    body();
    running->barrier = 0;
}

// Numbers below `count` in order 0 (up), 1 (down) or 2 (shuffled, always in the same way).
static std::vector<unsigned> ordered(unsigned count, int order) {
    std::vector<unsigned> numbers(count);
    for (unsigned at = 0; at < count; ++at) numbers[at] = order == 1 ? count - 1 - at : at;
    unsigned long long state = 88172645463325252ull;
    for (unsigned at = count; order == 2 && at > 1; --at) {
        state ^= state << 13, state ^= state >> 7, state ^= state << 17;
        std::swap(numbers[at - 1], numbers[state % at]);
    }
    return numbers;
}

static void run_block(const std::vector<unsigned> &order) {
    memset(__start_emulated_shared, 0xff, __stop_emulated_shared - __start_emulated_shared);
    for (unsigned thread : order) {
        Fiber &fiber = fibers[thread];
        getcontext(&fiber.context);
        fiber.context.uc_stack.ss_sp = fiber.stack.data();
        fiber.context.uc_stack.ss_size = fiber.stack.size();
        fiber.context.uc_link = &scheduler;
        makecontext(&fiber.context, run_body, 0);
    }
    for (bool waiting = true; waiting;) {
        for (unsigned thread : order) {
            running = &fibers[thread];
            threadIdx = {thread, 0, 0};
            swapcontext(&scheduler, &running->context);
        }
        waiting = fibers[order[0]].barrier != 0;
        for (unsigned thread : order) {
            threadIdx = {thread, 0, 0};
            int other = fibers[thread].barrier;
            if ((other != 0) != waiting) refuse("some threads end while others wait at a barrier");
            if (other != fibers[order[0]].barrier) refuse("threads wait at different barriers");
        }
    }
}

// Runs `work`, a call of a kernel, on every thread of the grid.
static void run_grid(const char *kernel, Place grid, unsigned threads, int order, std::function<void()> work) {
    current_kernel = kernel;
    body = std::move(work);
    gridDim = grid;
    blockDim = {threads, 1, 1};
    if (fibers.size() < threads) fibers = std::vector<Fiber>(threads);
    std::vector<unsigned> of_threads = ordered(threads, order);
    for (unsigned block : ordered(grid.x * grid.y * grid.z, order)) {
        blockIdx = {block % grid.x, block / grid.x % grid.y, block / grid.x / grid.y};
        run_block(of_threads);
    }
}
