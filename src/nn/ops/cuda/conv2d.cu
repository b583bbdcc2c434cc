// Convolution with bias and activation as a matrix product whose left side is gathered on the way (implicit GEMM):
// stride 1, 3x3 with zero padding that keeps the size, or 1x1; weights [k, k, in, out]. What is convolved is one map
// or two side by side along channels, each of full size or half (`shift` 1: nearest upsampling), so that neither the
// joined nor the upsampled map is built. Twins: conv2d.rs, kernel/conv.rs, which go by Winograd's algorithm.
//
// A block of THREADS makes a tile of sums, as products.cuh says: in f32, or with what is multiplied rounded. Bias and
// activation, and convolutions with few outputs (conv2d_thin_...), stay f32.
#include "products.cuh"

// A number of what is convolved at (row, column) of the output's pixels, zero outside.
static __device__ __forceinline__ float joined(const float *first, const float *second, int image, int row, int column,
                                               int channel, int height, int width, int first_channels,
                                               int second_channels, int first_shift, int second_shift) {
    if (row < 0 || row >= height || column < 0 || column >= width) return 0.0f;
    if (channel < first_channels) {
        int line = image * (height >> first_shift) + (row >> first_shift);
        return first[(line * (width >> first_shift) + (column >> first_shift)) * first_channels + channel];
    }
    int line = image * (height >> second_shift) + (row >> second_shift);
    return second[(line * (width >> second_shift) + (column >> second_shift)) * second_channels + channel -
                  first_channels];
}

// Rows of the product: pixels of the output, `pixels` in all. Columns: outputs. Grid: columns / TILE, rows / TILE.
extern "C" __global__ void conv2d_forward(const float *first, const float *second, const float *weights,
                                          const float *bias, float *out, int pixels, int height, int width,
                                          int first_channels, int second_channels, int first_shift, int second_shift,
                                          int outputs, int kernel, int after) {
    __shared__ Products::Space space;
    Products products;
    int inputs = first_channels + second_channels, length = kernel * kernel * inputs;
    for (int start = 0; start < length; start += DEPTH) {
        // Neighbouring threads read neighbouring channels, then neighbouring outputs.
        int k = threadIdx.x % DEPTH, product = start + k;
        int tap = product / inputs, channel = product % inputs;
        for (int at = threadIdx.x / DEPTH; at < TILE; at += THREADS / DEPTH) {
            int pixel = blockIdx.y * TILE + at;
            float number = 0.0f;
            if (product < length && pixel < pixels)
                number = joined(first, second, pixel / width / height, pixel / width % height + tap / kernel - kernel / 2,
                                pixel % width + tap % kernel - kernel / 2, channel, height, width, first_channels,
                                second_channels, first_shift, second_shift);
            space.tiles.left[k][at] = products.number(number);
        }
        int column = blockIdx.x * TILE + threadIdx.x % TILE;
        for (int at = threadIdx.x / TILE; at < DEPTH; at += THREADS / TILE) {
            bool inside = start + at < length && column < outputs;
            float weight = inside ? weights[(start + at) * outputs + column] : 0.0f;
            space.tiles.right[at][threadIdx.x % TILE] = products.number(weight);
        }
        __syncthreads();
        products.multiply(space.tiles);
        __syncthreads();
    }
    products.each(space, [&](int y, int x, float sum) {
        int row = blockIdx.y * TILE + y, column = blockIdx.x * TILE + x;
        if (row < pixels && column < outputs) out[row * outputs + column] = applied(sum + bias[column], after);
    });
}

// The largest |x| of each of gridDim.x shares of all: what Half's gradients are measured by. Grid: THREADS.
extern "C" __global__ void largest_of_shares(const float *x, float *largest, int count) {
    __shared__ float numbers[THREADS];
    float most = 0.0f;
    for (unsigned at = thread_number(); at < (unsigned)count; at += gridDim.x * THREADS) {
        float size = x[at] < 0.0f ? -x[at] : x[at];
        if (size > most) most = size;
    }
    most = block_largest(most, numbers);
    if (threadIdx.x == 0) largest[blockIdx.x] = most;
}

