// Update rules over flat buffers, one launch for all parameters. Twins: train/optimizer, train/state.rs (the moving
// average), train/clip.rs.
#include "common.cuh"

// size = lr / (1 - beta1^t), root = sqrt(1 - beta2^t), keep = 1 - decay.
extern "C" __global__ void adam_step(float *parameters, float *first, float *second, const float *gradients, int count,
                                     float size, float root, float keep, float first_share, float beta2,
                                     float second_share, float eps) {
    int at = thread_number();
    if (at >= count) return;
    float g = gradients[at];
    float m = first[at] + first_share * (g - first[at]);
    float v = beta2 * second[at] + second_share * g * g;
    first[at] = m;
    second[at] = v;
    parameters[at] = keep * parameters[at] - size * (m / (sqrtf(v) / root + eps));
}

extern "C" __global__ void sgd_step(float *parameters, float *buffer, const float *gradients, int count, float lr,
                                    float momentum, float decay) {
    int at = thread_number();
    if (at >= count) return;
    float b = momentum * buffer[at] + (gradients[at] + decay * parameters[at]);
    buffer[at] = b;
    parameters[at] -= lr * b;
}

// average = kept * average + (1 - kept) * parameter, in f64.
extern "C" __global__ void ema_step(float *average, const float *parameters, int count, double kept) {
    int at = thread_number();
    if (at < count) average[at] = (float)(kept * (double)average[at] + (1.0 - kept) * (double)parameters[at]);
}

// One sum of squares a block.
extern "C" __global__ void square_sums(const float *x, double *sums, int count) {
    __shared__ double numbers[THREADS];
    double sum = 0.0;
    for (int at = thread_number(); at < count; at += gridDim.x * THREADS) sum += (double)x[at] * (double)x[at];
    sum = block_sum(sum, numbers);
    if (threadIdx.x == 0) sums[blockIdx.x] = sum;
}

// By one block: the factor that brings the norm down to `largest`, or 1.
extern "C" __global__ void clip_factor(const double *sums, float *factor, int count, double largest) {
    __shared__ double numbers[THREADS];
    double sum = 0.0;
    for (int at = threadIdx.x; at < count; at += THREADS) sum += sums[at];
    sum = block_sum(sum, numbers);
    double wanted = largest / (sqrt(sum) + 1e-6);
    if (threadIdx.x == 0) factor[0] = wanted < 1.0 ? (float)wanted : 1.0f;
}
