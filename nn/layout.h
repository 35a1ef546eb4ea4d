/* nn/layout.h - inside nn/: how values lie in memory. One image's value is (h,w,c), row-major; a vector is (1,1,c). */
#ifndef NN_LAYOUT_H
#define NN_LAYOUT_H

#include "nn/graph.h"

/*
 * A value lies in NHWC order, or in panels: all positions of its first channels, then all positions of the next ones,
 * and so on. With panels as wide as a product's tiles (kernel_set.panel), whole cache lines are written and read, and a
 * grouped convolution finds the few channels that it reads side by side. With panels of PRODUCT_DEPTH channels, the
 * rows of a block of many channels lie close together; in NHWC order each row would be on a page of its own.
 */
struct panels {
    int channels;  /* of one panel; 0: NHWC */
    size_t floats; /* from one panel to the next */
};

/* Where a channel of a position is in a value of `channels` channels, in floats. */
static inline size_t panels_place(struct panels panels, int channels, size_t position, int channel)
{
    if (!panels.channels)
        return position * (size_t)channels + (size_t)channel;
    const size_t width = (size_t)panels.channels;
    return (size_t)channel / width * panels.floats + position * width + (size_t)channel % width;
}

/* Floats from one position to the next, within a panel if there are panels. */
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

/* Floats of scratch that so many pointers take. */
static inline size_t pointer_floats(size_t pointers)
{
    return pointers * sizeof(float *) / sizeof(float);
}

/* Writes the transpose of a matrix: out (columns,rows) of in (rows,columns). */
void transpose(const float *in, size_t rows, size_t columns, float *out);

#endif
