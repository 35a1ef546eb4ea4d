/*
 * base/h5.c - the reading side of HDF5: starts the child, checks its answers, reads bytes with pread().
 *
 * This file does not call libhdf5; h5_child.c does, and h5_write_child.c for our own files. If the child dies or does
 * not answer, the file counts as damaged: that request and all later ones fail.
 */
#include "base/h5.h"

#include "base/h5_process.h"
#include "base/h5_wire.h"
#include "base/input.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define SILENCE_LIMIT_MS 20000

struct h5 {
    char *path, *kind;
    int fd; /* -1: none */
    struct h5_process process;
    const char *broken; /* why the child is gone */
    uint64_t file_bytes;
    struct h5_item *items;
    int count;
    pthread_mutex_t lock; /* one request at a time */
};

/* The bytes of an answer, in memory of a fixed size or in a growing buffer (malloc). */
struct answer {
    char *data;
    size_t size, capacity;
    bool is_fixed;
};

static int fail(const struct h5 *file, struct error *err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static int fail(const struct h5 *file, struct error *err, const char *format, ...)
{
    struct error reason;
    va_list args;
    va_start(args, format);
    error_write_list(&reason, format, args);
    va_end(args);
    return error_set(err, "%s \"%s\": %s", file->kind, file->path, reason.text);
}

/* Marks the error in err as one of the system. */
static int blame_system(struct error *err)
{
    err->is_system = true;
    return -1;
}

static const char *what_is(const struct h5_item *item)
{
    return item->path[0] == '@' ? "attribute" : "dataset";
}

/* -- the child ---------------------------------------------------------------------------------------------------- */

static int lose_child(struct h5 *file, const char *why, struct error *err)
{
    h5_process_end(&file->process);
    file->broken = why;
    return fail(file, err, "%s", why);
}

static void run_child(void *path)
{
    h5_child_run(path);
}

static int start_child(struct h5 *file, struct error *err)
{
    const char *what;
    if (h5_process_start(&file->process, run_child, file->path, &what) == 0)
        return 0;
    return fail(file, err, "could not make %s to read it with: %s", what, strerror(errno));
}

/* Receives exactly `size` bytes from the child. */
static int receive(struct h5 *file, void *out, size_t size, struct error *err)
{
    for (size_t done = 0; done < size;) {
        struct pollfd wait = {.fd = file->process.connection, .events = POLLIN};
        const int ready = poll(&wait, 1, SILENCE_LIMIT_MS);
        if (ready < 0 && errno == EINTR)
            continue;
        if (ready == 0)
            return lose_child(file, "damaged (the HDF5 library hung on it)", err);
        const ssize_t got = recv(file->process.connection, (char *)out + done, size - done, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return lose_child(file, "damaged (the HDF5 library crashed on it)", err);
        done += (size_t)got;
    }
    return 0;
}

static int ask(struct h5 *file, const struct h5_request *request, struct error *err)
{
    if (file->broken)
        return fail(file, err, "%s", file->broken);
    if (h5_process_send(&file->process, request, sizeof *request) == 0)
        return 0;
    return lose_child(file, "damaged (the HDF5 library crashed on it)", err);
}

static int grow(struct h5 *file, struct answer *answer, uint64_t more, struct error *err)
{
    if (more <= answer->capacity - answer->size)
        return 0;
    if (answer->is_fixed || more > H5_ANSWER_BYTES_MAX || answer->size + more > H5_ANSWER_BYTES_MAX)
        return lose_child(file, "damaged (more data than it says)", err);
    const size_t capacity = (answer->size + more) * 2;
    char *data = realloc(answer->data, capacity);
    if (!data) {
        lose_child(file, "not enough memory to read it", err);
        return blame_system(err);
    }
    answer->data = data;
    answer->capacity = capacity;
    return 0;
}

static int take_failure(struct h5 *file, const struct h5_piece *piece, struct error *err)
{
    char text[sizeof err->text] = "";
    if (piece->size >= sizeof text)
        return lose_child(file, "damaged (the HDF5 library crashed on it)", err);
    if (receive(file, text, piece->size, err))
        return -1;
    fail(file, err, "%s", text);
    err->is_system = piece->failed == H5_FAILED_SYSTEM;
    return -1;
}

/* Receives one whole answer. */
static int take_answer(struct h5 *file, struct answer *answer, struct error *err)
{
    for (;;) {
        struct h5_piece piece = {0};
        if (receive(file, &piece, sizeof piece, err))
            return -1;
        if (piece.failed)
            return take_failure(file, &piece, err);
        if (piece.size == 0)
            return 0;
        if (grow(file, answer, piece.size, err) || receive(file, answer->data + answer->size, piece.size, err))
            return -1;
        answer->size += piece.size;
    }
}

static int converse(struct h5 *file, const struct h5_request *request, struct answer *answer, struct error *err)
{
    pthread_mutex_lock(&file->lock);
    const int status = ask(file, request, err) || take_answer(file, answer, err) ? -1 : 0;
    pthread_mutex_unlock(&file->lock);
    return status;
}

/* -- the catalogue ------------------------------------------------------------------------------------------------ */

static int check_item(const struct h5 *file, const struct h5_item *item, struct error *err)
{
    const bool is_sane = memchr(item->path, 0, sizeof item->path) && memchr(item->stored, 0, sizeof item->stored) &&
                         (unsigned)item->type <= H5_OTHER && item->rank >= 0 && item->rank <= H5_RANK_MAX;
    if (!is_sane)
        return fail(file, err, "damaged (the HDF5 library read nonsense from it)");
    uint64_t bytes = h5_row_elements(item);
    bool is_empty = false;
    for (int i = 0; i < item->rank; i++)
        is_empty |= item->dim[i] == 0;
    const bool is_large = (bytes == 0 && !is_empty) || __builtin_mul_overflow(bytes, h5_rows(item), &bytes) ||
                          __builtin_mul_overflow(bytes, (uint64_t)16, &bytes);
    if (is_large)
        return fail(file, err, "%s \"%s\" has an impossible size", what_is(item), item->path);
    if (item->offset < 0)
        return 0;
    bytes = bytes / 16 * h5_type_size(item->type);
    if (!item->is_exact || !h5_type_size(item->type))
        return fail(file, err, "damaged (the HDF5 library read nonsense from it)");
    if (bytes > file->file_bytes || (uint64_t)item->offset > file->file_bytes - bytes)
        return fail(file, err, "truncated: dataset \"%s\" reaches beyond the end of the file", item->path);
    return 0;
}

static int read_catalogue(struct h5 *file, struct error *err)
{
    struct answer answer = {0};
    int status = take_answer(file, &answer, err);
    file->items = (struct h5_item *)(void *)answer.data;
    if (status)
        return status;
    if (answer.size % sizeof *file->items || answer.size / sizeof *file->items > H5_ITEMS_MAX)
        return fail(file, err, "damaged (the HDF5 library read nonsense from it)");
    file->count = (int)(answer.size / sizeof *file->items);
    for (int i = 0; i < file->count && !status; i++)
        status = check_item(file, &file->items[i], err);
    return status;
}

static int open_bytes(struct h5 *file, struct error *err)
{
    file->fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO must not block */
    if (file->fd < 0)
        return fail(file, err, "could not open: %s", strerror(errno));
    struct stat info;
    if (fstat(file->fd, &info))
        return fail(file, err, "could not open: %s", strerror(errno));
    if (S_ISDIR(info.st_mode))
        return fail(file, err, "is a folder, not an HDF5 file");
    if (!S_ISREG(info.st_mode))
        return fail(file, err, "is %s, not a regular file", input_irregular(info.st_mode));
    if (info.st_size == 0)
        return fail(file, err, "not an HDF5 file (it is empty)");
    file->file_bytes = (uint64_t)info.st_size;
    return 0;
}

/* Two threads never start a process at the same time. */
static pthread_mutex_t opening = PTHREAD_MUTEX_INITIALIZER;

static int start(struct h5 *file, struct error *err)
{
    pthread_mutex_lock(&opening);
    const int status = start_child(file, err);
    pthread_mutex_unlock(&opening);
    return status;
}

struct h5 *h5_open(const char *path, const char *kind, struct error *err)
{
    struct h5 *file = calloc(1, sizeof *file);
    if (!file) {
        error_memory(err, path);
        return NULL;
    }
    pthread_mutex_init(&file->lock, NULL);
    file->fd = file->process.connection = -1;
    file->path = strdup(path);
    file->kind = strdup(kind);
    int status = file->path && file->kind ? 0 : error_memory(err, path);
    if (!status)
        status = open_bytes(file, err);
    if (!status)
        status = start(file, err);
    if (!status)
        status = read_catalogue(file, err);
    if (!status)
        return file;
    h5_close(file);
    return NULL;
}

void h5_close(struct h5 *file)
{
    if (!file)
        return;
    h5_process_end(&file->process);
    if (file->fd >= 0)
        close(file->fd);
    pthread_mutex_destroy(&file->lock);
    free(file->items);
    free(file->path);
    free(file->kind);
    free(file);
}

int h5_count(const struct h5 *file)
{
    return file->count;
}

const struct h5_item *h5_item(const struct h5 *file, int i)
{
    return &file->items[i];
}

const struct h5_item *h5_find(const struct h5 *file, const char *path)
{
    for (int i = 0; i < file->count; i++)
        if (strcmp(file->items[i].path, path) == 0)
            return &file->items[i];
    return NULL;
}

const char *h5_path(const struct h5 *file)
{
    return file->path;
}

/* -- reading ------------------------------------------------------------------------------------------------------ */

static float float_of_half(uint16_t half)
{
    const uint32_t sign = (uint32_t)(half & 0x8000u) << 16, exponent = half >> 10 & 0x1f, fraction = half & 0x3ff;
    if (exponent == 0) { /* zero and subnormal */
        const float value = (float)fraction * 0x1p-24f;
        return sign ? -value : value;
    }
    const uint32_t bits = sign | (exponent == 31 ? 0xff : exponent + 112) << 23 | fraction << 13;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Converts binary16 values in place: they lie in the upper half of `out`, so a float never overwrites an unread one. */
static void widen_halves(float *out, size_t count)
{
    const char *halves = (const char *)(out + count) - count * sizeof(uint16_t);
    for (size_t i = 0; i < count; i++) {
        uint16_t half;
        memcpy(&half, halves + i * sizeof half, sizeof half);
        out[i] = float_of_half(half);
    }
}

static int read_bytes_at(struct h5 *file, const struct h5_item *item, uint64_t offset, char *out, size_t size,
                         struct error *err)
{
    for (size_t done = 0; done < size;) {
        const ssize_t got = pread(file->fd, out + done, size - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            fail(file, err, "dataset \"%s\": could not read: %s", item->path, strerror(errno));
            return blame_system(err);
        }
        if (got == 0)
            return fail(file, err, "truncated while it was read: dataset \"%s\"", item->path);
        done += (size_t)got;
    }
    return 0;
}

static int position_of(const struct h5 *file, const struct h5_item *item)
{
    return (int)(item - file->items);
}

int h5_read(struct h5 *file, const struct h5_item *item, uint64_t first, uint64_t count, enum h5_type type, void *out,
            struct error *err)
{
    const uint64_t rows = h5_rows(item), elements = h5_row_elements(item) * count;
    if (first > rows || count > rows - first)
        return fail(file, err, "%s \"%s\" has %llu rows, row %llu is wanted", what_is(item), item->path,
                    (unsigned long long)rows, (unsigned long long)first + count);
    if (elements == 0)
        return 0;
    const bool is_half = item->type == H5_FLOAT16 && type == H5_FLOAT32;
    const enum h5_type stored = is_half ? H5_FLOAT16 : type;
    const size_t bytes = elements * h5_type_size(stored);
    char *place = (char *)out + (is_half ? elements * sizeof(float) - bytes : 0);
    int status;
    if (item->offset >= 0 && item->type == stored) {
        const uint64_t offset = (uint64_t)item->offset + first * h5_row_elements(item) * h5_type_size(stored);
        status = read_bytes_at(file, item, offset, place, bytes, err);
    } else {
        struct answer answer = {.data = place, .capacity = bytes, .is_fixed = true};
        const struct h5_request request = {H5_REQUEST_ROWS, (uint32_t)position_of(file, item), first, count, stored};
        status = converse(file, &request, &answer, err);
        if (!status && answer.size != bytes)
            status = fail(file, err, "%s \"%s\": %zu bytes came instead of %zu", what_is(item), item->path, answer.size,
                          bytes);
    }
    if (!status && is_half)
        widen_halves(out, elements);
    return status;
}

static int read_variable(struct h5 *file, const struct h5_request *request, char **out, size_t *size, struct error *err)
{
    struct answer answer = {.data = malloc(1), .capacity = 1};
    int status = answer.data ? converse(file, request, &answer, err) : error_memory(err, file->path);
    char *end = status ? NULL : realloc(answer.data, answer.size + 1);
    if (!status && !end)
        status = error_memory(err, file->path);
    if (status) {
        free(answer.data);
        return -1;
    }
    end[answer.size] = 0;
    *out = end;
    if (size)
        *size = answer.size;
    return 0;
}

int h5_read_bytes(struct h5 *file, const struct h5_item *item, uint64_t i, char **out, size_t *size, struct error *err)
{
    if ((item->type != H5_TEXT && item->type != H5_BYTES) || i >= h5_rows(item))
        return fail(file, err, "%s \"%s\" has no text or bytes at row %llu", what_is(item), item->path,
                    (unsigned long long)i);
    const struct h5_request request = {H5_REQUEST_BYTES, (uint32_t)position_of(file, item), i, 1, item->type};
    return read_variable(file, &request, out, size, err);
}

int h5_read_texts(struct h5 *file, const struct h5_item *item, char **out, size_t *size, struct error *err)
{
    if (item->type != H5_TEXT)
        return fail(file, err, "%s \"%s\" is not text", what_is(item), item->path);
    const struct h5_request request = {H5_REQUEST_TEXTS, (uint32_t)position_of(file, item), 0, h5_rows(item), H5_TEXT};
    return read_variable(file, &request, out, size, err);
}
