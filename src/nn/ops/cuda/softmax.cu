// Softmax of rows and the weights of attention, one block of THREADS a row. Twins: softmax.rs, kernel/attention.rs.
#include "common.cuh"

#define WEIGHTS_SOFTMAX 0
#define WEIGHTS_SIGMOID 1
#define WEIGHTS_UNIFORM 2

// Softmax of `length` numbers times `factor`, by a block. NaN or +infinity makes all of it NaN.
static __device__ void softmax_row(const float *x, float *out, int length, float factor, double *sums, float *most) {
    float largest = -__int_as_float(0x7f800000);
    for (int at = threadIdx.x; at < length; at += THREADS)
        if (factor * x[at] > largest) largest = factor * x[at];
    largest = block_largest(largest, most);
    double sum = 0.0;
    for (int at = threadIdx.x; at < length; at += THREADS) {
        float e = exp_of_negative(factor * x[at] - largest);
        out[at] = e; // read again below by this thread alone
        sum += (double)e;
    }
    float share = (float)(1.0 / block_sum(sum, sums));
    for (int at = threadIdx.x; at < length; at += THREADS) out[at] *= share;
}

extern "C" __global__ void softmax_forward(const float *x, float *out, int length) {
    __shared__ double sums[THREADS];
    __shared__ float most[THREADS];
    int start = blockIdx.x * length;
    softmax_row(x + start, out + start, length, 1.0f, sums, most);
}

// s * (g - sum of s * g), times `factor`, which is that of the scores in attention.
extern "C" __global__ void softmax_backward(const float *out, const float *gradient, float *to, int length,
                                            float factor) {
    __shared__ double sums[THREADS];
    int start = blockIdx.x * length;
    double sum = 0.0;
    for (int at = threadIdx.x; at < length; at += THREADS)
        sum += (double)out[start + at] * (double)gradient[start + at];
    float mean = (float)block_sum(sum, sums);
    for (int at = threadIdx.x; at < length; at += THREADS)
        to[start + at] = out[start + at] * (gradient[start + at] - mean) * factor;
}

// Scores [.., positions, positions] to weights; a causal row sees itself and those before it.
extern "C" __global__ void attention_weights(const float *scores, float *weights, int positions, int kind, int causal,
                                             float factor) {
    __shared__ double sums[THREADS];
    __shared__ float most[THREADS];
    int start = blockIdx.x * positions;
    int seen = causal ? (int)(blockIdx.x % positions) + 1 : positions;
    for (int at = seen + threadIdx.x; at < positions; at += THREADS) weights[start + at] = 0.0f;
    if (kind == WEIGHTS_SOFTMAX) {
        softmax_row(scores + start, weights + start, seen, factor, sums, most);
    } else {
        for (int at = threadIdx.x; at < seen; at += THREADS)
            weights[start + at] =
                kind == WEIGHTS_SIGMOID ? logistic(factor * scores[start + at]) : 1.0f / (float)seen;
    }
}

// The gradient of the scores behind weights that are sigmoids; hidden ones have weight 0, and so no gradient.
extern "C" __global__ void attention_sigmoid_backward(const float *weights, const float *gradient, float *to, int count,
                                                      float factor) {
    int at = thread_number();
    if (at < count) to[at] = gradient[at] * weights[at] * (1.0f - weights[at]) * factor;
}
