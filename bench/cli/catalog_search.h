/* bench/cli/catalog_search.h - searches what `cambench list` lists, and sorts it by groups. */
#ifndef BENCH_CLI_CATALOG_SEARCH_H
#define BENCH_CLI_CATALOG_SEARCH_H

#include "base/error.h"

#include <jansson.h>

/*
 * The objects of an array (bench/cli/catalog.h) of which name, alias, title, a name in another program, source or the
 * name of a parameter contains the word; spellings count as in text_has_name(). An object with "keys" is kept with those
 * that match. Takes the array; the caller releases the result. NULL: no memory.
 */
json_t *catalog_search(json_t *array, const char *word, struct error *err);

/*
 * The objects in the order of the texts under `key`: those with groups[0] first; `groups` ends with NULL. Takes the
 * array; the caller releases the result. NULL: no memory.
 */
json_t *catalog_sort(json_t *array, const char *key, const char *const *groups, struct error *err);

#endif
