/*
 * weights/tensor_file.h - files of named tensors from elsewhere: PyTorch's .pth and .pt, safetensors.
 *
 * A file is opened in two steps: names and shapes first, so that a wrong or hostile file ends before its data are
 * touched, then the wanted storages, one at a time. Every size in a file is checked against the bytes
 * that are there: no storage is larger than the file, no tensor larger than its storage.
 *
 * A format is one file that fills struct tensor_file and gives it a read().
 */
#ifndef WEIGHTS_TENSOR_FILE_H
#define WEIGHTS_TENSOR_FILE_H

#include "base/arena.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TENSOR_FILE_RANK_MAX 8
#define TENSOR_FILE_COUNT_MAX 4096 /* tensors, and storages: more than any network has */

struct scalar {
    const char *name; /* "float16" */
    int bytes;
    bool is_float;
};

/* Elements one after the other, in the file's byte order; several tensors may share one. */
struct tensor_storage {
    const char *key; /* its name in the file */
    const struct scalar *scalar;
    int64_t count;  /* elements */
    int64_t offset; /* of the first byte in the file; -1: only read() finds it */
};

/* A view of a storage, in elements. */
struct stored_tensor {
    const char *name;
    int storage; /* position in storages */
    int rank;
    int64_t dim[TENSOR_FILE_RANK_MAX], stride[TENSOR_FILE_RANK_MAX], offset;
};

struct tensor_file;

/* Another value in a checkpoint, for display: "epoch", "90". */
struct tensor_file_entry {
    const char *key, *what;
};

#define TENSOR_FILE_ENTRIES_MAX 64

/* Receives all bytes of one storage, which live until it returns. */
typedef int (*tensor_storage_taker)(void *context, int storage, const unsigned char *bytes, struct error *err);

struct tensor_file {
    const char *path, *format; /* format, for display: "PyTorch" */
    int fd;
    int64_t size; /* bytes of the file */
    bool is_big_endian;
    struct stored_tensor *tensors;
    struct tensor_storage *storages;
    int tensor_count, storage_count;
    const char *key;                   /* the user's key for the tensors; NULL: search; safetensors have none */
    bool is_key_found;                 /* the key has tensors */
    bool is_listing;                   /* several state dicts are not an error: the first is taken */
    const char *taken, *others;        /* the key that was taken, "": none; the other keys: "\"model_ema\"" */
    struct tensor_file_entry *entries; /* of the dict around the state dict */
    int entry_count;
    int (*read)(const struct tensor_file *file, const bool *wanted, tensor_storage_taker take, void *context,
                struct error *err);
    struct arena arena; /* holds all that is pointed to */
};

/*
 * Opens a file of any of the formats. `key`: the state dict's, NULL: a usual one; if the key does not exist,
 * is_key_found is false. Errors begin with `weights "PATH": ` and name the cause: the format, an opcode that tensors do
 * not need, a size that does not fit, no tensors, several state dicts (not from tensor_file_list()).
 */
struct tensor_file *tensor_file_open(const char *path, const char *key, struct error *err);
struct tensor_file *tensor_file_list(const char *path, const char *key, struct error *err);
void tensor_file_close(struct tensor_file *file); /* NULL is fine */

/* 1 if the file begins like HDF5, which this reader does not read, else 0; -1 and an error if it cannot be read. */
int tensor_file_is_hdf5(const char *path, struct error *err);

/* Calls take() for each wanted storage (`wanted`: one for each), in the file's order; ends with its first error. */
int tensor_file_read(const struct tensor_file *file, const bool *wanted, tensor_storage_taker take, void *context,
                     struct error *err);

/* Elements of a tensor. */
int64_t stored_tensor_size(const struct stored_tensor *tensor);

/*
 * Copies a tensor out of its storage's bytes: stored_tensor_size() floats, row-major. Errors: integers, a value that is
 * not finite as float32.
 */
int stored_tensor_floats(const struct tensor_file *file, const struct stored_tensor *tensor, const unsigned char *bytes,
                         float *out, struct error *err);

/* -- for the formats ---------------------------------------------------------------------------------------------- */

/* By name: "float32"; NULL if there is none. */
const struct scalar *scalar_find(const char *name);

/* The whole range or an error that the file is cut short. */
int tensor_file_bytes(const struct tensor_file *file, int64_t offset, size_t size, void *out, struct error *err);

/* read() of formats whose storages all know their offsets. */
int tensor_file_read_placed(const struct tensor_file *file, const bool *wanted, tensor_storage_taker take,
                            void *context, struct error *err);

/* Fill an open file from its start: tensors, storages, read. */
int pth_zip_open(struct tensor_file *file, struct error *err);
int pth_legacy_open(struct tensor_file *file, struct error *err);
int safetensors_open(struct tensor_file *file, struct error *err);

#endif
