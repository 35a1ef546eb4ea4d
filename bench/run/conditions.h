/*
 * bench/run/conditions.h - the texts on which a run's numbers depend, by part, as the store keeps them: what is common to
 * all numbers, and of each backbone, method, metric and protocol its own. A run may gain and lose entries; an entry that
 * comes again must be the same.
 *
 * The keys are "identity" (the part of config_identity() outside the lists), "identity of method LABEL" and so on,
 * "sha256 of images", "sha256 of weights of LABEL", "sha256 of PARAM of LABEL". A store of layout 3 has the whole text
 * under "identity".
 */
#ifndef BENCH_RUN_CONDITIONS_H
#define BENCH_RUN_CONDITIONS_H

#include "bench/run/run.h"

/*
 * Compares the run with the store and stores what is new, unless run->is_dry. Sets the hashes of images, weights and
 * files of methods. Errors: the first difference, with a remedy; a file that cannot be read; no memory.
 */
int conditions_check(struct run *run, struct store *store, struct error *err);

/* The texts of a store's run (entries that are not listed are left out), sorted by key, in the arena. */
int conditions_read(struct store *store, const struct store_names *names, struct arena *arena, struct store_text **list,
                    int *count, struct error *err);

/* Whether the text under a key belongs to this entry: it is its part of the config, or the hash of one of its files. */
bool conditions_are_of(const char *key, enum store_list_kind kind, const char *name);

/*
 * Describes how two texts under a key differ: where (`max_channels of method "scorecam"`), before, now. False: equal, or
 * the texts are not parts of a config, such as hashes.
 */
struct identity_difference;
bool conditions_differ(const char *key, const char *one, const char *other, struct identity_difference *difference);

#endif
