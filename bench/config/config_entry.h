/* bench/config/config_entry.h - what entries of the lists `methods`, `metrics`, `backbones` and `protocol` share. */
#ifndef BENCH_CONFIG_CONFIG_ENTRY_H
#define BENCH_CONFIG_CONFIG_ENTRY_H

#include "bench/config/yaml.h"

#define CONFIG_LABEL_BYTES 64

/* A name, or a mapping with name, label and params. */
struct config_entry {
    const char *name, *label;  /* label NULL: not given */
    const struct yaml *params; /* as read; NULL: not given */
};

/* Keys of an entry of `methods`, and of one of `metrics`, which has no label. */
extern const struct param config_method_rows[], config_metric_rows[];

/* Errors: a list; a mapping without name, or with keys that the rows do not have. */
int config_read_entry(const struct yaml *value, const struct param *rows, struct config_entry *out, struct arena *arena,
                      struct error *err);

/* The value of an entry's key; of an entry that is a text, the entry. NULL: not given. */
const struct yaml *config_entry_key(const struct yaml *value, const char *key);

/* Where a key appears, in the file or on the command line; `other` where it is not given. */
const char *config_place_of(const struct yaml *mapping, const char *key, const char *other);

/*
 * Labels become folders, files, HDF5 groups and columns: one plain name of at most `max` bytes. `kind` is what the error
 * calls it.
 */
int config_check_label(const struct yaml *value, const char *kind, const char *text, size_t max, struct error *err);

/* Makes the owner's struct, with defaults and what the mapping (NULL: nothing) says. `of` is for errors: " of method x". */
int config_read_params(const struct yaml *mapping, const char *of, const struct param *params, size_t size, void **out,
                       struct arena *arena, struct error *err);

#endif
