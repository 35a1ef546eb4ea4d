/*
 * bench/cli/catalog.h - the program's methods, metrics and networks, as JSON: one array of objects per kind, in the order of the registries.
 *
 * `list` prints it as it is or as a table. Every object has "name"; most have "title", "source" (a key of
 * docs/references.bib) and "params" (name, type, default, allowed, help). The caller gives arrays back (json_decref).
 */
#ifndef BENCH_CLI_CATALOG_H
#define BENCH_CLI_CATALOG_H

#include "base/error.h"
#include "bench/cli/table.h"
#include "nn/graph.h"

#include <jansson.h>
#include <stdbool.h>

struct catalog_kind {
    const char *name; /* "methods" */
    bool needs_arch;  /* lists what one architecture has */
    const struct table_column *columns;
    /* NULL and err: unknown architecture, no memory. `arch` is NULL unless needs_arch. */
    json_t *(*collect)(const char *arch, struct error *err);
};

extern const struct catalog_kind catalog_kinds[]; /* ends with {0} */

/* The kind of that name; NULL and an error with the nearest one. */
const struct catalog_kind *catalog_find(const char *name, struct error *err);

#endif
