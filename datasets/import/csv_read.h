/*
 * datasets/import/csv_read.h - records of a comma-separated file, RFC 4180: quoted fields, doubled quotes, line ends inside quotes.
 *
 * A byte-order mark, CRLF and blank lines are accepted.
 */
#ifndef DATASETS_IMPORT_CSV_READ_H
#define DATASETS_IMPORT_CSV_READ_H

#include "base/arena.h"
#include "base/error.h"

#define CSV_FIELDS_MAX 64

struct csv {
    const char *path;
    char *next;
    int line, record_line; /* of the next record, of the last one; from 1 */
};

/* Reads the whole file into the arena. Errors: not readable, larger than 256 MiB, holds zero bytes. */
int csv_open(struct csv *csv, const char *path, struct arena *arena, struct error *err);

/* The next record's fields, in place; their number, 0 at the end, -1 with `err` naming file and line. */
int csv_next(struct csv *csv, char *fields[CSV_FIELDS_MAX], struct error *err);

#endif
