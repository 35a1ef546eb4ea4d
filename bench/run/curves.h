/*
 * bench/run/curves.h - insertion and deletion curves of an image, measured once for all metrics and protocols.
 */
#ifndef BENCH_RUN_CURVES_H
#define BENCH_RUN_CURVES_H

#include "methods/harness.h"
#include "metrics/curve.h"

/* The curves of one input and class. Zero it, then set the fields up to the arena. */
struct curves {
    struct cam_pass *pass;
    const float *input; /* (C,H,W) */
    struct shape shape;
    float black[CAM_CHANNELS_MAX], white[CAM_CHANNELS_MAX]; /* such pixels after normalisation */
    struct arena *arena;
    const float *baselines[PROTOCOL_BASELINES]; /* each made at the first request; NULL: not yet */
    bool has_baseline_score[PROTOCOL_BASELINES];
    double baseline_score[PROTOCOL_BASELINES]; /* of the whole baseline, an end of all its curves */
    int passes;                                /* made so far */
    struct kept_curve *kept;                   /* curves of the current method; set it to NULL for the next method */
};

/*
 * Measures the curve of a saliency map (H,W) and the map before enlargement, in the arena. A curve that changes the
 * same pixels in the same steps to the same baseline is not measured again. 0, or -1 with err: no memory.
 */
int curves_measure(struct curves *curves, const struct map *map, const struct map *native,
                   const struct curve_request *request, struct curve *curve, struct error *err);

#endif
