/*
 * bench/cli/references.h - docs/references.bib, inside the program.
 */
#ifndef BENCH_CLI_REFERENCES_H
#define BENCH_CLI_REFERENCES_H

#include <stddef.h>

/* The entry "@type{KEY, ... }" of a key: where it begins, its length in *size; NULL if there is none. */
const char *references_find(const char *key, size_t *size);

#endif
