/* bench/config/config_lists.h - one row per list of a config; the row's `more` is a struct config_list. */
#ifndef BENCH_CONFIG_CONFIG_LISTS_H
#define BENCH_CONFIG_CONFIG_LISTS_H

#include "bench/config/config.h"
#include "bench/config/yaml.h"

#define CONFIG_USUAL_PROTOCOL "cambench" /* of a config that names none */

struct config_list {
    size_t size; /* of an element */
    int (*read)(const struct yaml *value, void *element, struct arena *arena, struct error *err);
    const char *(*label)(const void *element); /* unique in the list */
    const char *hint;                          /* what to do about two of the same */
    bool takes_one;                            /* also an entry without a list around it */
    const struct param *rows;                  /* keys of an entry that is a mapping */
    const struct param *preset_rows; /* further keys, whose defaults are those of the entry's preset; NULL: none */
};

extern const struct config_list config_backbones, config_methods, config_metrics, config_protocols;

/* Reader of such a row: its field is a pointer to the elements, in the arena. */
param_yaml_reader config_read_list;

/*
 * "poppi2021+class=label": a preset with changed keys is another protocol, and its results say so. In the arena; NULL: no
 * memory.
 */
const char *config_protocol_label(const struct protocol *changed, struct arena *arena);

/* The protocols of a config that names none: CONFIG_USUAL_PROTOCOL. */
int config_default_protocol(struct config *config, struct arena *arena, struct error *err);

#endif
