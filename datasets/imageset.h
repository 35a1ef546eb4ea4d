/*
 * datasets/imageset.h - an image set in HDF5 (docs/formats.md): encoded pictures, names, labels, classes.
 *
 * Opening checks everything except the pictures' bytes (in a child process, base/h5.h). Afterwards any thread may read
 * pictures.
 */
#ifndef DATASETS_IMAGESET_H
#define DATASETS_IMAGESET_H

#include "base/arena.h"
#include "base/error.h"
#include "datasets/picture.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct imageset;

/*
 * Opens a file of the project's layout, or one with /images as uint8 (N,H,W,3) or variable-length bytes, and /label or
 * /labels. NULL and err. Texts that the functions below return belong to the set.
 */
struct imageset *imageset_open(const char *path, struct error *err);
void imageset_close(struct imageset *set); /* NULL is fine */

int imageset_count(const struct imageset *set);
const char *imageset_name(const struct imageset *set, int image); /* "ILSVRC2012_val_00000001.JPEG"; "#17" if unnamed */
int imageset_label(const struct imageset *set, int image);        /* -1: unknown */
bool imageset_has_labels(const struct imageset *set);             /* at least one label is known */
int imageset_class_count(const struct imageset *set);             /* 0: no class list */
const char *imageset_class_name(const struct imageset *set, int k); /* NULL outside the list */
const char *imageset_class_id(const struct imageset *set, int k);   /* synset; likewise */
const char *imageset_source(const struct imageset *set);            /* root attribute, "" if there is none */
const char *imageset_layout(const struct imageset *set); /* for display: "cambench", "array", "encoded files" */
uint64_t imageset_bytes(const struct imageset *set);     /* of all pictures; 0: unknown ("encoded files") */

/*
 * Ground truth: the boxes of an image's labelled objects, in the file's pixels, half-open. Returns how many, 0: none.
 */
struct box {
    int x0, y0, x1, y1;
};
int imageset_boxes(const struct imageset *set, int image, const struct box **boxes);
bool imageset_has_boxes(const struct imageset *set); /* at least one image has boxes */

/*
 * Decodes the mask of an image, of the picture's size, into the arena; data is NULL if it has none. Errors name the
 * image.
 */
int imageset_mask(struct imageset *set, int image, struct arena *arena, struct mask *mask, struct error *err);
bool imageset_has_masks(const struct imageset *set); /* at least one image has a mask */

/* Decodes a picture into the arena; any thread may call it. Errors: `image "x.jpg": truncated JPEG file`. */
int imageset_picture(struct imageset *set, int image, struct arena *arena, struct picture *picture, struct error *err);

/* -- writing ------------------------------------------------------------------------------------------------------ */

/* A file of a new set. */
struct imageset_entry {
    const char *name;
    int label;
    uint64_t bytes;      /* size of the encoded file; imageset_write_file() takes the files in the entries' order */
    uint64_t mask_bytes; /* size of the one-channel PNG for imageset_write_mask(); 0: no mask */
};

struct imageset_description {
    const char *source, *created_by;
    int count;
    const struct imageset_entry *entries;
    int class_count;
    const char *const *class_names, *const *class_ids;
    const int32_t (*boxes)[5]; /* (box_count): image, x0, y0, x1, y1 */
    int box_count;
};

struct imageset_writer;

/* Begins a file and writes all lists. NULL and err. What is written appears at `path` when it is committed. */
struct imageset_writer *imageset_create(const char *path, const struct imageset_description *description,
                                        struct error *err);

/* Writes the next file; its size must be that of its entry. */
int imageset_write_file(struct imageset_writer *writer, const void *bytes, size_t size, struct error *err);
/* Writes file `i`, each once: instead of imageset_write_file(), for files that arrive in another order. */
int imageset_write_file_at(struct imageset_writer *writer, int i, const void *bytes, size_t size, struct error *err);
/* Writes boxes that were not known at imageset_create(): once, and only if the description has none. */
int imageset_write_boxes(struct imageset_writer *writer, const int32_t (*boxes)[5], int count, struct error *err);
/* Writes the next image's mask; size 0: the image has none. */
int imageset_write_mask(struct imageset_writer *writer, const void *bytes, size_t size, struct error *err);

/* Both free the writer: one puts the finished file at its path, the other removes it. */
int imageset_commit(struct imageset_writer *writer, struct error *err);
void imageset_abandon(struct imageset_writer *writer);

#endif
