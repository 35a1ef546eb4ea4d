/*
 * metrics/curve.h - insertion and deletion as pure arithmetic: which pixel changes at which step, what the network sees.
 */
#ifndef METRICS_CURVE_H
#define METRICS_CURVE_H

#include "base/arena.h"
#include "metrics/metric.h"
#include "metrics/protocol.h"

/* The pixels of the input (h,w), in the order of a map. */
struct curve_plan {
    int h, w;
    int steps;              /* S; states are 0..S */
    const int *step_of;     /* (h,w): the step, 1..S, that changes the pixel */
    const double *fraction; /* (S+1): the share that has changed in state k; 0 and 1 at the ends */
};

/* How many steps a request has; h, w: of the input, then of the map before enlargement. */
int curve_steps(const struct curve_request *request, int h, int w, int native_h, int native_w);

/*
 * The best come first, of equals the first in row-major order, `request->steps` steps of equal size (the last may be
 * smaller), 0: one by one. Pixels of `map` (H,W); or cells of `native` (h,w), each with its rectangle of the input and
 * one more row and column, as ReciproCAM's released code cuts them: a pixel of two cells changes with the first. In the
 * arena. Errors: no memory.
 */
int curve_plan_make(struct curve_plan *plan, const struct map *map, const struct map *native,
                    const struct curve_request *request, struct arena *arena, struct error *err);

/* What the network sees (3,h,w) in state k: `input` and `baseline` are (3,h,w) too. */
void curve_state(const struct curve_plan *plan, enum curve_kind kind, int k, const float *input, const float *baseline,
                 float *out);

/*
 * The baseline (3,h,w): enum protocol_curve_baseline. `black`: black pixels of the three colours. BLUR is RISE's: a
 * Gaussian of deviation 5 on 11x11 taps, its tails folded back, zeros (the mean colour) round the input.
 */
int curve_baseline(enum protocol_curve_baseline baseline, const float *input, int h, int w, const float *black,
                   struct arena *arena, float *out, struct error *err);

/*
 * Area under a curve, at least one step. TRAPEZOID: over the fractions. RECIPROCAM2024: as its released code, the
 * trapezoids' sum over the number of points, and of insertion the first point left out and the last one twice.
 */
double curve_area(const struct curve *curve, enum curve_kind kind, enum protocol_curve_area area);

#endif
