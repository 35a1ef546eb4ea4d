/*
 * base/h5_item.h - a dataset or an attribute of an HDF5 file, for both processes and for readers.
 */
#ifndef BASE_H5_ITEM_H
#define BASE_H5_ITEM_H

#include <stdbool.h>
#include <stdint.h>

enum h5_type {
    H5_FLOAT16,
    H5_FLOAT32,
    H5_FLOAT64,
    H5_UINT8,
    H5_INT32,
    H5_INT64,
    H5_UINT64,
    H5_TEXT,
    H5_BYTES,
    H5_OTHER
};

#define H5_RANK_MAX 5
#define H5_PATH_MAX 256
#define H5_STORED_MAX 48

/* A dataset or a root attribute. H5_TEXT: strings of either kind; H5_BYTES: variable-length uint8. */
struct h5_item {
    char path[H5_PATH_MAX]; /* "/label", "/tensor/fc.weight"; attributes: "@arch" */
    enum h5_type type;
    bool is_exact;              /* stored exactly as `type`, little-endian (the child converts others) */
    bool is_number;             /* an integer or a float of any size and byte order, which h5_read() converts */
    char stored[H5_STORED_MAX]; /* for people: "big-endian int32", "float16", "text" */
    int rank;
    uint64_t dim[H5_RANK_MAX];
    int64_t offset; /* in the file, if contiguous and is_exact; -1 otherwise */
};

#endif
