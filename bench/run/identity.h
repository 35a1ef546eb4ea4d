/* bench/run/identity.h - finds the difference between two configs, both as config_identity() writes them. */
#ifndef BENCH_RUN_IDENTITY_H
#define BENCH_RUN_IDENTITY_H

#include <stdbool.h>

struct identity_difference {
    char where[128];            /* "dataset.images", "methods.2.score" (the second method) */
    char before[128], now[128]; /* the values; whole lines if the keys differ; "nothing" after the end of a text */
};

/* The first difference; false if there is none. */
bool identity_differs(const char *before, const char *now, struct identity_difference *difference);

#endif
