/*
 * base/h5_write.c - writes our own HDF5 files, under a temporary name until they are complete.
 *
 * A child process makes the structure with libhdf5 (h5_write_child.c); every byte goes through write_at() here, numbers
 * straight to the datasets that the child has reserved. So each failure of the disk is an error with its reason, and a
 * crash of the library ends only the child. Equal content gives equal bytes: no times are stored. Datasets are
 * contiguous, so that readers can pread() them.
 */
#include "base/h5.h"

#include "base/file.h"
#include "base/h5_process.h"
#include "base/h5_wire.h"
#include "base/unfinished.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "numbers are written as they lie in memory");

#define BLOCK_BYTES ((size_t)64 << 10)

/* A dataset of numbers and where its bytes are. */
struct reserved_dataset {
    char path[H5_PATH_MAX];
    uint64_t offset, row_bytes, rows;
};

struct h5_writer {
    char path[PATH_MAX], temporary[PATH_MAX];
    struct file_folders folders; /* made for this file */
    int fd;                      /* -1: none */
    struct h5_process process;
    bool is_there;  /* the temporary file exists */
    bool is_broken; /* something has failed: the file can only be abandoned */
    struct reserved_dataset *datasets;
    size_t dataset_count, dataset_capacity;
};

static int fail(struct h5_writer *writer, const char *item, const char *why, struct error *err)
{
    writer->is_broken = true;
    return error_set(err, "could not write \"%s\": %s%s%s%s", writer->path, item ? "\"" : "", item ? item : "",
                     item ? "\": " : "", why);
}

static int fail_system(struct h5_writer *writer, struct error *err)
{
    return fail(writer, NULL, strerror(errno), err);
}

/* -- the file ----------------------------------------------------------------------------------------------------- */

static int write_at(struct h5_writer *writer, uint64_t at, const void *data, size_t size, struct error *err)
{
    for (size_t done = 0; done < size;) {
        const ssize_t written = pwrite(writer->fd, (const char *)data + done, size - done, (off_t)(at + done));
        if (written < 0 && errno == EINTR)
            continue;
        if (written == 0)
            errno = ENOSPC;
        if (written <= 0)
            return fail_system(writer, err);
        done += (size_t)written;
    }
    return 0;
}