// The gradient of one source, given that before the activation, [n, height, width, outputs]. Rows: the source's
// pixels, `pixels` in all, of (height >> shift) by (width >> shift); with shift 1 each took part as four. Columns: its
// channels, which are those of the weights from `offset` on. Grid: columns / TILE, rows / TILE.
extern "C" __global__ void conv2d_to_source(const float *gradient, const float *largest, const float *weights,
                                            float *to, int pixels, int height, int width, int inputs, int offset,
                                            int channels, int shift, int outputs, int kernel) {
    __shared__ Products::Space space;
    Products products;
    products.measure(largest, space);
    int taps = kernel * kernel, length = (taps * outputs) << (2 * shift);
    int source_width = width >> shift, source_height = height >> shift;
    for (int start = 0; start < length; start += DEPTH) {
        int k = threadIdx.x % DEPTH, product = start + k;
        int output = product % outputs, tap = product / outputs % taps, copy = product / outputs / taps;
        for (int at = threadIdx.x / DEPTH; at < TILE; at += THREADS / DEPTH) {
            int pixel = blockIdx.y * TILE + at;
            int row = ((pixel / source_width % source_height) << shift) + copy / 2 + kernel / 2 - tap / kernel;
            int column = ((pixel % source_width) << shift) + copy % 2 + kernel / 2 - tap % kernel;
            bool inside = product < length && pixel < pixels && row >= 0 && row < height && column >= 0 && column < width;
            int line = pixel / source_width / source_height * height + row;
            space.tiles.left[k][at] =
                products.gradient(inside ? gradient[(line * width + column) * outputs + output] : 0.0f);
        }
        for (int at = threadIdx.x / DEPTH; at < TILE; at += THREADS / DEPTH) {
            int channel = blockIdx.x * TILE + at;
            bool inside = product < length && channel < channels;
            space.tiles.right[k][at] =
                products.number(inside ? weights[(tap * inputs + offset + channel) * outputs + output] : 0.0f);
        }
        __syncthreads();
        products.multiply(space.tiles);
        __syncthreads();
    }
    products.each(space, [&](int y, int x, float sum) {
        int row = blockIdx.y * TILE + y, column = blockIdx.x * TILE + x;
        if (row < pixels && column < channels) to[row * channels + column] = sum;
    });
}

// The gradient of the weights over a part of all pixels, [parts, k, k, in, out]. Rows: taps and inputs. Columns:
// outputs. blockIdx.z is the part, of `share` pixels. Grid: columns / TILE, rows / TILE, parts.
extern "C" __global__ void conv2d_to_weights(const float *first, const float *second, const float *gradient,
                                             const float *largest, float *parts, int pixels, int share, int height,
                                             int width, int first_channels, int second_channels, int first_shift,
                                             int second_shift, int outputs, int kernel) {
    __shared__ Products::Space space;
    Products products;
    products.measure(largest, space);
    int inputs = first_channels + second_channels, rows = kernel * kernel * inputs;
    int side = threadIdx.x % TILE, product = blockIdx.y * TILE + side, column = blockIdx.x * TILE + side;
    int tap = product / inputs, channel = product % inputs;
    int begin = blockIdx.z * share, end = begin + share < pixels ? begin + share : pixels;
    for (int start = begin; start < end; start += DEPTH) {
        for (int at = threadIdx.x / TILE; at < DEPTH; at += THREADS / TILE) {
            int pixel = start + at;
            float number = 0.0f;
            if (product < rows && pixel < end)
                number = joined(first, second, pixel / width / height, pixel / width % height + tap / kernel - kernel / 2,
                                pixel % width + tap % kernel - kernel / 2, channel, height, width, first_channels,
                                second_channels, first_shift, second_shift);
            space.tiles.left[at][side] = products.number(number);
            space.tiles.right[at][side] =
                products.gradient(column < outputs && pixel < end ? gradient[pixel * outputs + column] : 0.0f);
        }
        __syncthreads();
        products.multiply(space.tiles);
        __syncthreads();
    }
    products.each(space, [&](int y, int x, float sum) {
        int row = blockIdx.y * TILE + y, column = blockIdx.x * TILE + x;
        if (row < rows && column < outputs) parts[((int)blockIdx.z * rows + row) * outputs + column] = sum;
    });
}

