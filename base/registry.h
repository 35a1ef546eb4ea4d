/*
 * base/registry.h - look-ups by name in tables of any kind, with one sentence about a name that is not there.
 *
 *     static const char *name_of(int i) { return protocols[i].name; }
 *     static const struct registry registry = {.refusal = "unknown protocol", .name = name_of};
 *     const int i = registry_find(&registry, name, err);
 */
#ifndef BASE_REGISTRY_H
#define BASE_REGISTRY_H

#include "base/error.h"

#include <stdbool.h>

#define REGISTRY_ROWS_MAX 512 /* rows that a suggestion is chosen from */

struct registry {
    const char *refusal;         /* how the error begins: "unknown protocol" */
    const char *(*name)(int i);  /* of row i; NULL after the last one */
    const char *(*title)(int i); /* another name of row i; NULL: rows have none */
    bool (*is_hidden)(int i);    /* rows that are never suggested; NULL: none */
    bool is_exact;               /* every letter counts; else spellings are compared as text_same_name() does */
    bool only_misspelt;          /* suggests misspellings (text_misspelt()) and nothing that is merely similar */
    const char *after_suggestion, *without_suggestion; /* how the error ends; NULL: no more words */
};

/*
 * Position of the row of that name or title; -1 with `REFUSAL "NAME", did you mean "x"?`. The suggestion is left out if no
 * name is near enough.
 */
int registry_find(const struct registry *registry, const char *name, struct error *err);

#endif
