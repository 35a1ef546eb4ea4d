/* nn/maps.c - softmax and bilinear enlargement, which methods and metrics share. */
#include "nn/nn.h"

#include <math.h>

void softmax(const float *logits, int classes, float *probabilities)
{
    float largest = logits[0];
    for (int k = 1; k < classes; k++)
        if (logits[k] > largest)
            largest = logits[k];
    double sum = 0;
    for (int k = 0; k < classes; k++)
        sum += exp((double)logits[k] - largest);
    for (int k = 0; k < classes; k++)
        probabilities[k] = (float)(exp((double)logits[k] - largest) / sum);
}

/* Source of one output index along an axis: index of the lower neighbour, its follower, weight of the follower. */
struct tap {
    int low, high;
    float weight;
};

static struct tap tap_of(int index, int in, int out, bool align_corners)
{
    float source;
    if (align_corners)
        source = out > 1 ? (float)index * ((float)(in - 1) / (float)(out - 1)) : 0;
    else
        source = ((float)index + 0.5f) * ((float)in / (float)out) - 0.5f;
    if (source < 0)
        source = 0;
    int low = (int)source;
    if (low > in - 1)
        low = in - 1;
    return (struct tap){low, low < in - 1 ? low + 1 : low, source - (float)low};
}

void upsample_bilinear(const float *in, int count, int h, int w, float *out, int out_h, int out_w, bool align_corners)
{
    for (int n = 0; n < count; n++, in += (size_t)h * (size_t)w)
        for (int i = 0; i < out_h; i++) {
            const struct tap y = tap_of(i, h, out_h, align_corners);
            const float *above = in + (size_t)y.low * (size_t)w, *below = in + (size_t)y.high * (size_t)w;
            for (int j = 0; j < out_w; j++) {
                const struct tap x = tap_of(j, w, out_w, align_corners);
                const float top = (1 - x.weight) * above[x.low] + x.weight * above[x.high];
                const float bottom = (1 - x.weight) * below[x.low] + x.weight * below[x.high];
                *out++ = (1 - y.weight) * top + y.weight * bottom;
            }
        }
}
