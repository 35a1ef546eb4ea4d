/*
 * base/h5_wire.h - the protocol between this process and its children with libhdf5. Private to base/h5*.c.
 *
 * Reading. The child first sends its catalogue, an array of struct h5_item. Then it answers requests. An answer is any
 * number of pieces, struct h5_piece and its bytes, ended by an empty piece; a failed piece holds a sentence and ends
 * the answer as well. The parent checks everything that it receives: a damaged file may have corrupted the child's
 * memory.
 */
#ifndef BASE_H5_WIRE_H
#define BASE_H5_WIRE_H

#include "base/error.h"
#include "base/h5_item.h"

#include <stddef.h>

#define H5_ITEMS_MAX 16384
#define H5_ATTRIBUTE_ROWS_MAX 65536
#define H5_ANSWER_BYTES_MAX ((uint64_t)1 << 30) /* of text, or of one variable-length element, or of one row */

enum h5_request_kind { H5_REQUEST_ROWS, H5_REQUEST_BYTES, H5_REQUEST_TEXTS };

struct h5_request {
    uint32_t kind, item;
    uint64_t first, count;
    uint32_t type; /* ROWS: as what; FLOAT16 only for items that are FLOAT16 */
};

enum h5_failed { H5_FAILED_NOT, H5_FAILED_DATA, H5_FAILED_SYSTEM };

struct h5_piece {
    uint32_t failed; /* enum h5_failed */
    uint64_t size;
};

/* Bytes of one number; 0 for types that are not numbers. */
size_t h5_type_size(enum h5_type type);

/* Rows (along dimension 0) and elements of one row; 0 if that overflows. A scalar has one row of one element. */
uint64_t h5_rows(const struct h5_item *item);
uint64_t h5_row_elements(const struct h5_item *item);

/* The child's main function: opens the file, sends the catalogue, answers until the socket closes. */
_Noreturn void h5_child_run(const char *path);

/*
 * Writing. The parent sends orders, struct h5_order and its bytes; the child answers each with steps. The child has no
 * file of its own: its steps write and read bytes of the parent's file, until the order is done or has failed.
 */
enum h5_order_kind {
    H5_ORDER_DEFINE,    /* a dataset of numbers; done: the value is where its bytes begin, H5_NOWHERE if it has none */
    H5_ORDER_ATTRIBUTE, /* numbers, which follow */
    H5_ORDER_TEXTS,     /* a dataset or an attribute; the texts follow, each with its NUL */
    H5_ORDER_CLOSE      /* done: everything has been written, and the child ends */
};

struct h5_order {
    uint32_t kind, type;
    int32_t rank;
    uint64_t dim[H5_RANK_MAX];
    uint64_t size; /* of the bytes that follow */
    char path[H5_PATH_MAX];
};

enum h5_step_kind {
    H5_STEP_WRITE,  /* `size` bytes follow, for place `at` */
    H5_STEP_READ,   /* send `size` bytes of place `at`; zeros after the end */
    H5_STEP_RESIZE, /* the file has `at` bytes */
    H5_STEP_DONE,   /* `at` is the order's value */
    H5_STEP_FAILED  /* `size` bytes follow: why */
};

struct h5_step {
    uint32_t kind;
    uint64_t at, size;
};

#define H5_NOWHERE UINT64_MAX

/* The writing child's main function: carries out orders until one closes the file or the socket closes. */
_Noreturn void h5_write_child_run(void);

#endif
