/*
 * datasets/import/import_source.h - the source of pictures, a folder or an archive. Private to the importer.
 */
#ifndef DATASETS_IMPORT_IMPORT_SOURCE_H
#define DATASETS_IMPORT_IMPORT_SOURCE_H

#include "datasets/import/import_files.h"

#include <signal.h>

/*
 * Lists all pictures below files->folder, and the folders. Hidden files and files without a picture's name do not
 * count; hidden folders and those of tools are left out by name. A broken link is refused.
 */
int import_list_folder(struct import_files *files, struct arena *arena, struct error *err);

/*
 * Lists those of a tar archive, compressed or not. Links, and names that lead out of the archive or hold control
 * characters, are refused one by one. An archive inside is a folder of its name. Errors: not an archive, damaged.
 */
int import_list_tar(struct import_files *files, const volatile sig_atomic_t *stop, struct arena *arena,
                    struct error *err);

/* Takes pictures one by one. `bytes` live until the next one; NULL: `problem` says why there are none. 0 to go on. */
struct import_visitor {
    bool (*is_wanted)(void *context, int file);
    int (*take)(void *context, int file, const char *bytes, size_t size, const struct error *problem);
    void *context;
};

/*
 * Visits the wanted pictures: of a folder in the order of the list, of an archive in its own, which is then read once
 * from start to end. A result of `take` other than 0 ends the visit and is returned; -1 with err: the archive has
 * changed.
 */
int import_visit_folder(const struct import_files *files, const struct import_visitor *visitor, struct arena *scratch,
                        struct error *err);
int import_visit_tar(const struct import_files *files, const struct import_visitor *visitor, struct arena *scratch,
                     struct error *err);

/*
 * Reads the file of an archive whose path ends with `end` into the arena and adds a NUL; *bytes is NULL if there is no
 * such file. Errors name the archive.
 */
int import_read_member(const char *archive, const char *end, size_t most, struct arena *arena, char **bytes,
                       size_t *size, struct error *err);

/* True if the file begins like an archive. */
bool import_is_archive(const char *path);

#endif
