/* methods/layer_maps.h - maps of one method at several layers, normalised and enlarged to one size, to be fused. */
#ifndef METHODS_LAYER_MAPS_H
#define METHODS_LAYER_MAPS_H

#include "methods/method.h"

enum layer_maps_size { LAYER_MAPS_LARGEST, LAYER_MAPS_INPUT }; /* of the largest map, or of the input */

struct layer_maps {
    const struct param_named *base;
    const struct param_names *layers;
    const char *usual; /* layers without names, see cam_layers() */
    enum layer_maps_size size;
    double gamma; /* each map m is scaled to tanh(gamma m); 0: not scaled */
};

/* The size of the fused map, which is not signed. 0, or -1 and the context's error. */
int layer_maps_form(struct cam *cam, const struct layer_maps *maps, struct map_form *form);

/*
 * Makes the maps: relu unless the base's are signed, min-max, tanh, enlargement (half-pixel centres) to `form`. Returns
 * their number in out[PARAM_NAMES_MAX], or -1 and the context's error. One backward pass serves all layers.
 */
int layer_maps_make(struct cam *cam, const struct layer_maps *maps, const struct map_form *form, float **out);

/* Expected passes for `count` layers, if each costs as much as the given one. */
struct cost layer_maps_cost(const struct layer_maps *maps, int count, const struct tensor *layer, struct shape input);

#endif
