// What is done to every number by itself, one thread each. Twins: relu.rs, sigmoid.rs, silu.rs, dropout.rs, and the
// epilogue of conv2d.rs.
#include "common.cuh"

extern "C" __global__ void relu_forward(const float *x, float *out, int count) {
    int at = thread_number();
    if (at < count) out[at] = rectified(x[at]);
}

// From what relu gave: 0 passes nothing.
extern "C" __global__ void relu_backward(const float *out, const float *gradient, float *to, int count) {
    int at = thread_number();
    if (at < count) to[at] = out[at] <= 0.0f ? 0.0f : gradient[at];
}

// ReLU of a sum with a bias of one number a channel: the epilogue of a convolution that another library computed.
extern "C" __global__ void bias_relu(const float *x, const float *bias, float *out, int count, int channels) {
    int at = thread_number();
    if (at < count) out[at] = rectified(x[at] + bias[at % channels]);
}

extern "C" __global__ void sigmoid_forward(const float *x, float *out, int count) {
    int at = thread_number();
    if (at < count) out[at] = logistic(x[at]);
}

// From what sigmoid gave.
extern "C" __global__ void sigmoid_backward(const float *out, const float *gradient, float *to, int count) {
    int at = thread_number();
    if (at < count) to[at] = gradient[at] * out[at] * (1.0f - out[at]);
}

extern "C" __global__ void silu_forward(const float *x, float *out, int count) {
    int at = thread_number();
    if (at < count) out[at] = applied(x[at], AFTER_SILU);
}

extern "C" __global__ void silu_backward(const float *x, const float *gradient, float *to, int count) {
    int at = thread_number();
    if (at < count) to[at] = gradient_before(x[at], gradient[at], AFTER_SILU);
}

// Dropout, there and back: `kept` is 1 or 0. Multiplies, so that NaN is seen even where it is dropped.
extern "C" __global__ void dropout_apply(const float *x, const unsigned char *kept, float *out, int count, float scale) {
    int at = thread_number();
    if (at < count) out[at] = x[at] * (kept[at] ? scale : 0.0f);
}

extern "C" __global__ void add(const float *a, const float *b, float *out, int count) {
    int at = thread_number();
    if (at < count) out[at] = a[at] + b[at];
}

// factor is one number on the device: the gradient of a scalar.
extern "C" __global__ void scale_by(const float *x, const float *factor, float *out, int count) {
    int at = thread_number();
    if (at < count) out[at] = factor[0] * x[at];
}

extern "C" __global__ void fill(float *out, int count, float value) {
    int at = thread_number();
    if (at < count) out[at] = value;
}
