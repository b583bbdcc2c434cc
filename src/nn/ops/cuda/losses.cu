// Losses: sums over all numbers, in f64. A first kernel leaves one sum a block, sum_blocks adds them in order. The
// gradient of the scalar, `scale`, is one number on the device, so that nobody waits for it. Twins: bce.rs,
// weighted_squares.rs, cross_entropy.rs.
#include "common.cuh"

// The sum of `count` sums, by one block.
extern "C" __global__ void sum_blocks(const double *sums, float *out, int count) {
    __shared__ double numbers[THREADS];
    double sum = 0.0;
    for (int at = threadIdx.x; at < count; at += THREADS) sum += sums[at];
    sum = block_sum(sum, numbers);
    if (threadIdx.x == 0) out[0] = (float)sum;
}

extern "C" __global__ void bce_forward(const float *logits, const float *targets, double *sums, int count) {
    __shared__ double numbers[THREADS];
    double sum = 0.0;
    for (int at = thread_number(); at < count; at += gridDim.x * THREADS) {
        float z = logits[at];
        float fraction = exp_of_negative(z < 0.0f ? z : -z);
        sum += (double)(rectified(z) - z * targets[at] + ln_1p_of_fraction(fraction));
    }
    sum = block_sum(sum, numbers);
    if (threadIdx.x == 0) sums[blockIdx.x] = sum;
}

extern "C" __global__ void bce_backward(const float *logits, const float *targets, const float *scale, float *to,
                                        int count) {
    int at = thread_number();
    if (at < count) to[at] = scale[0] * (logistic(logits[at]) - targets[at]);
}

// Images of `size` numbers, each with a weight.
extern "C" __global__ void weighted_squares_forward(const float *prediction, const float *target, const float *weights,
                                                    double *sums, int count, int size) {
    __shared__ double numbers[THREADS];
    double sum = 0.0;
    for (int at = thread_number(); at < count; at += gridDim.x * THREADS) {
        double error = (double)prediction[at] - (double)target[at];
        sum += (double)weights[at / size] * (error * error);
    }
    sum = block_sum(sum, numbers);
    if (threadIdx.x == 0) sums[blockIdx.x] = sum;
}

extern "C" __global__ void weighted_squares_backward(const float *prediction, const float *target, const float *weights,
                                                     const float *scale, float *to, int count, int size) {
    int at = thread_number();
    if (at < count) to[at] = 2.0f * scale[0] * weights[at / size] * (prediction[at] - target[at]);
}

// The largest of a row, and the sum of e^(z - largest).
static __device__ __forceinline__ double scaled_sum(const float *row, int classes, float *largest) {
    float most = row[0];
    for (int at = 1; at < classes; ++at)
        if (row[at] > most || most != most) most = row[at];
    double sum = 0.0;
    for (int at = 0; at < classes; ++at) sum += (double)exp_of_negative(row[at] - most);
    *largest = most;
    return sum;
}

// One thread a row: rows are short.
extern "C" __global__ void cross_entropy_forward(const float *logits, const unsigned char *right, double *sums, int rows,
                                                 int classes) {
    int row = thread_number();
    if (row >= rows) return;
    const float *z = logits + row * classes;
    float largest;
    double sum = scaled_sum(z, classes, &largest);
    sums[row] = log(sum) + ((double)largest - (double)z[right[row]]);
}

extern "C" __global__ void cross_entropy_backward(const float *logits, const unsigned char *right, const float *scale,
                                                  float *to, int rows, int classes) {
    int row = thread_number();
    if (row >= rows) return;
    const float *z = logits + row * classes;
    float largest;
    float share = (float)(1.0 / scaled_sum(z, classes, &largest));
    for (int at = 0; at < classes; ++at) {
        float wanted = at == right[row] ? 1.0f : 0.0f;
        to[row * classes + at] = scale[0] * (exp_of_negative(z[at] - largest) * share - wanted);
    }
}
