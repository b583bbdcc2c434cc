// Sums over pixels, one for each channel: the gradients of biases and of vectors added to maps, and the moments of
// normalisation. Two steps, so that many blocks share the work and the order of sums stays fixed: channel_sums leaves
// the sums of `parts` parts of each image's pixels, a second kernel adds them in order.
#include "common.cuh"

// A block is LANES channels by THREADS / LANES rows of pixels.
#define LANES 32
#define ROWS (THREADS / LANES)

// Adds the sums of the block's rows and writes those of its channels. `pairs` is shared memory for THREADS pairs.
static __device__ __forceinline__ void write_sums(double first, double second, double *pairs, double *sums, int channel,
                                                  int channels) {
    int lane = threadIdx.x % LANES, row = threadIdx.x / LANES;
    pairs[2 * threadIdx.x] = first;
    pairs[2 * threadIdx.x + 1] = second;
    __syncthreads();
    if (row > 0 || channel >= channels) return;
    for (int other = 1; other < ROWS; ++other) {
        first += pairs[2 * (other * LANES + lane)];
        second += pairs[2 * (other * LANES + lane) + 1];
    }
    int place = (blockIdx.z * gridDim.y + blockIdx.y) * channels + channel;
    sums[2 * place] = first;
    sums[2 * place + 1] = second;
}

// Grid: channels / LANES, parts, images. Leaves the sums of x and of x * x, [images, parts, channels, 2].
extern "C" __global__ void channel_sums(const float *x, double *sums, int pixels, int channels) {
    __shared__ double pairs[2 * THREADS];
    int channel = blockIdx.x * LANES + threadIdx.x % LANES;
    int step = gridDim.y * ROWS;
    double first = 0.0, second = 0.0;
    if (channel < channels)
        for (int pixel = blockIdx.y * ROWS + threadIdx.x / LANES; pixel < pixels; pixel += step) {
            double number = (double)x[(blockIdx.z * pixels + pixel) * channels + channel];
            first += number;
            second += number * number;
        }
    write_sums(first, second, pairs, sums, channel, channels);
}

// One thread for each of `count` = images * channels: the sum of x.
extern "C" __global__ void finish_channel_sums(const double *sums, float *out, int count, int channels, int parts) {
    int at = thread_number();
    if (at >= count) return;
    const double *part = sums + 2 * (at / channels * parts * channels + at % channels);
    double sum = 0.0;
    for (int number = 0; number < parts; ++number) sum += part[2 * number * channels];
    out[at] = (float)sum;
}

// The way back of a normalisation, first step. Grid as channel_sums. Leaves in `before` the gradient g before what
// followed, and the sums of g and of g * (x - mean). `line` is [images, channels, 2]: mean and scale / deviation.
extern "C" __global__ void normalise_backward_sums(const float *x, const float *line, const float *shift,
                                                   const float *gradient, float *before, double *sums, int pixels,
                                                   int channels, int after) {
    __shared__ double pairs[2 * THREADS];
    int channel = blockIdx.x * LANES + threadIdx.x % LANES;
    int step = gridDim.y * ROWS;
    double first = 0.0, second = 0.0;
    if (channel < channels) {
        const float *of = line + 2 * (blockIdx.z * channels + channel);
        for (int pixel = blockIdx.y * ROWS + threadIdx.x / LANES; pixel < pixels; pixel += step) {
            int at = (blockIdx.z * pixels + pixel) * channels + channel;
            float centred = x[at] - of[0];
            float g = gradient_before(centred * of[1] + shift[channel], gradient[at], after);
            before[at] = g;
            first += (double)g;
            second += (double)g * (double)centred;
        }
    }
    write_sums(first, second, pairs, sums, channel, channels);
}
