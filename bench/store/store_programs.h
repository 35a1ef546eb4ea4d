/*
 * bench/store/store_programs.h - the program that measured each item of a store (bench/store/provenance.h).
 */
#ifndef BENCH_STORE_STORE_PROGRAMS_H
#define BENCH_STORE_STORE_PROGRAMS_H

#include "bench/store/provenance.h"
#include "bench/store/store.h"

/* The store's number of a program, 1 or more; a new program is added. */
int store_add_program(struct store *store, const struct program *program, int *number, struct error *err);

/* Reads all programs (number i + 1 at position i) and their numbers of maps, into the arena. */
int store_read_programs(struct store *store, struct arena *arena, struct programs *out, struct error *err);

/* Removes the items of all `uses`, and base passes without remaining items, from the store in one commit. */
int store_drop_uses(struct store *store, const struct program_use *uses, int count, struct error *err);

/* Keeps a copy of the store as FOLDER/run.db.old, in place of an older one. */
int store_keep_copy(struct store *store, struct error *err);

#endif
