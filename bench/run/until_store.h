/* bench/run/until_store.h - the rule of dataset.until on the values of a run's store. */
#ifndef BENCH_RUN_UNTIL_STORE_H
#define BENCH_RUN_UNTIL_STORE_H

#include "bench/run/until.h"
#include "bench/store/store.h"

/* until_look() with the store's values of a backbone; `scratch` is reset. Errors: those of the store. */
int until_look_at_store(struct until *until, struct store *store, int backbone, const bool *is_unreadable,
                        struct arena *scratch, struct error *err);

/* The rule after all blocks that the store has: until_create() in the arena, and looks. NULL and err as both. */
struct until *until_of_store(const struct config *config, struct store *store, int backbone, int images,
                             const bool *is_unreadable, struct arena *arena, struct error *err);

#endif
