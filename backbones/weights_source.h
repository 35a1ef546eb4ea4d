/*
 * backbones/weights_source.h - the tensors of a foreign file that may be a network's: their names without what programs put
 * around them, and which of them belong together. For backbones/weights_*.c.
 */
#ifndef BACKBONES_WEIGHTS_SOURCE_H
#define BACKBONES_WEIGHTS_SOURCE_H

#include "backbones/tensor_file.h"
#include "backbones/weights_naming.h"
#include "nn/nn.h"

#define SOURCE_GROUPS_MAX 32

/* A tensor under the name that it has in the network: "module.model.fc.weight" is "fc.weight" of the group "model.". */
struct source_tensor {
    const char *name;
    const struct stored_tensor *stored;
};

struct source {
    struct tensor_file *file;
    struct arena *arena;
    int all_count; /* without counters and what wraps modules: "module." */
    struct source_tensor *all;
    int group_count;
    const char *groups[SOURCE_GROUPS_MAX]; /* what names may begin with, "" first */
    const char *group;                     /* the chosen one */
    int count, left_count;                 /* tensors of the group; others */
    int named_count;                       /* tensors of the group, without a head that was found beside it */
    struct source_tensor *tensors, *left;  /* (all_count), names without the group */
    struct naming_blocks blocks;
};

/* The tensors under the names of one naming: as weights without data, in the order of source->tensors. */
struct named {
    const struct naming *naming;
    struct weights weights;
};

/* Fills all and groups. Errors: no memory. */
int source_collect(struct source *source, struct error *err);

/* Fills tensors, left and blocks: those whose names begin with the group, without it. Errors: a name that is there twice. */
int source_choose(struct source *source, const char *group, struct error *err);

/* The group's tensors under a naming's names. Errors: a shape or a name that no network's tensor has; no memory. */
int source_name(const struct source *source, const struct naming *naming, struct named *named, struct error *err);

/* One of source->left as a weight of that name. */
int source_weight(const struct stored_tensor *tensor, const char *name, struct weight *weight, struct error *err);

#endif
