/*
 * datasets/import/import_files.h - the list of pictures to import, before any is read. Private to the importer.
 *
 * import_layout.c recognises the layout of a folder or an archive and fills this list with the help of the others: the
 * pictures (import_folder.c, import_tar.c) and their classes (import_labels.c, import_classes.c).
 */
#ifndef DATASETS_IMPORT_IMPORT_FILES_H
#define DATASETS_IMPORT_IMPORT_FILES_H

#include "base/arena.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IMPORT_PICTURE_BYTES_MAX ((size_t)256 << 20)
#define IMPORT_TABLE_BYTES_MAX ((size_t)256 << 20) /* of a list, a CSV or an annotation */
#define IMPORT_CLASSES_MAX (1 << 20)

#define IMPORT_UNNAMED (-2)

struct import_file {
    const char *path; /* relative to the folder, or absolute; or as the archive calls it */
    const char *name; /* unique; the last part of the path where that is enough */
    uint64_t bytes;   /* as listed */
    int label;        /* -1 unknown; IMPORT_UNNAMED: the table of labels does not name it */
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
    const char **folders;                  /* (folder_count) all folders found, for classes without pictures */
    int folder_count;
    const char **left_out;            /* (left_out_count) names of hidden folders and tools' folders, each once */
    int left_out_count, hidden_count; /* hidden_count: pictures with a hidden name */
    const char **notes;               /* (note_count) decisions other than the layout, one line each */
    int note_count;
    const char **lost; /* (lost_count) paths of pictures that are left out; their folders are still classes */
    int lost_count;
    int foreign_count;         /* those of them in formats that are not supported */
    const char *first_foreign; /* NULL: none */
    const char **refused;      /* (refused_count) pictures that cannot be taken, each with the reason */
    int refused_count;
    const struct import_solutions *solutions; /* that gave the labels, and have boxes; NULL: none */
};

/* Makes room for one more element of an array in an arena, doubling it if it is full. NULL: no memory. */
void *import_make_room(void *array, int count, size_t size, struct arena *arena);

int import_add_file(struct import_files *files, const char *path, uint64_t bytes, struct arena *arena,
                    struct error *err);
int import_add_folder(struct import_files *files, const char *path, struct arena *arena, struct error *err);
int import_add_refused(struct import_files *files, const char *path, const char *why, struct arena *arena,
                       struct error *err);
/* Adds a picture that is left out; and one in a format that is not supported. */
int import_add_lost(struct import_files *files, const char *path, struct arena *arena, struct error *err);
int import_add_foreign(struct import_files *files, const char *path, struct arena *arena, struct error *err);
int import_add_class(struct import_files *files, const char *id, const char *name, struct arena *arena,
                     struct error *err);

int import_add_left_out(struct import_files *files, const char *name, size_t length, struct arena *arena,
                        struct error *err);
int import_add_note(struct import_files *files, struct arena *arena, struct error *err, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* True if a name ends like a picture's; if it ends like one of another format, such as WebP. */
bool import_is_picture_name(const char *path);
bool import_is_foreign_name(const char *path);

/*
 * Returns the first part of a folder's path (`size` bytes, up to its last slash or its end) that is hidden (".git") or
 * made by a tool ("__MACOSX"), and its length; NULL: none. Pictures below such folders are not the user's.
 */
const char *import_tool_folder(const char *path, size_t size, size_t *length);

const char *import_last_part(const char *path);

/* The last part of a path without its ending, in the arena; NULL: no memory. */
char *import_stem(const char *path, struct arena *arena);

/* Fills in the names. Errors: a path appears twice. */
int import_name_files(struct import_files *files, struct arena *arena, struct error *err);

/* Finds files by the names that tables and lists give them. */
struct import_index;

/* Makes an index in the arena; the files must not move. NULL: no memory. */
struct import_index *import_index_files(const struct import_files *files, struct arena *arena);

/*
 * Returns the only file that `text` names by its path, its name, its name without the ending, or a path that ends in
 * the file's own ("val/x.JPEG" in a list, for the folder val). NULL: none, or several.
 */
struct import_file *import_index_find(const struct import_index *index, const char *text);

/*
 * Keeps the files that a list names (path, name or name without its ending; one a line), in its order. Errors name list
 * and line: a name that is missing or appears twice.
 */
int import_keep_listed(const char *list, struct arena *arena, struct import_files *files, struct error *err);

/* Reads a regular file of at most `most` bytes into the arena and adds a NUL. Errors do not name the file. */
int import_read_file(const char *path, size_t most, struct arena *arena, char **bytes, size_t *size, struct error *err);

/* Reads a table in the same way: UTF-8 text without its byte order mark, at most IMPORT_TABLE_BYTES_MAX. */
int import_read_text(const char *path, struct arena *arena, char **text, size_t *size, struct error *err);

#endif
