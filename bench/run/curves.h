/*
 * bench/run/curves.h - insertion and deletion curves of an image, measured once for all metrics and protocols.
 */
#ifndef BENCH_RUN_CURVES_H
#define BENCH_RUN_CURVES_H

#include "methods/harness.h"
#include "metrics/curve.h"

#define CURVES_BASELINES 4

/* Of one input and class; zeroed, then the first five are set. */
struct curves {
    struct cam_pass *pass;
    const float *input; /* (3,H,W) */
    struct shape shape;
    float black[3]; /* a black pixel */
    struct arena *arena;
    const float *baselines[CURVES_BASELINES]; /* made when asked for */
    struct kept_curve *kept;                  /* of the method at hand: NULL begins a new one */
};

/*
 * The curve of a saliency map (H,W) and the map before enlargement. One that changes the same pixels in the same steps to
 * the same baseline is not measured again. 0, or -1 with err: no memory.
 */
int curves_measure(struct curves *curves, const struct map *map, const struct map *native,
                   const struct curve_request *request, struct curve *curve, struct error *err);

#endif
