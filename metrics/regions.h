/*
 * metrics/regions.h - the connected parts of a picture of bytes at every threshold at once, by union-find: adding the
 * pixels of one level after the other takes hardly longer than one threshold alone.
 */
#ifndef METRICS_REGIONS_H
#define METRICS_REGIONS_H

#include "metrics/metric.h"

enum { REGION_LEVELS = 256 };

enum region_kind {
    REGIONS, /* of level l: the pixels above l, 8-connected */
    HOLES    /* the other pixels, 4-connected, of parts that do not touch the border; boxes are one pixel larger */
};

/* The score of a part's box, half-open. */
typedef double region_score(void *context, const struct truth_box *box);

/*
 * Writes the best score of the parts of each level l (REGION_LEVELS); 0 where there is none. The score is computed once
 * for each box that a part has. 0, or -1 with err: no memory.
 */
int regions_best(struct evidence *evidence, const uint8_t *bytes, int h, int w, enum region_kind kind,
                 region_score *score, void *context, double *best, struct error *err);

#endif
