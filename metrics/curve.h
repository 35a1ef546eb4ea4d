/*
 * metrics/curve.h - insertion and deletion without the network: the step at which each pixel changes, the changed
 * inputs, and the area under a curve.
 */
#ifndef METRICS_CURVE_H
#define METRICS_CURVE_H

#include "base/arena.h"
#include "metrics/metric.h"
#include "metrics/protocol.h"

/* For each pixel of the input (h,w), the step at which it changes. */
struct curve_plan {
    int h, w;
    int steps;              /* S; states are 0..S */
    const int *step_of;     /* (h,w): the step, 1..S, that changes the pixel */
    const double *fraction; /* (S+1): fraction changed in state k, from 0 to 1; of pixels, or of cells */
};

/* The number of steps of a request for an input (h,w) whose map before enlargement is (native_h,native_w). */
int curve_steps(const struct curve_request *request, int h, int w, int native_h, int native_w);

/*
 * Plans the steps, in the arena. Higher values change first, equal ones in row-major order; for LIF the order is
 * reversed. request->steps is the number of steps, of equal size (the last may be smaller) or rounded as
 * request->spacing says; 0: one pixel or cell a step. What changes is pixels of `map` (H,W), or cells of `native`
 * (h,w). A cell covers its rectangle of the input and one more row and column, as in ReciproCAM's released code; a
 * pixel of two cells changes with the earlier one. Errors: no memory.
 */
int curve_plan_make(struct curve_plan *plan, const struct map *map, const struct map *native,
                    const struct curve_request *request, struct arena *arena, struct error *err);

/* Writes the network's input in state k; input, baseline and out are (3,h,w). */
void curve_state(const struct curve_plan *plan, enum curve_kind kind, int k, int channels, const float *input,
                 const float *baseline, float *out);

/* Pixels after normalisation, (3). */
struct curve_colours {
    const float *black, *white;
};

/*
 * Writes the baseline of an input; input and out are (3,h,w). BLUR is RISE's: a Gaussian of deviation 5 on 11x11 taps
 * with its tails folded back, and zeros (the mean colour) round the input. Errors: no memory.
 */
int curve_baseline(enum protocol_curve_baseline baseline, const float *input, int channels, int h, int w,
                   struct curve_colours colours, struct arena *arena, float *out, struct error *err);

/*
 * Area under a curve of at least one step. TRAPEZOID: the trapezoidal rule over `fraction`. RECIPROCAM2024, as in its
 * released code: the trapezoids' sum for a spacing of 1, divided by the number of points; for insertion the first point
 * is left out and the last one counted twice.
 */
double curve_area(const struct curve *curve, enum curve_kind kind, enum protocol_curve_area area);

#endif
