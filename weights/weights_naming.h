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

struct naming_rule {
    const char *from; /* modules between dots; * is any, @ the last stage */
    /*
     * The module's name in torchvision: $1 is what the first * matches. Of "blocks.STAGE.INDEX": %i stage + 1, %j
     * index, %k blocks before it in the network + 1, %p and %q 1 and 2, one more if it has squeeze-excitation ("se").
     * %n: blocks of all stages + 1; %s: stages + 1.
     */
    const char *to;
    bool is_flat; /* a 1x1 or whole-map convolution that torchvision has as a linear layer */
};

struct naming {
    const char *title; /* for display: "timm's MobileNetV2" */
    const struct naming_rule *rules;
    /* Added to variances under the root by those networks and by torchvision's; 0: both the same */
    double norm_eps, torchvision_eps;
};

enum { NAMING_COUNT = 6 };

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
