/*
 * metrics/protocol.h - protocols: everything that a number depends on beside the method, as one table.
 *
 * A protocol is a preset (a row) with some keys changed; results carry its name and version. Its parts are handed to
 * datasets/ (preprocessing), methods/ (post-processing) and metrics/ by the runner, which copies the numbers.
 */
#ifndef METRICS_PROTOCOL_H
#define METRICS_PROTOCOL_H

#include "base/error.h"
#include "base/param.h"

#include <stdbool.h>

enum protocol_class { PROTOCOL_CLASS_PREDICTED, PROTOCOL_CLASS_LABEL };
enum protocol_resize { PROTOCOL_RESIZE_SHORTER, PROTOCOL_RESIZE_SQUASH };
enum protocol_interpolation { PROTOCOL_BILINEAR, PROTOCOL_BICUBIC };
enum protocol_post {
    PROTOCOL_POST_CAMBENCH,         /* relu, min-max at the map's size, enlarge */
    PROTOCOL_POST_PYTORCH_GRAD_CAM, /* relu, min-max +1e-7, enlarge, min-max +1e-7 */
    PROTOCOL_POST_TORCHCAM,         /* relu, min-max +1e-8, enlarge */
    PROTOCOL_POST_UPSAMPLE_FIRST,   /* relu, enlarge, min-max */
};
enum protocol_mask_space { PROTOCOL_MASK_NORMALIZED, PROTOCOL_MASK_PIXEL };

struct protocol {
    const char *name;   /* preset's name, or the config's label */
    const char *preset; /* the row of `protocols` it began as */
    const char *title;
    const char *source; /* key in docs/references.bib */
    int version;
    /* keys, described by protocol_params */
    int klass;           /* enum protocol_class; key "class" */
    int resize;          /* enum protocol_resize */
    double resize_ratio; /* resized side / crop side: 256/224; sides are rounded to whole pixels */
    int interpolation;   /* enum protocol_interpolation */
    int post;            /* enum protocol_post */
    int mask_space;      /* enum protocol_mask_space */
};

extern const struct param protocol_params[]; /* rows over struct protocol */
extern const struct protocol protocols[];    /* presets; ends with {0} */

/* The preset of that name; NULL and an error with the nearest one. */
const struct protocol *protocol_find(const char *name, struct error *err);

/* A pipeline in numbers: ReLU, min-max at the map's size, enlargement, min-max at the input's size. */
struct protocol_post_steps {
    bool at_layer, at_input; /* where min-max is done */
    float eps;               /* added to (max - min), at both places */
};
struct protocol_post_steps protocol_post_steps(enum protocol_post post);

#endif
