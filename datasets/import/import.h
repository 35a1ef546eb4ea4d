/*
 * datasets/import/import.h - a folder or an archive of pictures, with labels, becomes an image set.
 *
 * docs/datasets.md lists the layouts. Every picture is checked to be a whole JPEG or PNG file (import_picture.h) while
 * it is copied, so that the pictures are read once; only if one turns out broken, the remaining ones are copied again.
 * Memory holds the list of files and one picture.
 */
#ifndef DATASETS_IMPORT_IMPORT_H
#define DATASETS_IMPORT_IMPORT_H

#include "base/error.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

struct import_result {
    char layout[1024]; /* for people */
    int found;         /* files of the layout, or of the list */
    int written, skipped, class_count, boxes;
    int clipped; /* pictures of 16-bit grey (decode_clips) */
    uint64_t bytes;
};

enum import_classes { IMPORT_CLASSES_IMAGENET, IMPORT_CLASSES_FOLDER };

struct import_options {
    const char *source, *out; /* a folder, or a tar archive */
    const char *list;         /* file that names the pictures to take, one a line; NULL: all */
    const char *labels;       /* table or development kit; "none": no labels; NULL: search for one */
    const char *synsets;      /* ImageNet's classes: LOC_synset_mapping.txt or meta.mat; NULL: search for one */
    const char *boxes; /* folder of XML annotations, or Kaggle's CSV; NULL: the boxes that come with the labels */
    enum import_classes classes; /* of ImageNet's synsets: ImageNet's indices, or from 0 in the order of the folders */
    bool is_partial;             /* pictures that the table of labels does not name are left out; else an error */
    int limit, per_class;        /* largest number of readable pictures; 0: all */
    bool is_sampled;             /* drawn at random by `seed`, instead of the first ones; their order is kept */
    uint64_t seed;
    bool is_decoded; /* decode every picture too: slow, and sees all damage */
    bool is_strict;  /* an unreadable picture is an error; nothing is written */
    const char *created_by;
    const volatile sig_atomic_t *stop; /* set by a signal handler; NULL: never */
    /* What happens, for people; each may be NULL. checked: another picture, `problem` NULL if it is readable. */
    void (*found)(void *context, const struct import_result *result);
    void (*noted)(void *context, const char *note); /* after `found`: decisions other than the layout */
    void (*checked)(void *context, const char *problem);
    void *context;
};

enum import_status { IMPORT_DONE = 0, IMPORT_FAILED = -1, IMPORT_UNREADABLE = -2, IMPORT_STOPPED = -3 };
/*
 * IMPORT_DONE: the file is there, whole. IMPORT_FAILED: err says why. IMPORT_UNREADABLE: strict, and err names the
 * first unreadable picture. IMPORT_STOPPED: by the flag. In all but the first case no file is left.
 * The remains of a killed import beside `out` are removed.
 */
int import_dataset(const struct import_options *options, struct import_result *result, struct error *err);

#endif
