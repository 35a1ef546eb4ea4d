/*
 * datasets/demo_scene.h - one demo scene: composed from random streams, then drawn.
 */
#ifndef DATASETS_DEMO_SCENE_H
#define DATASETS_DEMO_SCENE_H

#include "base/arena.h"
#include "datasets/demo.h"
#include "datasets/imageset.h"

#include <stdint.h>

enum { DEMO_CLUTTER_MAX = 14, DEMO_PIECES_MAX = 3, DEMO_OCTAVES = 5 };

/* Smooth noise of several scales, about -1..1. */
struct demo_noise {
    double across[2], down[2];    /* from the unit square to cells of the coarsest scale: stretched and turned */
    double weights[DEMO_OCTAVES]; /* sum 1 */
    uint32_t lattice;             /* key of the values at the cells' corners */
};

/* An object or a piece of one. */
struct demo_object {
    int kind; /* class */
    double x, y, radius, cosine, sine;
    double colours[2][3], light[2], grain;
    double cut[3]; /* a piece is the part of the object with cut[0] * u + cut[1] * v < cut[2] */
    bool is_piece;
};

/* Background things without a class, and the occluder of an object. */
struct demo_thing {
    enum { DEMO_BLOB, DEMO_SLAB, DEMO_STROKE } form;
    double x, y, long_side, short_side, cosine, sine;
    double colour[3], grain;
};

struct demo_scene {
    int label, w, h, quality; /* class; sides in pixels; quality of the JPEG */
    double palette[4][3], haze, tilt[2], horizon, slope;
    struct demo_noise field, tint, ground, grain;
    int thing_count, piece_count;
    struct demo_thing things[DEMO_CLUTTER_MAX], occluder;
    struct demo_object pieces[DEMO_PIECES_MAX], object, second;
    bool has_objects, has_second, has_occluder, has_horizon;
};

/* Composes scene `image` from the options' seeds. */
void demo_compose(struct demo_scene *scene, const struct demo_options *options, int image);

/*
 * Draws the scene: 8-bit RGB (h,w,3), and the mask (h,w) of the visible parts of the labelled (MASK_LABELLED) and of
 * the second object (1). Both buffers are the caller's.
 */
void demo_draw(const struct demo_scene *scene, uint8_t *pixels, uint8_t *mask);

#endif
