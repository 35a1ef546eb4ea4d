/*
 * bench/run/identity.h - finds the difference between two configs, both as config_identity() writes them, and cuts such a
 * text into the parts that may come and go and the rest.
 */
#ifndef BENCH_RUN_IDENTITY_H
#define BENCH_RUN_IDENTITY_H

#include "base/arena.h"

#include <stdbool.h>

struct identity_difference {
    char where[128];            /* "dataset.images", "methods.2.score" (the second method) */
    char before[128], now[128]; /* the values; whole lines if the keys differ; "nothing" after the end of a text */
};

/* The first difference; false if there is none. Parts may be compared too. */
bool identity_differs(const char *before, const char *now, struct identity_difference *difference);

/* Whether a text is a whole config's, and not only its common part. */
bool identity_is_whole(const char *text);

/*
 * What is common to all numbers of a run, in the arena: the text without the lists of backbones, methods, metrics and
 * protocols, and without the choice of images, which have names. NULL: no memory.
 */
const char *identity_common(const char *text, struct arena *arena);

/* Entry `index` of a list, without its dash, in the arena; "" if there is none. NULL: no memory. */
const char *identity_entry(const char *text, const char *section, int index, struct arena *arena);

#endif
