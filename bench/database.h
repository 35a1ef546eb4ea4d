/*
 * bench/database.h - what must be checked before SQLite opens a database.
 */
#ifndef BENCH_DATABASE_H
#define BENCH_DATABASE_H

#include "base/error.h"

/*
 * The database and the files that SQLite opens beside it are regular or not there. SQLite opens whatever has these names, and
 * waits for ever at a FIFO.
 */
int database_check_files(const char *path, struct error *err);

#endif