// One thread for each of `count` numbers: the sum of the parts, in order and f64.
extern "C" __global__ void sum_parts(const float *parts, float *out, int count, int number) {
    int at = thread_number();
    if (at >= count) return;
    double sum = 0.0;
    for (int part = 0; part < number; ++part) sum += (double)parts[part * count + at];
    out[at] = (float)sum;
}

// Few outputs, as of the layer that gives the image: tiles of TILE columns would compute mostly nothing.
#define THIN 4
#define TEAM 8 // threads that share a pixel's sum

// As conv2d_forward for at most THIN outputs. Grid: pixels / (THREADS / TEAM).
extern "C" __global__ void conv2d_thin_forward(const float *first, const float *second, const float *weights,
                                               const float *bias, float *out, int pixels, int height, int width,
                                               int first_channels, int second_channels, int first_shift,
                                               int second_shift, int outputs, int kernel, int after) {
    __shared__ float parts[THIN][THREADS];
    int member = threadIdx.x % TEAM, pixel = blockIdx.x * (THREADS / TEAM) + threadIdx.x / TEAM;
    int inputs = first_channels + second_channels;
    float sums[THIN] = {};
    for (int tap = 0; tap < kernel * kernel && pixel < pixels; ++tap) {
        int row = pixel / width % height + tap / kernel - kernel / 2, column = pixel % width + tap % kernel - kernel / 2;
        for (int channel = member; channel < inputs; channel += TEAM) {
            float number = joined(first, second, pixel / width / height, row, column, channel, height, width,
                                  first_channels, second_channels, first_shift, second_shift);
            const float *weight = weights + (tap * inputs + channel) * outputs;
#pragma unroll
            for (int output = 0; output < THIN; ++output)
                if (output < outputs) sums[output] += number * weight[output];
        }
    }
#pragma unroll
    for (int output = 0; output < THIN; ++output) parts[output][threadIdx.x] = sums[output];
    __syncthreads();
    if (member >= outputs || pixel >= pixels) return;
    float sum = 0.0f;
    for (int other = 0; other < TEAM; ++other) sum += parts[member][threadIdx.x - member + other];
    out[pixel * outputs + member] = applied(sum + bias[member], after);
}

// As conv2d_to_weights for at most THIN outputs, one thread a row of weights. Grid: rows / THREADS, parts.
extern "C" __global__ void conv2d_thin_to_weights(const float *first, const float *second, const float *gradient,
                                                  float *parts, int pixels, int share, int height, int width,
                                                  int first_channels, int second_channels, int first_shift,
                                                  int second_shift, int outputs, int kernel) {
    int inputs = first_channels + second_channels, rows = kernel * kernel * inputs;
    int product = thread_number(), tap = product / inputs, channel = product % inputs;
    if (product >= rows) return;
    int begin = blockIdx.y * share, end = begin + share < pixels ? begin + share : pixels;
    float sums[THIN] = {};
    for (int pixel = begin; pixel < end; ++pixel) {
        float number = joined(first, second, pixel / width / height, pixel / width % height + tap / kernel - kernel / 2,
                              pixel % width + tap % kernel - kernel / 2, channel, height, width, first_channels,
                              second_channels, first_shift, second_shift);
#pragma unroll
        for (int output = 0; output < THIN; ++output)
            if (output < outputs) sums[output] += number * gradient[pixel * outputs + output];
    }
#pragma unroll
    for (int output = 0; output < THIN; ++output)
        if (output < outputs) parts[((int)blockIdx.y * rows + product) * outputs + output] = sums[output];
}
