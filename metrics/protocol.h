/*
 * metrics/protocol.h - protocols: the settings on which a number depends besides the method, as one table.
 *
 * A protocol is a preset (a row) with some keys changed; results carry its name and version. The runner copies its
 * parts to datasets/ (preprocessing), methods/ (post-processing) and metrics/.
 */
#ifndef METRICS_PROTOCOL_H
#define METRICS_PROTOCOL_H

#include "base/error.h"
#include "base/param.h"

#include <stdbool.h>

enum protocol_resize { PROTOCOL_RESIZE_SHORTER, PROTOCOL_RESIZE_SQUASH };
enum protocol_interpolation { PROTOCOL_BILINEAR, PROTOCOL_BICUBIC };
enum protocol_post {
    PROTOCOL_POST_CAMBENCH,         /* relu, min-max at the map's size, enlarge */
    PROTOCOL_POST_PYTORCH_GRAD_CAM, /* relu, min-max +1e-7, enlarge, min-max +1e-7 */
    PROTOCOL_POST_TORCHCAM,         /* relu, min-max +1e-8, enlarge */
    PROTOCOL_POST_UPSAMPLE_FIRST,   /* relu, enlarge, min-max */
};
enum protocol_relu { PROTOCOL_RELU_METHOD, PROTOCOL_RELU_ALWAYS };
enum protocol_enlarge { PROTOCOL_ENLARGE_BILINEAR, PROTOCOL_ENLARGE_BICUBIC };
enum protocol_mask { PROTOCOL_MASK_PRODUCT, PROTOCOL_MASK_TOP_HALF };
enum protocol_mask_space { PROTOCOL_MASK_NORMALIZED, PROTOCOL_MASK_PIXEL };
enum protocol_compare_at { PROTOCOL_COMPARE_AT_INPUT, PROTOCOL_COMPARE_AT_LAYER };
enum protocol_curve_order { PROTOCOL_CURVE_PIXELS, PROTOCOL_CURVE_CELLS };
enum protocol_curve_baseline {
    PROTOCOL_BASELINE_BLUR,       /* the input, blurred as RISE does */
    PROTOCOL_BASELINE_MEAN,       /* the normalisation's mean colour: 0 */
    PROTOCOL_BASELINE_BLACK,      /* black pixels */
    PROTOCOL_BASELINE_IMAGE_MEAN, /* the input's own mean of each channel */
    PROTOCOL_BASELINE_WHITE,      /* white pixels */
    PROTOCOL_BASELINES,
};
enum protocol_curve_spacing {
    PROTOCOL_SPACING_EQUAL,   /* steps of ceil(n/S) places, the last may be smaller */
    PROTOCOL_SPACING_ROUNDED, /* state k has floor(k*n/S) places changed */
};
enum protocol_drop {
    PROTOCOL_DROP_RELATIVE, /* max(0, p - o) / (p + drop_eps) */
    PROTOCOL_DROP_ABSOLUTE, /* max(0, p - o) */
};
enum protocol_curve_area { PROTOCOL_AREA_TRAPEZOID, PROTOCOL_AREA_RECIPROCAM2024 };

struct protocol {
    const char *name;   /* preset's name, or the config's label */
    const char *preset; /* the row of `protocols` that it is based on */
    const char *title;
    const char *source; /* key in docs/references.bib */
    int version;
    /* keys, described by protocol_params */
    const char *klass;   /* key "class", read by protocol_class() */
    int resize;          /* enum protocol_resize */
    double resize_ratio; /* resized side / crop side: 256/224; sides are rounded to whole pixels */
    int interpolation;   /* enum protocol_interpolation */
    int post;            /* enum protocol_post */
    int relu;            /* enum protocol_relu */
    int enlarge;         /* enum protocol_enlarge */
    int mask;            /* enum protocol_mask */
    int mask_space;      /* enum protocol_mask_space */
    int compare_at;      /* enum protocol_compare_at */
    int insertion_start; /* enum protocol_curve_baseline */
    int deletion_fill;   /* likewise */
    int curve_order;     /* enum protocol_curve_order */
    int curve_steps;     /* 0: one pixel or cell a step; else at most that many steps of equal size */
    int curve_spacing;   /* enum protocol_curve_spacing */
    int curve_area;      /* enum protocol_curve_area */
    int drop;            /* enum protocol_drop */
    double drop_eps, coherency_eps;
};

extern const struct param protocol_params[]; /* rows over struct protocol */
extern const struct protocol protocols[];    /* presets; ends with {0} */

/* The preset of that name; NULL and an error that suggests the nearest one. */
const struct protocol *protocol_find(const char *name, struct error *err);

enum protocol_class_kind {
    PROTOCOL_CLASS_RANK,   /* "predicted" (number 1), "second" (2), "rank:R": the R-th most probable class */
    PROTOCOL_CLASS_TOP,    /* "top:K": a config's short form of the K protocols with rank:1 to rank:K */
    PROTOCOL_CLASS_LOWEST, /* "lowest": the least probable class */
    PROTOCOL_CLASS_LABEL,  /* "label": the image set's */
    PROTOCOL_CLASS_NAMED,  /* a class of the network, by its number, name or synset */
};

/* What a protocol's `klass` says; *number is the rank, or the number of classes of TOP, and may be NULL. */
enum protocol_class_kind protocol_class(const char *klass, int *number);

/* The two optional steps of ReLU, min-max at the map's size, enlargement, min-max at the input's size. */
struct protocol_post_steps {
    bool at_layer, at_input; /* where min-max is done */
    float eps;               /* added to (max - min), at both places */
};
struct protocol_post_steps protocol_post_steps(enum protocol_post post);

#endif
