// Moving numbers between maps: joins, crops, patches, tables. Gradients gather, so that no two threads write to one
// place. Twins: concat.rs, crop.rs, add_per_image.rs, lookup.rs, patches.rs.
#include "common.cuh"

// Two maps side by side along channels; `count` numbers of both.
extern "C" __global__ void concat_forward(const float *first, const float *second, float *out, int count, int a, int b) {
    int at = thread_number();
    if (at >= count) return;
    int pixel = at / (a + b), channel = at % (a + b);
    out[at] = channel < a ? first[pixel * a + channel] : second[pixel * b + channel - a];
}

// The channels of x from `start` on; `count` numbers of the part.
extern "C" __global__ void take_channels(const float *x, float *out, int count, int part, int start, int channels) {
    int at = thread_number();
    if (at < count) out[at] = x[at / part * channels + start + at % part];
}

// Takes a pixel off every border; [height, width] of x, `count` numbers of the result.
extern "C" __global__ void crop_forward(const float *x, float *out, int count, int height, int width, int channels) {
    int at = thread_number();
    if (at >= count) return;
    int channel = at % channels, pixel = at / channels;
    int column = pixel % (width - 2), row = pixel / (width - 2) % (height - 2);
    int image = pixel / ((width - 2) * (height - 2));
    out[at] = x[((image * height + row + 1) * width + column + 1) * channels + channel];
}

// `count` numbers of x; the border has no gradient.
extern "C" __global__ void crop_backward(const float *gradient, float *to, int count, int height, int width,
                                         int channels) {
    int at = thread_number();
    if (at >= count) return;
    int channel = at % channels, pixel = at / channels;
    int column = pixel % width - 1, row = pixel / width % height - 1, image = pixel / (width * height);
    bool inside = row >= 0 && row < height - 2 && column >= 0 && column < width - 2;
    to[at] = inside ? gradient[((image * (height - 2) + row) * (width - 2) + column) * channels + channel] : 0.0f;
}

// A vector for each image, added to all of its pixels; `image` is how many numbers an image has.
extern "C" __global__ void add_per_image(const float *map, const float *vectors, float *out, int count, int image,
                                         int channels) {
    int at = thread_number();
    if (at < count) out[at] = map[at] + vectors[at / image * channels + at % channels];
}

// Rows of a table by their number; `count` numbers of all rows taken.
extern "C" __global__ void lookup_forward(const float *table, const int *indices, float *out, int count, int width) {
    int at = thread_number();
    if (at < count) out[at] = table[indices[at / width] * width + at % width];
}

// `count` numbers of the table: the sum over the places that took them, in order.
extern "C" __global__ void lookup_backward(const float *gradient, const int *indices, float *to, int count, int width,
                                           int taken) {
    int at = thread_number();
    if (at >= count) return;
    int row = at / width, column = at % width;
    float sum = 0.0f;
    for (int place = 0; place < taken; ++place)
        if (indices[place] == row) sum += gradient[place * width + column];
    to[at] = sum;
}

// The 3x3 neighbourhoods of every other pixel of x, whose [height, width] is even; `count` numbers of the patches.
extern "C" __global__ void patches_stride2_forward(const float *x, float *out, int count, int height, int width,
                                                   int channels) {
    int at = thread_number();
    if (at >= count) return;
    int channel = at % channels, tap = at / channels % 9, patch = at / channels / 9;
    int column = 2 * (patch % (width / 2)) + tap % 3 - 1;
    int row = 2 * (patch / (width / 2) % (height / 2)) + tap / 3 - 1;
    int image = patch / (width / 2 * (height / 2));
    bool inside = row >= 0 && column >= 0; // sizes are even: never beyond the other border
    out[at] = inside ? x[((image * height + row) * width + column) * channels + channel] : 0.0f;
}

// `count` numbers of x: the sum over the patches that hold it, in order of patches.
extern "C" __global__ void patches_stride2_backward(const float *gradient, float *to, int count, int height, int width,
                                                    int channels) {
    int at = thread_number();
    if (at >= count) return;
    int channel = at % channels, pixel = at / channels;
    int column = pixel % width, row = pixel / width % height, image = pixel / (width * height);
    float sum = 0.0f;
    // Patch y holds rows 2y - 1 to 2y + 1.
    for (int y = row / 2; y <= (row + 1) / 2 && y < height / 2; ++y)
        for (int x = column / 2; x <= (column + 1) / 2 && x < width / 2; ++x) {
            int tap = (row - 2 * y + 1) * 3 + column - 2 * x + 1;
            sum += gradient[(((image * (height / 2) + y) * (width / 2) + x) * 9 + tap) * channels + channel];
        }
    to[at] = sum;
}
