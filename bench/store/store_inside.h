/* bench/store/store_inside.h - shared by the files of the store; no other file includes it. */
#ifndef BENCH_STORE_STORE_INSIDE_H
#define BENCH_STORE_STORE_INSIDE_H

#include "bench/store/store.h"

#include <sqlite3.h>

sqlite3 *store_database(const struct store *store);
const char *store_path(const struct store *store); /* of run.db */

/* Fills err with SQLite's reason; returns -1. */
int store_fail(const struct store *store, struct error *err);

/* Reads the list of items again, after some have been removed. */
int store_reload_items(struct store *store, struct error *err);

#endif
