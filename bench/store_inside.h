/* bench/store_inside.h - what the files of the store share; nobody else includes this. */
#ifndef BENCH_STORE_INSIDE_H
#define BENCH_STORE_INSIDE_H

#include "bench/store.h"

#include <sqlite3.h>

sqlite3 *store_database(const struct store *store);
const char *store_path(const struct store *store); /* of run.db */

/* Fills err with SQLite's reason; returns -1. */
int store_fail(const struct store *store, struct error *err);

/* Reads again which items there are, after some have been taken out. */
int store_reload_items(struct store *store, struct error *err);

#endif
