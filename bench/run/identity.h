/* bench/run/identity.h - in what two configs differ, both as config_identity() writes them. */
#ifndef BENCH_RUN_IDENTITY_H
#define BENCH_RUN_IDENTITY_H

#include <stdbool.h>

struct identity_difference {
    char where[128];            /* "dataset.images", "methods.2.score" (the second method) */
    char before[128], now[128]; /* the values, or whole lines where keys differ; "nothing" behind the end */
};

/* The first difference; false if there is none. */
bool identity_differs(const char *before, const char *now, struct identity_difference *difference);

#endif
