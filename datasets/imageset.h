/*
 * datasets/imageset.h - an image set in HDF5 (docs/formats.md): encoded pictures, names, labels, classes.
 *
 * Opening checks everything (base/h5.h: in a child process); reading a picture's bytes is then safe from any thread.
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

/* The project's layout, or /images as uint8 (N,H,W,3) or variable-length bytes with /label or /labels. */
struct imageset *imageset_open(const char *path, struct error *err);
void imageset_close(struct imageset *set); /* NULL is fine */

int imageset_count(const struct imageset *set);
const char *imageset_name(const struct imageset *set, int image); /* "ILSVRC2012_val_00000001.JPEG"; "#17" if unnamed */
int imageset_label(const struct imageset *set, int image);        /* -1 unknown */
bool imageset_has_labels(const struct imageset *set);             /* at least one is known */
int imageset_class_count(const struct imageset *set);             /* 0: no class list */
const char *imageset_class_name(const struct imageset *set, int k); /* NULL outside the list */
const char *imageset_class_id(const struct imageset *set, int k);
const char *imageset_source(const struct imageset *set); /* root attribute, "" if none */
const char *imageset_layout(const struct imageset *set); /* "cambench", "array", "encoded files": for display */
uint64_t imageset_bytes(const struct imageset *set);     /* of all pictures; 0: unknown ("encoded files") */

/* Ground truth, if the set holds it: boxes of an image in the file's pixels, half-open. Returns how many. */
struct box {
    int x0, y0, x1, y1;
};
int imageset_boxes(const struct imageset *set, int image, const struct box **boxes);
bool imageset_has_boxes(const struct imageset *set); /* of at least one image */

/* The mask of an image, of the file's size, in the arena; data is NULL if the image has none. Errors name the image. */
int imageset_mask(struct imageset *set, int image, struct arena *arena, struct mask *mask, struct error *err);
bool imageset_has_masks(const struct imageset *set); /* likewise */

/*
 * Decodes image `image` into the arena. Errors name the image: "image "x.jpg": truncated JPEG file". Any thread.
 */
int imageset_picture(struct imageset *set, int image, struct arena *arena, struct picture *picture, struct error *err);

/* -- writing ------------------------------------------------------------------------------------------------------ */

struct imageset_entry {
    const char *name;
    int label;
    uint64_t bytes;      /* size of the encoded file, which is given to imageset_write_file() in this order */
    uint64_t mask_bytes; /* size of the one-channel PNG for imageset_write_mask(); 0: none */
};

struct imageset_description {
    const char *source, *created_by;
    int count;
    const struct imageset_entry *entries;
    int class_count;
    const char *const *class_names, *const *class_ids;
    const int32_t (*boxes)[5]; /* image, x0, y0, x1, y1 */
    int box_count;
};

struct imageset_writer;

struct imageset_writer *imageset_create(const char *path, const struct imageset_description *description,
                                        struct error *err);
int imageset_write_file(struct imageset_writer *writer, const void *bytes, size_t size, struct error *err);
/* Instead, for files that come in another order: file `i`, each once. */
int imageset_write_file_at(struct imageset_writer *writer, int i, const void *bytes, size_t size, struct error *err);
/* Once, and only if the description has none: for boxes that are known last. */
int imageset_write_boxes(struct imageset_writer *writer, const int32_t (*boxes)[5], int count, struct error *err);
int imageset_write_mask(struct imageset_writer *writer, const void *bytes, size_t size,
                        struct error *err);                             /* 0: none */
int imageset_commit(struct imageset_writer *writer, struct error *err); /* frees the writer */
void imageset_abandon(struct imageset_writer *writer);

#endif
