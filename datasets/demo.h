/*
 * datasets/demo.h - an image set of generated scenes of ten classes, in which the evidence for each class is known.
 *
 * A scene has a textured, lit, cluttered background and before it one object of the labelled class at a random place,
 * size, turn and colour, sometimes partly hidden. A share of the scenes also has pieces of other classes' objects, or a
 * smaller whole object of another class. Background, clutter, picture size and JPEG quality are drawn from a random
 * stream of their own: they are independent of the class, and either stream can be changed without the other.
 */
#ifndef DATASETS_DEMO_H
#define DATASETS_DEMO_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

#define DEMO_CLASSES 10
#define DEMO_SIZE_MIN 32
#define DEMO_SIZE_MAX 2048

struct demo_options {
    int images;
    int size;                 /* sides vary around it, in pixels */
    uint64_t seed;            /* of all random numbers */
    uint64_t background_seed; /* other backgrounds for the same objects; 0: as seed says */
    bool no_objects;          /* the same backgrounds without objects, pieces and occluders; no ground truth */
};

/*
 * Writes an image set of JPEGs with labels (image % DEMO_CLASSES), class names, and the masks and boxes of the visible
 * parts of the objects (imageset.h). Equal options give equal bytes. Files stay in memory until all are made, about
 * size * size / 3 bytes each. Errors: images < 1, size outside DEMO_SIZE_MIN..DEMO_SIZE_MAX, no memory, those of
 * h5_create().
 */
int demo_generate(const char *path, const struct demo_options *options, struct error *err);

#endif
