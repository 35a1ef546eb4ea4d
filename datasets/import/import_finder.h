/*
 * datasets/import/import_finder.h - shared by the layouts in which pictures and their classes are found. Private to the
 * importer.
 *
 * Each layout's function fills finder->files and ends in finder_finish(); its other decisions are added as notes.
 */
#ifndef DATASETS_IMPORT_IMPORT_FINDER_H
#define DATASETS_IMPORT_IMPORT_FINDER_H

#include "datasets/import/import.h"
#include "datasets/import/import_files.h"
#include "datasets/import/import_tables.h"

struct finder {
    const struct import_options *options;
    struct arena *arena;
    struct import_files *files;
    const char *start;                    /* the search for tables begins here and goes upwards */
    const struct import_synsets *synsets; /* given by the user, found or chosen; NULL: none */
    const char *synsets_path;             /* the file that was given or found */
    struct import_synsets own;
    bool is_listed; /* `files` has been filled with the pictures */
};

/* Returns the first of the names that exists in the start folder or up to `levels` above it; NULL: none. */
const char *finder_near(const struct finder *finder, const char *const *names, int count, int levels);

/* Lists the pictures, once. Error: there are none. */
int finder_list(struct finder *finder, struct error *err);
int finder_need_pictures(const struct finder *finder, struct error *err);

/* Length of the folders that all paths begin with, in bytes. */
size_t finder_common_folder(const struct import_files *files);

/* General names of folders ("images", "train"), which describe their content and not its class. */
bool finder_is_general_name(const char *name, size_t length);

/* The last step of every layout; `layout` NULL: no memory. */
int finder_finish(const struct finder *finder, const char *layout, struct error *err);

/* "a", "b", "c" and 7 more: in the arena, NULL: no memory. */
const char *finder_names(const struct finder *finder, const char *const *names, int count);

/*
 * Reads the synsets that were given (--synsets), or Kaggle's list near the pictures; it is not an error to find none.
 */
int finder_find_synsets(struct finder *finder, struct error *err);

/*
 * Decides which classes the synsets are, with a note: those of a list that was given or found, else ImageNet's if it
 * has all of them, else (and by --classes folder) from 0 in their order. Sets finder->synsets. Error: the list lacks
 * one.
 */
int finder_choose_synsets(struct finder *finder, const char *const *ids, int count, struct error *err);

/* Pictures that the table does not name (IMPORT_UNNAMED) are an error, or with --partial left out with a note. */
int finder_settle_unnamed(struct finder *finder, const char *table, struct error *err);

/* -- layouts ------------------------------------------------------------------------------------------------------- */

/* One folder per class, directly below the first `common` bytes of all paths. */
int import_find_class_folders(struct finder *finder, size_t common, struct error *err);

/*
 * A table of labels (import_read_table), whose rows are matched with the pictures. `is_near`: the table was found, not
 * given; if it names none of the pictures or has no known form, it is ignored with a note, and *is_used is false.
 */
int import_use_table(struct finder *finder, const char *path, bool is_near, bool *is_used, struct error *err);

/* Kaggle's table or Tiny ImageNet's annotations, called `kind` in the layout. */
int import_use_solutions(struct finder *finder, const struct import_solutions *solutions, const char *path,
                         const char *kind, struct error *err);

#endif
