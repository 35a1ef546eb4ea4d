/*
 * methods/reduce.h - shared by methods that attribute the score to the input: from an attribution of each colour of a
 * pixel (C,H,W) to a map (H,W). For files of this room.
 */
#ifndef METHODS_REDUCE_H
#define METHODS_REDUCE_H

#include "methods/method.h"

/* Sum of absolute values, absolute value of the sum, largest absolute value, positive part of the sum, length. */
enum reduce { REDUCE_SUM_ABS, REDUCE_ABS_SUM, REDUCE_MAX_ABS, REDUCE_RELU_SUM, REDUCE_L2 };

/* Rows for fields `int reduce` and `double clip_percentile` of a method's struct. */
/* clang-format off */
#define PARAM_REDUCE(S, default) \
    PARAM_ROW(S, reduce, ENUM, .fallback = default, .choices = "sum_abs|abs_sum|max_abs|relu_sum|l2", \
              .help = "how the colours of a pixel become one value")
#define PARAM_CLIP(S) \
    PARAM_ROW(S, clip_percentile, FLOAT, .fallback = "off", .min = 90, .max = 100, .choices = "off", .word = 0, \
              .help = "values above this percentile of the map are set to it")
/* clang-format on */

/*
 * Writes the map (H,W) of an attribution (C,H,W). clip_percentile, if not 0: larger values are set to that percentile,
 * interpolated as numpy.percentile does. 0, or -1 and the context's error: no memory.
 */
int reduce_colours(struct cam *cam, const float *attribution, int reduce, double clip_percentile, float *map);

/*
 * Sets values of a map above this percentile to it; 0: none. A map that is not finite stays as it is. 0, or -1 and the
 * context's error: no memory.
 */
int clip_map(struct cam *cam, float *map, size_t n, double percentile);

#endif
