// Update rules over flat buffers, one launch for all parameters. Twins: train/optimizer, train/state.rs (the moving
// average), train/clip.rs.
//
// `told` is what the host reads now and then: the number of the first step that went wrong (0: none did), and where: the
// place of the first parameter that is no number, or -1 for the loss. From that step on nothing changes any more, so
// that what the host finds is what that step left, however late it looks.
#include "common.cuh"

// False for infinities and NaN.
static __device__ __forceinline__ bool is_number(float x) { return x - x == 0.0f; }

// Whether a step may change anything.
static __device__ __forceinline__ bool goes_on(const int *told, const float *loss) {
    return told[0] == 0 && is_number(loss[0]);
}

// size = lr / (1 - beta1^t), root = sqrt(1 - beta2^t), keep = 1 - decay.
extern "C" __global__ void adam_step(float *parameters, float *first, float *second, const float *gradients,
                                     const int *told, const float *loss, int count, float size, float root, float keep,
                                     float first_share, float beta2, float second_share, float eps) {
    int at = thread_number();
    if (at >= count || !goes_on(told, loss)) return;
    float g = gradients[at];
    float m = first[at] + first_share * (g - first[at]);
    float v = beta2 * second[at] + second_share * g * g;
    first[at] = m;
    second[at] = v;
    parameters[at] = keep * parameters[at] - size * (m / (sqrtf(v) / root + eps));
}

extern "C" __global__ void sgd_step(float *parameters, float *buffer, const float *gradients, const int *told,
                                    const float *loss, int count, float lr, float momentum, float decay) {
    int at = thread_number();
    if (at >= count || !goes_on(told, loss)) return;
    float b = momentum * buffer[at] + (gradients[at] + decay * parameters[at]);
    buffer[at] = b;
    parameters[at] -= lr * b;
}

// average = kept * average + (1 - kept) * parameter, in f64; comes after close_step.
extern "C" __global__ void ema_step(float *average, const float *parameters, const int *told, int count, double kept) {
    int at = thread_number();
    if (at >= count || told[0] != 0) return;
    average[at] = (float)(kept * (double)average[at] + (1.0 - kept) * (double)parameters[at]);
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

// The least of the numbers of a block of THREADS, to all of them.
static __device__ __forceinline__ int block_least(int number, int *numbers) {
    int thread = threadIdx.x;
    numbers[thread] = number;
    for (int half = THREADS / 2; half > 0; half /= 2) {
        __syncthreads();
        if (thread < half && numbers[thread + half] < numbers[thread]) numbers[thread] = numbers[thread + half];
    }
    __syncthreads();
    return numbers[0];
}

// Of each block the place of its first number that is none, or `count`.
extern "C" __global__ void find_no_number(const float *x, int *places, int count) {
    __shared__ int numbers[THREADS];
    int first = count;
    for (int at = thread_number(); at < count && first == count; at += gridDim.x * THREADS)
        if (!is_number(x[at])) first = at;
    first = block_least(first, numbers);
    if (threadIdx.x == 0) places[blockIdx.x] = first;
}

// By one block, at the end of a step: notes what went wrong, or adds the loss to the epoch's sum, of which the epoch's
// first step is the start.
extern "C" __global__ void close_step(const int *places, const float *loss, int *told, double *sum, int blocks,
                                      int count, int step, int opens_epoch) {
    __shared__ int numbers[THREADS];
    int first = count;
    for (int at = threadIdx.x; at < blocks; at += THREADS)
        if (places[at] < first) first = places[at];
    first = block_least(first, numbers);
    if (threadIdx.x != 0 || told[0] != 0) return;
    bool loss_is_one = is_number(loss[0]);
    if (!loss_is_one || first < count) {
        told[0] = step;
        told[1] = loss_is_one ? first : -1;
        return;
    }
    sum[0] = (opens_epoch ? 0.0 : sum[0]) + (double)loss[0];
}

// Up to eight buffers end to end: what lies before end0 is a's, from there to end1 b's, and so on. One launch for eight
// parameters instead of one for each. Where number `at` is.
static __device__ __forceinline__ const float *part_of(int at, const float *a, const float *b, const float *c,
                                                       const float *d, const float *e, const float *f, const float *g,
                                                       const float *h, int end0, int end1, int end2, int end3, int end4,
                                                       int end5, int end6) {
    if (at < end0) return a + at;
    if (at < end1) return b + (at - end0);
    if (at < end2) return c + (at - end1);
    if (at < end3) return d + (at - end2);
    if (at < end4) return e + (at - end3);
    if (at < end5) return f + (at - end4);
    if (at < end6) return g + (at - end5);
    return h + (at - end6);
}

// Puts them, scaled, side by side.
extern "C" __global__ void gather_eight(float *flat, const float *a, const float *b, const float *c, const float *d,
                                        const float *e, const float *f, const float *g, const float *h, int end0,
                                        int end1, int end2, int end3, int end4, int end5, int end6, int end7,
                                        float scale) {
    int at = thread_number();
    if (at < end7)
        flat[at] = scale * *part_of(at, a, b, c, d, e, f, g, h, end0, end1, end2, end3, end4, end5, end6);
}

// And back.
extern "C" __global__ void scatter_eight(const float *flat, float *a, float *b, float *c, float *d, float *e, float *f,
                                         float *g, float *h, int end0, int end1, int end2, int end3, int end4, int end5,
                                         int end6, int end7) {
    int at = thread_number();
    if (at < end7)
        *(float *)part_of(at, a, b, c, d, e, f, g, h, end0, end1, end2, end3, end4, end5, end6) = flat[at];
}
