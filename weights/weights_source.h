/*
 * weights/weights_source.h - the tensors of a foreign file that may belong to a network: their names without
 * wrappers, and the groups that they form. For weights/weights_*.c.
 */
#ifndef WEIGHTS_WEIGHTS_SOURCE_H
#define WEIGHTS_WEIGHTS_SOURCE_H

#include "nn/nn.h"
#include "weights/tensor_file.h"
#include "weights/weights_naming.h"

#define SOURCE_GROUPS_MAX 32
#define SOURCE_NAME_MAX 240 /* bytes of a name with its NUL: what the path of a tensor in a weights file has room for */

/* A tensor under the name that it has in the network: "module.model.fc.weight" is "fc.weight" of the group "model.". */
struct source_tensor {
    const char *name;
    const struct stored_tensor *stored;
};

struct weights_source {
    struct tensor_file *file;
    struct arena *arena;
    int all_count; /* without counters; names have no wrappers ("module.") */
    struct source_tensor *all;
    int group_count;
    const char *groups[SOURCE_GROUPS_MAX]; /* prefixes that names may have, "" first */
    const char *group;                     /* the chosen one */
    int count, left_count;                 /* tensors inside the group, and outside */
    int named_count;                       /* tensors of the group, without a head from outside it */
    struct source_tensor *tensors, *left;  /* (all_count), names without the group */
    struct naming_blocks blocks;
};

/* The tensors under the names of one naming, as weights without data, in the order of source->tensors. */
struct named_weights {
    const struct naming *naming;
    struct weights weights;
};

/* Fills all and groups. Errors: no memory. */
int source_collect(struct weights_source *source, struct error *err);

/* Fills tensors (names that begin with the group, without it), left and blocks. Error: a name appears twice. */
int source_choose(struct weights_source *source, const char *group, struct error *err);

/* Gives the group's tensors a naming's names. Errors: no network's tensor has such a shape or name; no memory. */
int source_name(const struct weights_source *source, const struct naming *naming, struct named_weights *named,
                struct error *err);

/* Fills `weight` from one of source->left, under that name, which is not copied. */
int source_weight(const struct stored_tensor *tensor, const char *name, struct weight *weight, struct error *err);

#endif
