/*
 * bench/run/truth.h - from an image set's masks and boxes to what metrics ask for: the label's object at a network's input.
 */
#ifndef BENCH_RUN_TRUTH_H
#define BENCH_RUN_TRUTH_H

#include "datasets/preprocess.h"
#include "metrics/evidence.h"
#include "nn/nn.h"

/* What an image set says of where things are on an image, in the file's pixels. All zero: nothing. */
struct annotation {
    struct mask mask; /* no data: none */
    int box_count;
    const struct box *boxes;
};

/*
 * Reads it, the mask into the arena. Errors name the image: a damaged mask, one that is not of the picture's size.
 */
int annotation_read(struct imageset *set, int image, const struct picture *picture, struct arena *arena,
                    struct annotation *annotation, struct error *err);

/*
 * The truth of an input for explained class `klass` of an image with label `label`, -1 unknown; in the arena. NULL and err:
 * no memory.
 */
const struct truth *truth_at_input(const struct annotation *annotation, const struct preprocess_geometry *geometry,
                                   struct shape input, int label, int klass, struct arena *arena, struct error *err);

#endif
