/*
 * bench/store_programs.h - which program has measured which item of a store (bench/program.h).
 */
#ifndef BENCH_STORE_PROGRAMS_H
#define BENCH_STORE_PROGRAMS_H

#include "bench/program.h"
#include "bench/store.h"

/* The number under which the store knows a program, 1 or more; a new one is added. */
int store_add_program(struct store *store, const struct program *program, int *number, struct error *err);

/* All programs (number i + 1 at position i) and what they have measured; in the arena. */
int store_read_programs(struct store *store, struct arena *arena, struct programs *out, struct error *err);

/* Takes the items of a use out of the store, in one commit with all `uses`; base passes that are left alone go too. */
int store_drop_uses(struct store *store, const struct program_use *uses, int count, struct error *err);

/* Keeps a copy of the store as FOLDER/run.db.old, in place of an older one. */
int store_keep_copy(struct store *store, struct error *err);

#endif
