/*
 * base/h5.h - reads and writes HDF5 files, with libhdf5 in a child process.
 *
 * libhdf5 crashes or loops on some damaged files, so a file is never opened in this process: a child process opens it,
 * answers requests over a socket, and dies alone. If it is killed by a signal, the error is `image set "x.h5": damaged
 * (the HDF5 library crashed on it)`; if it does not answer, the error is a time-out. Any thread reads the bytes of
 * contiguous datasets with pread(), without HDF5's lock; all other reads go through the child, one caller at a time
 * (the functions here lock). External storage, external links, virtual datasets and filter plugins are refused. Any
 * thread may open a file, but it must not end before the file is closed: the child process ends with the thread that
 * started it.
 */
#ifndef BASE_H5_H
#define BASE_H5_H

#include "base/error.h"
#include "base/h5_item.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct h5;

/* Opens a file and reads its catalogue; NULL with err. `kind` is how errors call the file: "image set", "weights". */
struct h5 *h5_open(const char *path, const char *kind, struct error *err);
void h5_close(struct h5 *file); /* NULL is fine */

/* The datasets and root attributes: how many, by position, by path. They live until h5_close(). */
int h5_count(const struct h5 *file);
const struct h5_item *h5_item(const struct h5 *file, int i);
const struct h5_item *h5_find(const struct h5 *file, const char *path); /* NULL if none */
const char *h5_path(const struct h5 *file);

/*
 * Reads rows first..first+count-1 along the first dimension (a scalar has one row), converted to `type` (float32,
 * int32, int64, uint64, uint8), into out, which the caller has sized from the item. Any thread may call it. A value
 * that `type` cannot hold, such as 0.5 for an integer, is an error that names the type in the file.
 */
int h5_read(struct h5 *file, const struct h5_item *item, uint64_t first, uint64_t count, enum h5_type type, void *out,
            struct error *err);

/*
 * Reads row `i` of H5_TEXT or H5_BYTES into malloc'd memory that the caller frees; text ends with NUL. size may be
 * NULL.
 */
int h5_read_bytes(struct h5 *file, const struct h5_item *item, uint64_t i, char **out, size_t *size, struct error *err);

/* Reads all rows of H5_TEXT: strings end to end, each NUL-terminated, in one malloc'd block that the caller frees. */
int h5_read_texts(struct h5 *file, const struct h5_item *item, char **out, size_t *size, struct error *err);

/*
 * Writing: a file is written under a temporary name and renamed by h5_commit(). A child process runs libhdf5, which
 * makes the structure; this process writes every byte and checks the result. After a failure all further calls fail,
 * and the file can only be abandoned.
 */
struct h5_writer;

struct h5_writer *h5_create(const char *path, struct error *err);
int h5_write(struct h5_writer *writer, const char *path, enum h5_type type, int rank, const uint64_t *dim,
             const void *data, struct error *err); /* contiguous; groups are made; "@name" writes a root attribute;
                                                      H5_FLOAT16: data are uint16_t, the bits of IEEE binary16 */
int h5_write_texts(struct h5_writer *writer, const char *path, const char *const *texts, uint64_t count,
                   struct error *err); /* count 1 with "@name": a text attribute */
/* A contiguous dataset of known size that is filled piece by piece: rows first..first+count-1 of dimension 0. */
int h5_define(struct h5_writer *writer, const char *path, enum h5_type type, int rank, const uint64_t *dim,
              struct error *err);
int h5_write_rows(struct h5_writer *writer, const char *path, uint64_t first, uint64_t count, const void *data,
                  struct error *err);
int h5_commit(struct h5_writer *writer, struct error *err); /* frees the writer, on failure too */
void h5_abandon(struct h5_writer *writer);                  /* frees and removes; NULL is fine */

#endif
