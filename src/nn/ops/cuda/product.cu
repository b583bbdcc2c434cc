// Products of small matrices, one a batch entry, with any strides: what attention is made of. Twin:
// kernel/attention.rs. Large single products are cuBLAS's business.
#include "common.cuh"

#define SIDE 16

// c[b][i][j] = sum over k of a[b][i][k] * b[b][k][j], k in order; c is [batch, rows, columns]. A block of SIDE x SIDE
// threads makes a tile of SIDE x SIDE; blockIdx.z is the batch entry.
extern "C" __global__ void batched_product(const float *a, const float *b, float *c, int rows, int columns, int length,
                                           int a_batch, int a_row, int a_column, int b_batch, int b_row, int b_column) {
    __shared__ float left[SIDE][SIDE + 1];
    __shared__ float right[SIDE][SIDE + 1];
    int x = threadIdx.x % SIDE, y = threadIdx.x / SIDE;
    int row = blockIdx.y * SIDE + y, column = blockIdx.x * SIDE + x;
    a += (int)blockIdx.z * a_batch;
    b += (int)blockIdx.z * b_batch;
    float sum = 0.0f;
    for (int start = 0; start < length; start += SIDE) {
        int across = start + x, down = start + y;
        left[y][x] = row < rows && across < length ? a[row * a_row + across * a_column] : 0.0f;
        right[y][x] = column < columns && down < length ? b[down * b_row + column * b_column] : 0.0f;
        __syncthreads();
        for (int k = 0; k < SIDE; ++k) sum += left[y][k] * right[k][x];
        __syncthreads();
    }
    if (row < rows && column < columns) c[((int)blockIdx.z * rows + row) * columns + column] = sum;
}
