/*
 * datasets/import.h - a folder of pictures and labels becomes an image set.
 *
 * Layouts: FOLDER/labels.csv with columns file, class_index and perhaps synset and name, in any order, paths relative
 * to it; else one folder per class. Every picture is decoded once, so that the image set holds readable ones only.
 * Memory holds the list of files and one picture.
 */
#ifndef DATASETS_IMPORT_H
#define DATASETS_IMPORT_H

#include "base/error.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

struct import_result {
    const char *layout; /* for people; a constant */
    int found;          /* files of the layout, or of the list */
    int written, skipped, class_count;
    uint64_t bytes;
};

struct import_options {
    const char *folder, *out;
    const char *list;     /* file that names the pictures to take, one a line; NULL: all */
    int limit, per_class; /* at most so many readable ones; 0: all */
    bool is_sampled;      /* drawn at random by `seed`, instead of the first ones; their order stays */
    uint64_t seed;
    bool is_strict; /* an unreadable picture is an error; nothing is written */
    const char *created_by;
    const volatile sig_atomic_t *stop; /* set by a signal handler; NULL: never */
    /* What happens, for people; each may be NULL. checked: another picture, `problem` NULL if it is readable. */
    void (*found)(void *context, const struct import_result *result);
    void (*checked)(void *context, const char *problem);
    void *context;
};

enum import_status { IMPORT_DONE = 0, IMPORT_FAILED = -1, IMPORT_UNREADABLE = -2, IMPORT_STOPPED = -3 };

/*
 * IMPORT_DONE: the file is there, whole. IMPORT_FAILED: err says why. IMPORT_UNREADABLE: strict, and err names the
 * first unreadable picture. IMPORT_STOPPED: by the flag. In all but the first case nothing is left behind.
 */
int import_dataset(const struct import_options *options, struct import_result *result, struct error *err);

#endif
