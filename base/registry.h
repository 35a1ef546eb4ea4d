/*
 * base/registry.h - look-ups by name in tables of any kind, with one error sentence for a name that is not in the
 * table.
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
    bool only_misspelt;          /* a suggestion needs a misspelling (text_misspelt()), not only a similar name */
    const char *after_suggestion, *without_suggestion; /* end of the error in either case; NULL: nothing is added */
};

/*
 * Returns the position of the row with that name or title, or -1 with `REFUSAL "NAME", did you mean "x"?`. The
 * suggestion is left out if no name is near enough.
 */
int registry_find(const struct registry *registry, const char *name, struct error *err);

#endif
