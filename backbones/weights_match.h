/*
 * backbones/weights_match.h - which network the tensors of a foreign file are of. For backbones/weights_import.c.
 */
#ifndef BACKBONES_WEIGHTS_MATCH_H
#define BACKBONES_WEIGHTS_MATCH_H

#include "backbones/backbone.h"
#include "backbones/weights_source.h"

struct fit {
    const char *arch;
    const struct naming *naming;
    struct backbone_options options;
    struct weights weights; /* under torchvision's names, without data, in the order of source->tensors */
    int known;              /* tensors of the network whose names the file has */
    char head[64];          /* the module that was taken as the network's last one under another name; "": none */
    const char *twin;       /* another group that fits as well; NULL: none */
};

/*
 * Finds the group of the tensors that is a network (source_choose) and the one network whose names and shapes these are;
 * arch NULL: any. key: the names' group has to begin with it, NULL: any. Errors name what is missing, what is unexpected
 * and, if there is one, the nearest network.
 */
int weights_match(struct source *source, const char *arch, const char *key, struct fit *fit, struct error *err);

#endif
