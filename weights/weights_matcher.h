/*
 * weights/weights_matcher.h - shared by the files that find a network; no other file includes it.
 *
 * weights_likeness.c compares names; weights_group.c chooses the group of tensors; weights_head.c finds the last layer;
 * weights_width.c finds the width multiplier; weights_misfit.c explains why nothing fits; weights_fit.c finds the
 * network.
 */
#ifndef WEIGHTS_WEIGHTS_MATCHER_H
#define WEIGHTS_WEIGHTS_MATCHER_H

#include "weights/weights_match.h"

#include <stdbool.h>
#include <stdint.h>

#define MATCHER_SIDE 224 /* side of the input: shapes of weights do not depend on it */
#define MATCHER_CLASSES 1000

/* Positions of weights by name: open addressing, at most half full. */
struct name_index {
    const struct weights *weights;
    int *slots; /* positions, by hash: (mask + 1); -1: free */
    uint32_t mask;
};

#define NETWORKS_MAX 192

/* The tensors of a network with 1000 classes and width 1. */
struct network_names {
    const char *arch;
    bool is_timm;  /* struct backbone_variant */
    bool has_stem; /* struct backbone_family */
    int count;
    struct parameter *list;
};

struct matcher {
    struct weights_source *source;
    const char *arch; /* NULL: any */
    int count;
    struct network_names networks[NETWORKS_MAX];
    struct named_weights named[NAMING_COUNT];
};

/* -- weights_likeness.c -- */

/* Adds the networks that are tried: matcher->arch, or all. */
int matcher_add_networks(struct matcher *matcher, struct error *err);

/* Chooses a group of tensors and names them under each naming. */
int matcher_name_group(struct matcher *matcher, const char *group, struct error *err);

/* Indexes the names of the group under each naming. */
int matcher_index_names(const struct matcher *matcher, struct name_index indices[NAMING_COUNT], struct error *err);

/*
 * The number of names that a network and the tensors have in common under the naming that gives most, and their share
 * of all names.
 */
int matcher_likeness(const struct matcher *matcher, int network, const struct name_index *indices, double *share,
                     int *naming);

const struct weight *matcher_find(const struct weights *weights, const char *name); /* NULL: none */
bool matcher_has_parameter(const struct network_names *network, const char *name);

/* -- weights_group.c -- */

/* Chooses the group that is most like a network; fit->twin: another group that is equally like one. */
int matcher_choose_group(struct matcher *matcher, const char *key, struct fit *fit, struct error *err);

/* -- weights_head.c -- */

/*
 * If only the head is missing and there is one layer with another name ("fc.1" after a dropout, "head.fc" beside a
 * backbone), that layer is the head. Its shapes are checked like all others.
 */
int matcher_take_head(struct weights_source *source, const struct network_names *network, struct fit *fit,
                      struct error *err);

/* The number of classes: the last matrix or kernel gives a logit for each. */
int matcher_find_classes(const struct network_names *network, const struct weights *weights);

/* -- weights_width.c -- */

/* True if a network fits. A lack of memory is not a misfit: it is kept in `lost`, which the caller must check. */
bool matcher_fits(const char *arch, const struct backbone_options *options, const struct weights *weights,
                  struct error *lost);

/*
 * Returns the roundest multiplier that gives the shapes of the present tensors; 1 if none does, and for networks
 * without one.
 */
double matcher_find_width(const char *arch, const struct backbone_options *options, const struct weights *weights,
                          struct error *lost);

/* -- weights_misfit.c -- */

/* Fills err if the tensors are not the network's: `do not fit resnet18: ...`. */
int matcher_explain_misfit(const struct network_names *network, struct fit *fit, struct error *err);

/* The share of shapes that a network and the tensors have in common, under any names. */
double matcher_shape_likeness(const struct network_names *network, const struct weights *weights, struct arena *arena);

/* "(64,3,7,7)" */
const char *matcher_shape_text(const struct weight *weight, char out[64]);

#endif
