/*
 * datasets/imagenet.h - the 1000 classes of ImageNet (ILSVRC 2012), with their synsets and names.
 *
 * Their order is that of the sorted synset ids, which is torchvision's. Names are WordNet's, synonyms with commas between
 * them. The table is datasets/imagenet_classes.txt; tools/imagenet_classes.sh writes it.
 */
#ifndef DATASETS_IMAGENET_H
#define DATASETS_IMAGENET_H

#include "base/arena.h"

#define IMAGENET_CLASSES 1000

struct imagenet {
    const char *id[IMAGENET_CLASSES];   /* "n01440764" */
    const char *name[IMAGENET_CLASSES]; /* "tench, Tinca tinca" */
};

/* In the arena; NULL: no memory. */
const struct imagenet *imagenet_read(struct arena *arena);

/* Index of a synset; -1: it is not one of them. */
int imagenet_find(const struct imagenet *imagenet, const char *id);

#endif
