/*
 * base/h5_wire.h - what the reading process and its child say to each other. Private to base/h5*.c.
 *
 * The child first answers without being asked: its catalogue, an array of struct h5_item. Then it answers requests.
 * An answer is any number of pieces, struct h5_piece and its bytes, ended by an empty piece; a failed piece holds a
 * sentence and ends the answer as well. Whatever the child says is checked by the parent: a damaged file may have
 * damaged it.
 */
#ifndef BASE_H5_WIRE_H
#define BASE_H5_WIRE_H

#include "base/h5.h"

#define H5_ITEMS_MAX 16384
#define H5_ATTRIBUTE_ROWS_MAX 65536
#define H5_ANSWER_BYTES_MAX ((uint64_t)1 << 30) /* of text, or of one variable-length element, or of one row */

enum h5_request_kind { H5_REQUEST_ROWS, H5_REQUEST_BYTES, H5_REQUEST_TEXTS };

struct h5_request {
    uint32_t kind, item;
    uint64_t first, count;
    uint32_t type; /* ROWS: as what; FLOAT16 only for items that are FLOAT16 */
};

struct h5_piece {
    uint32_t failed;
    uint64_t size;
};

/* Bytes of one number; 0 for types that are none. */
size_t h5_type_size(enum h5_type type);

/* Rows (along dimension 0) and elements of one row; 0 if that overflows. A scalar has one row of one element. */
uint64_t h5_rows(const struct h5_item *item);
uint64_t h5_row_elements(const struct h5_item *item);

/* The child's main function: opens the file, sends the catalogue, answers until the socket closes. */
_Noreturn void h5_child_run(int connection, const char *path, long parent);

#endif
