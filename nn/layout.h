/* nn/layout.h - inside nn/: how values lie in memory. Without an N: (h,w,c), row-major; a vector is (1,1,c). */
#ifndef NN_LAYOUT_H
#define NN_LAYOUT_H

#include "nn/graph.h"

/*
 * How a value lies: NHWC, or in panels, all positions of its first channels, those of the next, and so on. In the panels of
 * a product's tiles (kernel_set.panel) lines of the caches are written and read whole, and a grouped convolution finds the
 * few channels that it reads side by side. In panels of PRODUCT_DEPTH the rows of a block of many channels lie close
 * together, where else each is on a page of its own.
 */
struct panels {
    int channels;  /* of a panel; 0: NHWC */
    size_t floats; /* from one to the next */
};

/* Where a channel of a position begins in a value of so many channels. */
static inline size_t panels_place(struct panels panels, int channels, size_t position, int channel)
{
    if (!panels.channels)
        return position * (size_t)channels + (size_t)channel;
    const size_t width = (size_t)panels.channels;
    return (size_t)channel / width * panels.floats + position * width + (size_t)channel % width;
}

/* From one position to the next. */
static inline size_t panels_stride(struct panels panels, int channels)
{
    return (size_t)(panels.channels ? panels.channels : channels);
}

static inline int smaller(int a, int b)
{
    return a < b ? a : b;
}

/* a / b, rounded up. */
static inline int divide_up(int a, int b)
{
    return (a + b - 1) / b;
}

/* Room for pointers in scratch. */
static inline size_t pointer_floats(size_t pointers)
{
    return pointers * sizeof(float *) / sizeof(float);
}

/* out (columns,rows) = in (rows,columns), transposed. */
void transpose(const float *in, size_t rows, size_t columns, float *out);

#endif
