/*
 * bench/cli/catalog.h - what `cambench list` lists, as JSON: one array of objects per kind.
 *
 * Objects are in the order of the registries. `cambench list` prints them as JSON or as a table. Every object has
 * "name"; most have "title", "source" (a key of docs/references.bib) and "params" (name, type, default, allowed, help).
 * A config key has the fields of a parameter, and the keys below it in "keys".
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
    const char *one;  /* "method": the singular, for messages */
    bool needs_arch;  /* lists parts of one architecture, such as its layers */
    bool is_tree;     /* its objects have "keys", and no sources */
    const struct table_column *columns;
    /*
     * `arch` is NULL unless needs_arch. The caller releases the array (json_decref). NULL and err: unknown arch, no
     * memory.
     */
    json_t *(*collect)(const char *arch, struct error *err);
    const char *const *groups; /* what "group" may be, in the order of the table; ends with NULL; NULL: no groups */
};

extern const struct catalog_kind catalog_kinds[]; /* ends with {0} */

/* The kind of that name; NULL and an error that suggests the nearest one. */
const struct catalog_kind *catalog_find(const char *name, struct error *err);

#endif
