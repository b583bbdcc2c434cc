// 2x2 max-pooling with the winners kept, and nearest upsampling by 2. Twins: max_pool.rs, conv_pool.rs, upsample.rs.
#include "common.cuh"

// The winner of a block that passes no gradient on.
#define NOBODY 4

// One thread for each of `count` outputs [.., width, channels]. With `relu`, what is not above 0 becomes 0 and has no
// winner, as if ReLU had come before the pool.
extern "C" __global__ void max_pool2_forward(const float *x, float *out, unsigned char *winners, int count, int width,
                                             int channels, int relu) {
    int at = thread_number();
    if (at >= count) return;
    int channel = at % channels, pixel = at / channels;
    int column = pixel % width, row = pixel / width; // rows of all images: their heights are even
    int line = 2 * width * channels;
    const float *corner = x + 2 * row * line + 2 * column * channels + channel;
    float best = corner[0];
    int winner = 0;
    for (int place = 1; place < 4; ++place) {
        float number = corner[(place / 2) * line + (place % 2) * channels];
        if (number > best || number != number) { // the first of equal ones, the last NaN
            best = number;
            winner = place;
        }
    }
    if (relu && best <= 0.0f) {
        best = 0.0f;
        winner = NOBODY;
    }
    out[at] = best;
    winners[at] = (unsigned char)winner;
}

// One thread for each of `count` gradients of the pool: writes its block of the map's.
extern "C" __global__ void max_pool2_backward(const float *gradient, const unsigned char *winners, float *to, int count,
                                              int width, int channels) {
    int at = thread_number();
    if (at >= count) return;
    int channel = at % channels, pixel = at / channels;
    int column = pixel % width, row = pixel / width;
    int line = 2 * width * channels;
    float *corner = to + 2 * row * line + 2 * column * channels + channel;
    for (int place = 0; place < 4; ++place)
        corner[(place / 2) * line + (place % 2) * channels] = winners[at] == place ? gradient[at] : 0.0f;
}

// One thread for each of `count` numbers of x [.., width, channels]: writes its four copies.
extern "C" __global__ void upsample2_forward(const float *x, float *out, int count, int width, int channels) {
    int at = thread_number();
    if (at >= count) return;
    int channel = at % channels, pixel = at / channels;
    int column = pixel % width, row = pixel / width;
    int line = 2 * width * channels;
    float *corner = out + 2 * row * line + 2 * column * channels + channel;
    corner[0] = corner[channels] = corner[line] = corner[line + channels] = x[at];
}

// One thread for each of `count` numbers of x: the sum over its four copies.
extern "C" __global__ void upsample2_backward(const float *gradient, float *to, int count, int width, int channels) {
    int at = thread_number();
    if (at >= count) return;
    int channel = at % channels, pixel = at / channels;
    int column = pixel % width, row = pixel / width;
    int line = 2 * width * channels;
    const float *corner = gradient + 2 * row * line + 2 * column * channels + channel;
    to[at] = (corner[0] + corner[channels]) + (corner[line] + corner[line + channels]);
}
