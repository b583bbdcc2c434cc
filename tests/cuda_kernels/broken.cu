// Kernels with a fault each, which the emulation must find.
#include "common.cuh"

// Reads a neighbour's number before it is there: the barrier is missing.
extern "C" __global__ void race(const float *x, float *out, int count) {
    __shared__ float numbers[THREADS];
    numbers[threadIdx.x] = x[threadIdx.x % count];
    out[threadIdx.x] = numbers[(threadIdx.x + 1) % THREADS];
}

// Adds to one number in the order in which blocks come.
extern "C" __global__ void order_of_blocks(const float *x, float *out, int count) {
    if (threadIdx.x == 0) out[0] = blockIdx.x == 0 ? x[0] : 0.5f * out[0] + x[blockIdx.x % count];
}

extern "C" __global__ void behind(const float *x, float *out, int count) {
    if (thread_number() == 0) out[THREADS] = x[count - 1];
}

extern "C" __global__ void in_front(const float *x, float *out, int count) {
    if (thread_number() == 0) out[-1] = x[count - 1];
}

// Waits in one half of the block only.
extern "C" __global__ void half_a_barrier(const float *x, float *out, int count) {
    if (threadIdx.x < THREADS / 2) __syncthreads();
    out[threadIdx.x] = x[threadIdx.x % count];
}

// Both halves wait, but not together.
extern "C" __global__ void two_barriers(const float *x, float *out, int count) {
    if (threadIdx.x < THREADS / 2) {
        out[threadIdx.x] = x[0];
        __syncthreads();
    } else {
        out[threadIdx.x] = x[count - 1];
        __syncthreads();
        out[threadIdx.x] += 1.0f;
    }
}

// Sums shared memory of which half was never written.
extern "C" __global__ void unwritten(const float *x, float *out, int count) {
    __shared__ double numbers[THREADS];
    if (threadIdx.x < THREADS / 2) numbers[threadIdx.x] = x[threadIdx.x % count];
    __syncthreads();
    out[threadIdx.x] = (float)numbers[THREADS - 1 - threadIdx.x];
}
