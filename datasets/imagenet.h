/*
 * datasets/imagenet.h - the 1000 classes of ImageNet (ILSVRC 2012), with their synsets and names.
 *
 * Classes are in the order of their synset ids, as in torchvision. Names are WordNet's, with synonyms separated by
 * commas. The table is datasets/imagenet_classes.txt, which tools/imagenet_classes.sh writes.
 */
#ifndef DATASETS_IMAGENET_H
#define DATASETS_IMAGENET_H

#include "base/arena.h"

#define IMAGENET_CLASSES 1000

struct imagenet {
    const char *id[IMAGENET_CLASSES];   /* "n01440764" */
    const char *name[IMAGENET_CLASSES]; /* "tench, Tinca tinca" */
};

/* Reads the table built into the program, into the arena. NULL: no memory. */
const struct imagenet *imagenet_read(struct arena *arena);

/* The index of a synset; -1: not one of the 1000. */
int imagenet_find(const struct imagenet *imagenet, const char *id);

#endif
