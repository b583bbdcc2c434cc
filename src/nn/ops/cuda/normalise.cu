// Group normalisation, and batch normalisation, which is that of one image with groups of one channel. The sums come
// from channels.cu. Twin: kernel/normalise.
#include "common.cuh"

#define EPSILON 1e-5

static __device__ __forceinline__ double deviation(double variance) { return sqrt(variance + EPSILON); }

// One thread for each of `count` = images * groups: mean and variance over the pixels of its channels, from the sums
// that channel_sums left.
extern "C" __global__ void normalise_moments(const double *sums, double *moments, int count, int pixels, int channels,
                                             int groups, int parts) {
    int at = thread_number();
    if (at >= count) return;
    int image = at / groups, width = channels / groups, start = at % groups * width;
    double sum = 0.0, squares = 0.0;
    for (int channel = start; channel < start + width; ++channel)
        for (int part = 0; part < parts; ++part) {
            const double *of = sums + 2 * ((image * parts + part) * channels + channel);
            sum += of[0];
            squares += of[1];
        }
    double together = (double)pixels * (double)width;
    double mean = sum / together;
    double variance = squares / together - mean * mean;
    moments[2 * at] = mean;
    moments[2 * at + 1] = variance < 0.0 ? 0.0 : variance; // rounding can leave less than nothing; NaN has to stay
}

// One thread for each of `count` = images * channels: what normalises it, mean and scale / deviation.
extern "C" __global__ void normalise_line(const double *moments, const float *scale, float *line, int count,
                                          int channels, int groups) {
    int at = thread_number();
    if (at >= count) return;
    int channel = at % channels;
    const double *of = moments + 2 * (at / channels * groups + channel / (channels / groups));
    line[2 * at] = (float)of[0];
    line[2 * at + 1] = (float)((double)scale[channel] / deviation(of[1]));
}

// As normalise_line, from running averages, one a channel.
extern "C" __global__ void normalise_line_by(const float *mean, const float *variance, const float *scale, float *line,
                                             int channels) {
    int channel = thread_number();
    if (channel >= channels) return;
    line[2 * channel] = mean[channel];
    line[2 * channel + 1] = (float)((double)scale[channel] / deviation((double)variance[channel]));
}

// Moves running averages, one a channel, by what a batch had; `unbiased` makes its variance one over m - 1.
extern "C" __global__ void move_running(const double *moments, float *mean, float *variance, int channels,
                                        double unbiased, double momentum) {
    int channel = thread_number();
    if (channel >= channels) return;
    float of_mean = (float)moments[2 * channel], of_variance = (float)(moments[2 * channel + 1] * unbiased);
    mean[channel] = (float)((1.0 - momentum) * (double)mean[channel] + momentum * (double)of_mean);
    variance[channel] = (float)((1.0 - momentum) * (double)variance[channel] + momentum * (double)of_variance);
}

// One thread for each of `count` numbers; `image` is how many an image has.
extern "C" __global__ void normalise_forward(const float *x, const float *line, const float *shift, float *out,
                                             int count, int image, int channels, int after) {
    int at = thread_number();
    if (at >= count) return;
    int channel = at % channels;
    const float *of = line + 2 * (at / image * channels + channel);
    out[at] = applied((x[at] - of[0]) * of[1] + shift[channel], after);
}

// The way back, second step. One thread for each of `count` = images * groups: the means a and b by which the last
// step corrects, [images, groups, 2], and what each channel gives to shift and scale, [images, channels, 2].
extern "C" __global__ void normalise_backward_means(const double *sums, const double *moments, const float *scale,
                                                    float *means, double *shares, int count, int pixels, int channels,
                                                    int groups, int parts) {
    int at = thread_number();
    if (at >= count) return;
    int image = at / groups, width = channels / groups, start = at % groups * width;
    double together = (double)pixels * (double)width, root = deviation(moments[2 * at + 1]);
    double a = 0.0, b = 0.0;
    for (int channel = start; channel < start + width; ++channel) {
        double g = 0.0, centred = 0.0;
        for (int part = 0; part < parts; ++part) {
            const double *of = sums + 2 * ((image * parts + part) * channels + channel);
            g += of[0];
            centred += of[1];
        }
        double along = centred / root, share = (double)scale[channel] / together;
        a += share * g;
        b += share * along;
        shares[2 * (image * channels + channel)] = g;
        shares[2 * (image * channels + channel) + 1] = along;
    }
    means[2 * at] = (float)(a / root);
    means[2 * at + 1] = (float)(b / (root * root));
}

// Last step: the gradient of x in the place of that before what followed.
extern "C" __global__ void normalise_backward(const float *x, const float *line, const float *before,
                                              const float *means, float *to, int count, int image, int channels,
                                              int groups) {
    int at = thread_number();
    if (at >= count) return;
    int number = at / image, channel = at % channels;
    const float *of = line + 2 * (number * channels + channel);
    const float *mean = means + 2 * (number * groups + channel / (channels / groups));
    to[at] = before[at] * of[1] - (x[at] - of[0]) * mean[1] - mean[0];
}

// One thread a channel: the gradients of scale and shift, over images in order.
extern "C" __global__ void normalise_parameters(const double *shares, float *to_scale, float *to_shift, int images,
                                                int channels) {
    int channel = thread_number();
    if (channel >= channels) return;
    double scale = 0.0, shift = 0.0;
    for (int image = 0; image < images; ++image) {
        shift += shares[2 * (image * channels + channel)];
        scale += shares[2 * (image * channels + channel) + 1];
    }
    to_scale[channel] = (float)scale;
    to_shift[channel] = (float)shift;
}
