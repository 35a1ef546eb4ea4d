/*
 * weights/weights_naming.h - other programs' names of the same tensors.
 *
 * A naming is a table of rules from module names to torchvision's; a name that no rule fits stays as it is, so that a
 * naming lists differences only. The caller checks whether the names are then a network's.
 */
#ifndef WEIGHTS_WEIGHTS_NAMING_H
#define WEIGHTS_WEIGHTS_NAMING_H

#include <stdbool.h>
#include <stddef.h>

enum naming_kind {
    NAMING_MODULE,  /* the names are a module's */
    NAMING_FLAT,    /* the same; a 1x1 or whole-map convolution that torchvision has as a linear layer */
    NAMING_CHANNELS /* the names are a tensor's; its shape (C) is (C,1,1) in torchvision */
};

struct naming_rule {
    const char *from; /* parts between dots; * is any, s* any that begins with s, @ the last stage */
    /*
     * The name in torchvision: $1 is what the first * matches; of that number n, #1 is n - 1, =1 is 2n, >1 is 2n + 1.
     * Of "blocks.STAGE.INDEX": %i is stage + 1, %m stage + 7, %j index, %k the number of blocks before it in the network
     * + 1; %p 1 and %q 2, one more if the block has squeeze-excitation ("se"); %r 3, or 1 without it. %n is the number of
     * blocks of all stages + 1, %s that of stages + 1.
     */
    const char *to;
    enum naming_kind kind;
};

struct naming {
    const char *title; /* for display: "timm's MobileNetV2" */
    const struct naming_rule *rules;
    /* Added by those networks to variances under the root; 0: what torchvision's networks add */
    double norm_eps;
};

enum { NAMING_COUNT = 10 };

extern const struct naming namings[NAMING_COUNT]; /* torchvision's own first */

#define NAMING_STAGES_MAX 16
#define NAMING_BLOCKS_MAX 64

/* How the blocks of a network are laid out, found from all its names; begin with {0}. */
struct naming_blocks {
    int stages, count[NAMING_STAGES_MAX];
    bool has_se[NAMING_STAGES_MAX][NAMING_BLOCKS_MAX];
};

void naming_see(struct naming_blocks *blocks, const char *name);

/* The torchvision name of a tensor, cut at size; the rule that fitted, NULL if none. */
const struct naming_rule *naming_apply(const struct naming *naming, const struct naming_blocks *blocks,
                                       const char *name, char *out, size_t size);

#endif
