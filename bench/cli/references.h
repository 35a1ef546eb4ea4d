/*
 * bench/cli/references.h - the entries of docs/references.bib, which is built into the program.
 */
#ifndef BENCH_CLI_REFERENCES_H
#define BENCH_CLI_REFERENCES_H

#include <stddef.h>

/* The entry "@type{KEY, ... }" of a key, with its length in *size (bytes, not NUL-terminated); NULL: no such key. */
const char *references_find(const char *key, size_t *size);

#endif
