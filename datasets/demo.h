/*
 * datasets/demo.h - an image set without any photograph and with known evidence: generated scenes of ten classes.
 *
 * A scene is a textured, lit, cluttered background; before it one object of the labelled class at a random place, size,
 * turn and colour, sometimes partly hidden; in a share of the scenes pieces of other classes' objects, or a smaller
 * whole object of another class. Background, clutter, size of the picture and quality of its JPEG are drawn from a random
 * stream of their own, so they know nothing of the class; and one may be changed without the other.
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
    uint64_t seed;            /* of everything */
    uint64_t background_seed; /* of the backgrounds alone, where it is not 0: the same objects elsewhere */
    bool no_objects;          /* the same backgrounds alone, without objects, pieces and what hides them; no truth */
};

/*
 * Writes an image set of JPEGs with labels (image % DEMO_CLASSES), class names, and the masks and boxes of what is seen
 * of the objects (imageset.h). Same options, same bytes. Files are in memory until all are made, about size * size / 3
 * bytes each. Errors: images < 1, size outside DEMO_SIZE_MIN..DEMO_SIZE_MAX, no memory, what h5_create() says.
 */
int demo_generate(const char *path, const struct demo_options *options, struct error *err);

#endif
