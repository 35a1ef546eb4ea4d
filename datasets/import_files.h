/*
 * datasets/import_files.h - what a folder of pictures holds, before any of them is read. Private to the importer.
 */
#ifndef DATASETS_IMPORT_FILES_H
#define DATASETS_IMPORT_FILES_H

#include "base/arena.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

struct import_file {
    const char *path; /* relative to the folder, or absolute */
    const char *name; /* unique; the last part of the path where that is enough */
    int label;        /* -1 unknown */
};

struct import_files {
    const char *folder, *layout; /* layout: for people */
    int count, class_count;
    struct import_file *files;
    const char **class_names, **class_ids; /* (class_count) */
};

/*
 * Finds out the layout and lists the files, all in the arena: FOLDER/labels.csv, else one folder per class, sorted by
 * name in the C locale. Errors: no such folder, neither layout, a wrong line of the CSV (file and line named).
 */
int import_find_files(const char *folder, struct arena *arena, struct import_files *files, struct error *err);

/* Keeps the files that a list names (path or name, one a line), in its order. Errors: a name that is not there. */
int import_keep_listed(const char *list, struct arena *arena, struct import_files *files, struct error *err);

/* A regular file of at most `most` bytes, into the arena with a NUL behind it. Errors do not name the file. */
int import_read_file(const char *path, size_t most, struct arena *arena, char **bytes, size_t *size, struct error *err);

#endif
