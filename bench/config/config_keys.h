/*
 * bench/config/config_keys.h - the keys of a config as a tree, for people; the rows are those that config_read() reads by.
 *
 * The keys of a list are those of an entry that is a mapping.
 */
#ifndef BENCH_CONFIG_CONFIG_KEYS_H
#define BENCH_CONFIG_CONFIG_KEYS_H

#include "base/param.h"

#include <stddef.h>

struct config_keys {
    const struct param *rows;        /* end with {0}; NULL: none */
    const struct param *preset_rows; /* after them: keys whose defaults are the preset's; likewise */
};

/* The keys below a row; those at the top: NULL. */
struct config_keys config_keys_below(const struct param *row);

/* "required", "8", "results/NAME"; "" of a mapping that has only its keys' defaults. */
void config_key_default(const struct param *row, char *text, size_t size);

#endif
