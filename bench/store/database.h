/*
 * bench/store/database.h - checks files before SQLite opens a database.
 */
#ifndef BENCH_STORE_DATABASE_H
#define BENCH_STORE_DATABASE_H

#include "base/error.h"

/*
 * Checks that the database and the files that SQLite opens beside it are regular or do not exist. SQLite opens any kind
 * of file with these names, and waits for ever at a FIFO.
 */
int database_check_files(const char *path, struct error *err);

#endif
