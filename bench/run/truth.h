/*
 * bench/run/truth.h - brings an image set's masks and boxes to a network's input, where metrics compare them with maps.
 */
#ifndef BENCH_RUN_TRUTH_H
#define BENCH_RUN_TRUTH_H

#include "datasets/preprocess.h"
#include "metrics/evidence.h"
#include "nn/nn.h"

/* An image set's mask and boxes of an image, in the file's pixels. All zero: it has neither. */
struct annotation {
    struct mask mask; /* data NULL: none */
    int box_count;
    const struct box *boxes;
};

/*
 * Reads the annotation of an image, the mask into the arena. Errors, which name the image: a damaged mask; a mask that
 * is not of the picture's size.
 */
int annotation_read(struct imageset *set, int image, const struct picture *picture, struct arena *arena,
                    struct annotation *annotation, struct error *err);

/*
 * The truth at the network's input if class `klass` is explained; label -1: unknown. It is in the arena. NULL and err:
 * no memory.
 */
const struct truth *truth_at_input(const struct annotation *annotation, const struct preprocess_geometry *geometry,
                                   struct shape input, int label, int klass, struct arena *arena, struct error *err);

#endif
