/*
 * base/h5_child.h - shared by the files of the process that reads a foreign HDF5 file; no other file includes it.
 *
 * h5_child.c is its main function; h5_catalogue.c opens the file and lists its objects; h5_rows.c and h5_texts.c answer
 * requests; h5_child_output.c sends answers; h5_child_type.c has libhdf5's types.
 */
#ifndef BASE_H5_CHILD_H
#define BASE_H5_CHILD_H

#include "base/h5_wire.h"

#include <hdf5.h>

#define OUTPUT_BYTES ((size_t)64 << 10)    /* small pieces are sent together */
#define H5_BLOCK_BYTES ((uint64_t)8 << 20) /* of rows that are read at once */

struct h5_child {
    hid_t file, half; /* half: IEEE binary16, little-endian */
    struct h5_item *items;
    int count, capacity;
    int open_item; /* the dataset or attribute that is open, -1 none */
    hid_t open_id;
    struct error err;
    size_t output_size;
    char output[OUTPUT_BYTES];
};

/* -- h5_child_output.c -- */

/* The next bytes of the answer. */
void h5_child_emit(struct h5_child *child, const void *data, size_t size);

/* A piece of its own; nothing if it is empty. */
void h5_child_send_piece(const void *data, uint64_t size);

/* Sends the rest of the answer and its end; status -1: child->err instead. */
void h5_child_end_answer(struct h5_child *child, int status);

/* -- h5_child_type.c -- */

/* Fills the item's type and `stored`, its description for people. */
void h5_describe_type(const struct h5_child *child, hid_t type, struct h5_item *item);

/* The type of a request's numbers in memory; negative: not numbers. */
hid_t h5_memory_type(const struct h5_child *child, enum h5_type type);

/* -- h5_catalogue.c -- */

/* Opens the file and lists its objects. */
int h5_read_catalogue(struct h5_child *child, const char *path);

/*
 * Fills child->err after a failed call of libhdf5 if the system was the cause. It must follow that call directly,
 * because libhdf5's next call clears the reason.
 */
void h5_note_refusal(struct h5_child *child);

/* -- h5_rows.c -- */

bool h5_is_attribute(const struct h5_item *item);

/* Fills child->err: `dataset "/label" WHY`; returns -1. */
int h5_fail_item(struct h5_child *child, const struct h5_item *item, const char *why);

/* The stored type of the open item; the caller closes it. */
hid_t h5_type_of_open(struct h5_child *child);

/* Reads rows of the open item, converted to the memory type `type`; an attribute only as a whole. */
int h5_read_block(struct h5_child *child, const struct h5_item *item, uint64_t first, uint64_t count, hid_t type,
                  void *out);

/* Opens item i, unless it is the one that is open, and closes the other one. */
int h5_open_item(struct h5_child *child, int i);

/* Sends rows of numbers. The item and the rows of a request have been checked by the parent. */
int h5_send_rows(struct h5_child *child, const struct h5_item *item, const struct h5_request *request);

/* -- h5_texts.c -- */

int h5_send_texts(struct h5_child *child, const struct h5_item *item, const struct h5_request *request);

/* One element of variable-length bytes. */
int h5_send_bytes(struct h5_child *child, const struct h5_item *item, const struct h5_request *request);

#endif
