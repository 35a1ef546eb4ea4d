/*
 * bench/store/database.h - checks files before SQLite opens a database, and names its failures.
 */
#ifndef BENCH_STORE_DATABASE_H
#define BENCH_STORE_DATABASE_H

#include "base/error.h"

#include <sqlite3.h>

/*
 * Checks that the database and the files that SQLite opens beside it are regular or do not exist. SQLite opens any kind
 * of file with these names, and waits for ever at a FIFO.
 */
int database_check_files(const char *path, struct error *err);

/* `WHAT "PATH": ` with SQLite's reason, and the system's where it has one: "disk I/O error: File too large". Returns -1. */
int database_fail(sqlite3 *db, const char *what, const char *path, struct error *err);

#endif
