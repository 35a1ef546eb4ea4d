/*
 * bench/store/store_programs.h - the program that measured each item of a store (bench/store/provenance.h).
 */
#ifndef BENCH_STORE_STORE_PROGRAMS_H
#define BENCH_STORE_STORE_PROGRAMS_H

#include "bench/store/provenance.h"
#include "bench/store/store.h"

/*
 * Finds the number of a program in the store, 1 or more, and adds the program if it is new. A program of the store with
 * other parts, but no other digest, is the same one, and gets the parts that it lacks.
 */
int store_add_program(struct store *store, const struct program *program, int *number, struct error *err);

/* Reads all programs (number i + 1 at position i), and how many maps each measured, into the arena. */
int store_read_programs(struct store *store, struct arena *arena, struct programs *out, struct error *err);

/* Removes the items of all `uses`, and base passes without remaining items, from the store in one commit. */
int store_drop_uses(struct store *store, const struct program_use *uses, int count, struct error *err);

/* Copies the store to FOLDER/run.db.old, which replaces an older copy. */
int store_keep_copy(struct store *store, struct error *err);

#endif
