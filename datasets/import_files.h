/*
 * datasets/import_files.h - what is to be imported, before any picture is read. Private to the importer.
 *
 * import_layout.c finds out what a folder or an archive is and fills this list with the help of the others: the pictures
 * that are there (import_folder.c, import_tar.c), their classes (import_labels.c, import_imagenet.c).
 */
#ifndef DATASETS_IMPORT_FILES_H
#define DATASETS_IMPORT_FILES_H

#include "base/arena.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IMPORT_PICTURE_BYTES_MAX ((size_t)256 << 20)
#define IMPORT_TABLE_BYTES_MAX ((size_t)256 << 20) /* of a list, a CSV or an annotation */
#define IMPORT_CLASSES_MAX (1 << 20)

struct import_file {
    const char *path; /* relative to the folder, or absolute; or as the archive calls it */
    const char *name; /* unique; the last part of the path where that is enough */
    uint64_t bytes;   /* as listed */
    int label;        /* -1 unknown */
    int place;        /* among the pictures of the archive */
};

struct import_solutions;

struct import_files {
    const char *folder; /* or the archive */
    bool is_archive;
    const char *layout; /* for people */
    int count, class_count;
    struct import_file *files;
    const char **class_names, **class_ids; /* (class_count) */
    const char **folders;                  /* (folder_count) those that were met, for classes without pictures */
    int folder_count;
    const char **refused; /* (refused_count) pictures that cannot be taken, each with the reason */
    int refused_count;
    const struct import_solutions *solutions; /* that gave the labels, and have boxes; NULL: none */
};

/* Room for one more element of an array in an arena: doubles, and leaves the old one to the arena. NULL: no memory. */
void *import_make_room(void *array, int count, size_t size, struct arena *arena);

int import_add_file(struct import_files *files, const char *path, uint64_t bytes, struct arena *arena,
                    struct error *err);
int import_add_folder(struct import_files *files, const char *path, struct arena *arena, struct error *err);
int import_add_refused(struct import_files *files, const char *path, const char *why, struct arena *arena,
                       struct error *err);
int import_add_class(struct import_files *files, const char *id, const char *name, struct arena *arena,
                     struct error *err);

/* By its ending; and hidden, as files are whose name or folder begins with a dot. */
bool import_is_picture_name(const char *path);
bool import_is_hidden(const char *path);

const char *import_last_part(const char *path);

/* The last part of a path without its ending, in the arena; NULL: no memory. */
char *import_stem(const char *path, struct arena *arena);

/* Fills in the names. Errors: a path that is there twice. */
int import_name_files(struct import_files *files, struct arena *arena, struct error *err);

/*
 * Keeps the files that a list names (path, name or name without its ending; one a line), in its order. Errors name list
 * and line: a name that is not there, or there twice.
 */
int import_keep_listed(const char *list, struct arena *arena, struct import_files *files, struct error *err);

/* A regular file of at most `most` bytes, into the arena with a NUL behind it. Errors do not name the file. */
int import_read_file(const char *path, size_t most, struct arena *arena, char **bytes, size_t *size, struct error *err);

#endif
