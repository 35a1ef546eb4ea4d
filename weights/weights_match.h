/*
 * weights/weights_match.h - finds the network of a foreign file's tensors. For weights/weights_import.c.
 */
#ifndef WEIGHTS_WEIGHTS_MATCH_H
#define WEIGHTS_WEIGHTS_MATCH_H

#include "backbones/backbone.h"
#include "weights/weights_source.h"

struct fit {
    const char *arch;
    bool is_timm;         /* struct backbone_variant */
    bool is_by_file_name; /* the tensors fit several networks; the file's name has that of this one */
    const struct naming *naming;
    struct backbone_options options;
    struct weights weights; /* under torchvision's names, without data, in the order of source->tensors */
    int known;              /* number of the network's tensors whose names are in the file */
    char head[64];          /* module with another name that was taken as the network's last one; "": none */
    const char *twin;       /* another group that also fits; NULL: none */
};

/*
 * Finds the group of tensors that is a network (source_choose), and the only network with exactly these names and
 * shapes; arch NULL: any. key: the group must begin with it, NULL: any. Errors name missing and unexpected tensors and,
 * if there is one, the nearest network.
 */
int weights_match(struct weights_source *source, const char *arch, const char *key, struct fit *fit, struct error *err);

#endif
