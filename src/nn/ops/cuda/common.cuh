// What the kernels share. Plain CUDA C without headers, so that NVRTC alone compiles it, and g++ with the emulation
// in tests/cuda_kernels/emulate.h. Maps are channels-last, [n, h, w, c]; sums are taken in a fixed order, so that a
// kernel gives the same bits each time. Indices are int: the host refuses buffers of 2^31 numbers or more.
#ifndef ABLATE_COMMON
#define ABLATE_COMMON

// Threads of a block of every kernel that sums inside a block.
#define THREADS 256

// What follows a convolution or normalisation, as in the Rust enums.
#define AFTER_NOTHING 0
#define AFTER_RELU 1
#define AFTER_SILU 2

// Number of this thread in a one-dimensional grid.
static __device__ __forceinline__ int thread_number() { return blockIdx.x * blockDim.x + threadIdx.x; }

// e^x for x <= 0 by the same steps as exponential.rs: no platform has a say in its last bit but through fused
// multiply-adds.
static __device__ __forceinline__ float exp_of_negative(float x) {
    const float round = 12582912.0f; // 1.5 * 2^23
    float shifted = x * 1.44269504f + round;
    float n = shifted - round;
    float r = (x - n * 0.6933594f) - n * -2.1219444e-4f;
    float e = 1.0f / 5040.0f;
    e = e * r + 1.0f / 720.0f;
    e = e * r + 1.0f / 120.0f;
    e = e * r + 1.0f / 24.0f;
    e = e * r + 1.0f / 6.0f;
    e = e * r + 0.5f;
    e = e * r + 1.0f;
    e = e * r + 1.0f;
    float power = __int_as_float((__float_as_int(shifted) - __float_as_int(round) + 127) << 23);
    return x < -87.0f ? 0.0f : e * power;
}

// ln(1 + x) for 0 <= x <= 1.
static __device__ __forceinline__ float ln_1p_of_fraction(float x) {
    float s = x / (2.0f + x);
    float square = s * s;
    float sum = 1.0f / 15.0f;
    sum = sum * square + 1.0f / 13.0f;
    sum = sum * square + 1.0f / 11.0f;
    sum = sum * square + 1.0f / 9.0f;
    sum = sum * square + 1.0f / 7.0f;
    sum = sum * square + 1.0f / 5.0f;
    sum = sum * square + 1.0f / 3.0f;
    sum = sum * square + 1.0f;
    return 2.0f * s * sum;
}

// The logistic function.
static __device__ __forceinline__ float logistic(float x) {
    float e = exp_of_negative(x < 0.0f ? x : -x);
    float above = 1.0f / (1.0f + e);
    return x < 0.0f ? e * above : above;
}

// max(x, 0) that keeps NaN, so that a net that diverges is seen to.
static __device__ __forceinline__ float rectified(float x) { return x < 0.0f ? 0.0f : x; }

static __device__ __forceinline__ float applied(float x, int after) {
    if (after == AFTER_RELU) return rectified(x);
    if (after == AFTER_SILU) return x * logistic(x);
    return x;
}

// The gradient before what follows, given x before it.
static __device__ __forceinline__ float gradient_before(float x, float gradient, int after) {
    if (after == AFTER_RELU) return x <= 0.0f ? 0.0f : gradient;
    if (after == AFTER_SILU) {
        float s = logistic(x);
        return gradient * s * (1.0f + x * (1.0f - s));
    }
    return gradient;
}

// The sum over the threads of a block of THREADS, to all of them; `numbers` is shared memory for THREADS numbers.
static __device__ __forceinline__ double block_sum(double number, double *numbers) {
    int thread = threadIdx.x;
    __syncthreads(); // who called before may still be reading
    numbers[thread] = number;
    for (int half = THREADS / 2; half > 0; half /= 2) {
        __syncthreads();
        if (thread < half) numbers[thread] += numbers[thread + half];
    }
    __syncthreads();
    return numbers[0];
}

// As block_sum, the largest; NaN is passed over, as f32::max does.
static __device__ __forceinline__ float block_largest(float number, float *numbers) {
    int thread = threadIdx.x;
    __syncthreads();
    numbers[thread] = number;
    for (int half = THREADS / 2; half > 0; half /= 2) {
        __syncthreads();
        if (thread < half && numbers[thread + half] > numbers[thread]) numbers[thread] = numbers[thread + half];
    }
    __syncthreads();
    return numbers[0];
}

#endif
