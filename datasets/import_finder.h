/*
 * datasets/import_finder.h - what the ways of finding pictures and their classes share. Private to the importer.
 *
 * Each way fills finder->files and ends in finder_say(); what it understood besides the layout it adds as a note.
 */
#ifndef DATASETS_IMPORT_FINDER_H
#define DATASETS_IMPORT_FINDER_H

#include "datasets/import.h"
#include "datasets/import_files.h"
#include "datasets/import_tables.h"

struct finder {
    const struct import_options *options;
    struct arena *arena;
    struct import_files *files;
    const char *start;                    /* tables are looked for from here upwards */
    const struct import_synsets *synsets; /* that were asked for, found or chosen; NULL: none */
    const char *synsets_path;             /* of those that were asked for or found */
    struct import_synsets own;
    bool is_listed; /* files hold the pictures that are there */
};

/* The first of the names that is there, in the start folder or up to `levels` above it; NULL: none. */
const char *finder_near(const struct finder *finder, const char *const *names, int count, int levels);

/* Lists the pictures, once; and an error if there are none. */
int finder_list(struct finder *finder, struct error *err);
int finder_need_pictures(const struct finder *finder, struct error *err);

/* How many bytes of all paths are folders that all pictures lie in. */
size_t finder_common_folder(const struct import_files *files);

/* How these folders are often called: they say what lies in them and not of which class it is. */
bool finder_is_general_name(const char *name, size_t length);

/* Ends every way of finding; `layout` NULL: no memory. */
int finder_say(const struct finder *finder, const char *layout, struct error *err);

/* "a", "b", "c" and 7 more: in the arena, NULL: no memory. */
const char *finder_names(const struct finder *finder, const char *const *names, int count);

/* Synsets that were asked for (--synsets), or Kaggle's list near the pictures; none is no error. */
int finder_find_synsets(struct finder *finder, struct error *err);

/*
 * Which classes the synsets are, with a note: those of a list that was asked for or found, of ImageNet where it has all of
 * them, else (and by --classes folder) numbered from 0 in their order. Sets finder->synsets. Errors: one that the list lacks.
 */
int finder_choose_synsets(struct finder *finder, const char *const *ids, int count, struct error *err);

/* Pictures that the table does not name (IMPORT_UNNAMED): an error, or with --partial left out with a note. */
int finder_settle_unnamed(struct finder *finder, const char *table, struct error *err);

/* -- the ways ------------------------------------------------------------------------------------------------------- */

/* One folder per class, right below `common`, a length of all paths. */
int import_find_class_folders(struct finder *finder, size_t common, struct error *err);

/*
 * A table of labels (import_read_table), whose rows are matched with the pictures. `is_near`: found and not given, so that
 * one that names none of the pictures, or has no known form, is left alone with a note: *is_used is false then.
 */
int import_use_table(struct finder *finder, const char *path, bool is_near, bool *is_used, struct error *err);

/* Kaggle's table or annotations as Tiny ImageNet has them, called `kind` in the layout. */
int import_use_solutions(struct finder *finder, const struct import_solutions *solutions, const char *path,
                         const char *kind, struct error *err);

#endif