/* Bytes after the end are zeros. */
static int read_at(struct h5_writer *writer, uint64_t at, void *out, size_t size, struct error *err)
{
    memset(out, 0, size);
    for (size_t done = 0; done < size;) {
        const ssize_t got = pread(writer->fd, (char *)out + done, size - done, (off_t)(at + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fail_system(writer, err);
        if (got == 0)
            break;
        done += (size_t)got;
    }
    return 0;
}

/* Makes an empty temporary file in the folder of `path`, and the missing folders above it. */
static int create_file(struct h5_writer *writer, const char *path, struct error *err)
{
    if (snprintf(writer->path, PATH_MAX, "%s", path) >= PATH_MAX ||
        snprintf(writer->temporary, PATH_MAX, "%s.part-%ld", path, (long)getpid()) >= PATH_MAX)
        return error_set(err, "path too long: \"%s\"", path);
    if (file_check_target(path, err))
        return -1;
    const int how = O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC;
    unfinished_add(writer->temporary);
    unlink(writer->temporary); /* left by a process with the same number, or a link, which must not be followed */
    writer->fd = open(writer->temporary, how, 0666);
    if (writer->fd < 0 && errno == ENOENT) {
        if (file_make_parents(&writer->folders, path, err))
            return error_prefix(err, "could not write \"%s\": ", path);
        writer->fd = open(writer->temporary, how, 0666);
    }
    writer->is_there = writer->fd >= 0;
    return writer->is_there ? 0 : fail_system(writer, err);
}

/* -- the child ---------------------------------------------------------------------------------------------------- */

static int lose_child(struct h5_writer *writer, struct error *err)
{
    return fail(writer, NULL, "the process with the HDF5 library has crashed", err);
}

/* Carries out a step of the child that writes or reads, in pieces. */
static int move_bytes(struct h5_writer *writer, const struct h5_step *step, struct error *err)
{
    char block[BLOCK_BYTES];
    for (uint64_t done = 0; done < step->size;) {
        const size_t size = step->size - done < sizeof block ? (size_t)(step->size - done) : sizeof block;
        const bool is_read = step->kind == H5_STEP_READ;
        if (is_read && read_at(writer, step->at + done, block, size, err))
            return -1;
        if ((is_read ? h5_process_send(&writer->process, block, size)
                     : h5_process_receive(&writer->process, block, size)))
            return lose_child(writer, err);
        if (!is_read && write_at(writer, step->at + done, block, size, err))
            return -1;
        done += size;
    }
    return 0;
}

static int take_failure(struct h5_writer *writer, const struct h5_step *step, const char *item, struct error *err)
{
    char why[64] = "";
    if (step->size >= sizeof why || h5_process_receive(&writer->process, why, step->size))
        return lose_child(writer, err);
    return fail(writer, item, why, err);
}

/* Carries out all steps of an order; *value is that of H5_STEP_DONE. */
static int take_steps(struct h5_writer *writer, const char *item, uint64_t *value, struct error *err)
{
    for (;;) {
        struct h5_step step;
        if (h5_process_receive(&writer->process, &step, sizeof step))
            return lose_child(writer, err);
        int status = 0;
        switch ((enum h5_step_kind)step.kind) {
        case H5_STEP_WRITE:
        case H5_STEP_READ:
            status = move_bytes(writer, &step, err);
            break;
        case H5_STEP_RESIZE:
            status = ftruncate(writer->fd, (off_t)step.at) ? fail_system(writer, err) : 0;
            break;
        case H5_STEP_DONE:
            *value = step.at;
            return 0;
        case H5_STEP_FAILED:
            return take_failure(writer, &step, item, err);
        }
        if (status)
            return status;
    }
}

static int start_order(struct h5_writer *writer, struct h5_order *order, enum h5_order_kind kind, const char *path,
                       struct error *err)
{
    *order = (struct h5_order){.kind = kind};
    if (writer->is_broken)
        return fail(writer, NULL, "an earlier part of it could not be written", err);
    if (snprintf(order->path, sizeof order->path, "%s", path) >= (int)sizeof order->path)
        return fail(writer, path, "the name is too long", err);
    return 0;
}

static int carry_out(struct h5_writer *writer, const struct h5_order *order, const void *bytes, uint64_t *value,
                     struct error *err)
{
    const char *item = order->path[0] ? order->path : NULL;
    if (h5_process_send(&writer->process, order, sizeof *order) == 0)
        (void)h5_process_send(&writer->process, bytes,
                              order->size); /* a child that has failed still sends its reason */
    return take_steps(writer, item, value, err);
}

static void run_child(void *context)
{
    (void)context;
    h5_write_child_run();
}

/* -- orders ------------------------------------------------------------------------------------------------------- */

struct h5_writer *h5_create(const char *path, struct error *err)
{
    const char *what;
    struct h5_writer *writer = calloc(1, sizeof *writer);
    if (!writer) {
        error_memory(err, path);
        return NULL;
    }
    writer->fd = writer->process.connection = -1;
    if (create_file(writer, path, err) == 0) {
        if (h5_process_start(&writer->process, run_child, NULL, &what) == 0)
            return writer;
        error_set(err, "could not write \"%s\": could not make %s for it: %s", path, what, strerror(errno));
    }
    h5_abandon(writer);
    return NULL;
}

static struct reserved_dataset *add_dataset(struct h5_writer *writer)
{
    if (writer->dataset_count == writer->dataset_capacity) {
        const size_t capacity = writer->dataset_capacity ? writer->dataset_capacity * 2 : 16;
        struct reserved_dataset *datasets = realloc(writer->datasets, capacity * sizeof *datasets);
        if (!datasets)
            return NULL;
        writer->datasets = datasets;
        writer->dataset_capacity = capacity;
    }
    return &writer->datasets[writer->dataset_count++];
}

/* Bytes of one row; UINT64_MAX if the dataset is larger than any file. */
static uint64_t measure_row(enum h5_type type, int rank, const uint64_t *dim)
{
    uint64_t bytes = h5_type_size(type), all;
    for (int i = 1; i < rank; i++)
        if (__builtin_mul_overflow(bytes, dim[i], &bytes))
            return UINT64_MAX;
    return __builtin_mul_overflow(bytes, rank ? dim[0] : 1, &all) || all > INT64_MAX ? UINT64_MAX : bytes;
}

int h5_define(struct h5_writer *writer, const char *path, enum h5_type type, int rank, const uint64_t *dim,
              struct error *err)
{
    struct h5_order order;
    if (start_order(writer, &order, H5_ORDER_DEFINE, path, err))
        return -1;
    struct reserved_dataset *dataset = add_dataset(writer);
    if (!dataset)
        return error_memory(err, writer->path);
    order.type = type;
    order.rank = rank;
    for (int i = 0; i < rank; i++)
        order.dim[i] = dim[i];
    *dataset = (struct reserved_dataset){.rows = rank ? dim[0] : 1, .row_bytes = measure_row(type, rank, dim)};
    memcpy(dataset->path, order.path, sizeof dataset->path);
    if (dataset->row_bytes == UINT64_MAX)
        return fail(writer, path, "larger than any file", err);
    return carry_out(writer, &order, NULL, &dataset->offset, err);
}

static int write_attribute(struct h5_writer *writer, const char *path, enum h5_type type, int rank, const uint64_t *dim,
                           const void *data, struct error *err)
{
    struct h5_order order;
    uint64_t none;
    const uint64_t row = measure_row(type, rank, dim);
    if (start_order(writer, &order, H5_ORDER_ATTRIBUTE, path, err))
        return -1;
    if (row == UINT64_MAX)
        return fail(writer, path, "larger than any file", err);
    order.type = type;
    order.rank = rank;
    order.size = row * (rank ? dim[0] : 1);
    for (int i = 0; i < rank; i++)
        order.dim[i] = dim[i];
    return carry_out(writer, &order, data, &none, err);
}

int h5_write(struct h5_writer *writer, const char *path, enum h5_type type, int rank, const uint64_t *dim,
             const void *data, struct error *err)
{
    if (path[0] == '@')
        return write_attribute(writer, path, type, rank, dim, data, err);
    if (h5_define(writer, path, type, rank, dim, err))
        return -1;
    return data ? h5_write_rows(writer, path, 0, rank ? dim[0] : 1, data, err) : 0;
}

int h5_write_texts(struct h5_writer *writer, const char *path, const char *const *texts, uint64_t count,
                   struct error *err)
{
    struct h5_order order;
    uint64_t none;
    if (start_order(writer, &order, H5_ORDER_TEXTS, path, err))
        return -1;
    order.rank = path[0] == '@' && count == 1 ? 0 : 1;
    order.dim[0] = count;
    for (uint64_t i = 0; i < count; i++)
        order.size += strlen(texts[i]) + 1;
    char *bytes = malloc(order.size + 1), *end = bytes;
    if (!bytes)
        return error_memory(err, writer->path);
    for (uint64_t i = 0; i < count; i++)
        end = stpcpy(end, texts[i]) + 1;
    const int status = carry_out(writer, &order, bytes, &none, err);
    free(bytes);
    return status;
}

static const struct reserved_dataset *find_dataset(const struct h5_writer *writer, const char *path)
{
    for (size_t i = writer->dataset_count; i-- > 0;)
        if (strcmp(writer->datasets[i].path, path) == 0)
            return &writer->datasets[i];
    return NULL;
}

int h5_write_rows(struct h5_writer *writer, const char *path, uint64_t first, uint64_t count, const void *data,
                  struct error *err)
{
    const struct reserved_dataset *dataset = find_dataset(writer, path);
    if (writer->is_broken)
        return fail(writer, NULL, "an earlier part of it could not be written", err);
    if (!dataset || first > dataset->rows || count > dataset->rows - first)
        return fail(writer, path, "there are no such rows", err);
    if (count * dataset->row_bytes == 0)
        return 0;
    if (dataset->offset == H5_NOWHERE)
        return fail(writer, path, "the HDF5 library has reserved no place for it", err);
    return write_at(writer, dataset->offset + first * dataset->row_bytes, data, count * dataset->row_bytes, err);
}

/* -- the end ------------------------------------------------------------------------------------------------------ */

static int close_file(struct h5_writer *writer, struct error *err)
{
    struct h5_order order;
    uint64_t none;
    if (start_order(writer, &order, H5_ORDER_CLOSE, "", err) || carry_out(writer, &order, NULL, &none, err))
        return -1;
    if (fsync(writer->fd))
        return fail_system(writer, err);
    const int fd = writer->fd;
    writer->fd = -1;
    return close(fd) ? fail_system(writer, err) : 0;
}

int h5_commit(struct h5_writer *writer, struct error *err)
{
    int status = close_file(writer, err);
    if (!status && rename(writer->temporary, writer->path))
        status = fail_system(writer, err);
    if (!status) {
        writer->is_there = false;
        writer->folders = (struct file_folders){0};
        status = file_sync_folder(writer->path, err);
    }
    h5_abandon(writer);
    return status;
}

void h5_abandon(struct h5_writer *writer)
{
    if (!writer)
        return;
    h5_process_end(&writer->process);
    if (writer->is_there)
        unlink(writer->temporary);
    unfinished_drop(writer->temporary);
    file_remove_folders(&writer->folders);
    if (writer->fd >= 0)
        close(writer->fd); /* the file has been removed: a failure here has no effect */
    free(writer->datasets);
    free(writer);
}
