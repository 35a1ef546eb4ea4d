/*
 * bench/merge/join.h - lists that several runs have in common: the union of their entries, and where each run has them.
 */
#ifndef BENCH_MERGE_JOIN_H
#define BENCH_MERGE_JOIN_H

#include "bench/config/config.h"
#include "bench/store/store.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Whether two numbers are equal to the last bit. */
static inline bool is_same_number(double one, double other)
{
    uint64_t bits[2];
    memcpy(&bits[0], &one, sizeof one);
    memcpy(&bits[1], &other, sizeof other);
    return bits[0] == bits[1];
}

/* Whether two paths, with links followed, lead to one folder. */
bool join_is_same_folder(const char *one, const char *other);

/* The position of a name in a list; -1: it is not there. */
int join_find(const struct store_list *list, const char *name);

/* Whether two lists have the same names in the same order. */
bool join_lists_are_equal(const struct store_list *one, const struct store_list *other);

/* Appends a copy of a name to a list; the grown list is in the arena. */
int join_append_name(struct store_list *list, const char *name, int version, struct arena *arena, struct error *err);

/* Appends an entry of another config to the config's backbones or methods, or the plugins that it lacks. */
int join_append_backbone(struct config *config, const struct config_backbone *entry, struct arena *arena,
                         struct error *err);
int join_append_method(struct config *config, const struct config_method *entry, struct arena *arena,
                       struct error *err);
int join_append_plugins(struct config *config, const struct config *other, struct arena *arena, struct error *err);

/* Reads FOLDER/config.yaml into the arena. Error: its lists are not those of the run's store. */
int join_read_config(const char *folder, const struct store_names *names, struct arena *arena, struct config *config,
                     struct error *err);

/* Where a run has the entries of a list, by their names; in the arena. */
int join_places(const struct store_list *whole, const struct store_list *own, struct arena *arena,
                struct store_places *places, struct error *err);

/* The text of a key; NULL: none. */
const char *join_text(const struct store_text *texts, int count, const char *key);

/*
 * Whether the values or curves of an item that two runs have differ; costs may. Values that only one has differ too,
 * with `common_only` they do not count. The difference: what ("average_drop (cambench)"), and the values as text.
 */
struct join_difference {
    char what[160], one[64], other[64];
};
bool join_items_differ(const struct config *config, const struct store_item *one, const struct store_item *other,
                       bool common_only, struct join_difference *difference);

#endif
