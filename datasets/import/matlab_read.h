/*
 * datasets/import/matlab_read.h - an array of structs from a MATLAB file (MAT-file format, level 5: MATLAB 5 to 7), as
 * ImageNet's development kit has one. Private to the importer.
 *
 * Little-endian, compressed or not. Every size is checked before it is used; nothing inflates beyond 64 MiB.
 */
#ifndef DATASETS_IMPORT_MATLAB_READ_H
#define DATASETS_IMPORT_MATLAB_READ_H

#include "base/arena.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct matlab_piece {
    const uint8_t *bytes;
    size_t size;
};

struct matlab_structs {
    int count, field_count;
    const char (*fields)[64];
    struct matlab_piece *values; /* (count, field_count) */
};

bool matlab_is_file(const void *bytes, size_t size);

/*
 * The struct array called `name`, its pieces pointing into `bytes` or into the arena. Errors: another format, damaged,
 * no such array. They do not name the file.
 */
int matlab_read_structs(const void *bytes, size_t size, const char *name, struct arena *arena,
                        struct matlab_structs *structs, struct error *err);

int matlab_field(const struct matlab_structs *structs, const char *name); /* -1: none */

/* The first number of a value, or its text as UTF-8 in the arena. Errors: it is something else. */
int matlab_number(const struct matlab_structs *structs, int i, int field, double *value, struct error *err);
int matlab_text(const struct matlab_structs *structs, int i, int field, struct arena *arena, const char **text,
                struct error *err);

#endif
