/*
 * weights/pth_zip.c - the format of torch.save() since PyTorch 1.6: a zip archive.
 *
 * NAME/data.pkl is the object, NAME/data/KEY a storage's elements, NAME/byteorder "little" or "big" (if it is missing,
 * little). PyTorch never compresses, so the members that are read may not have more bytes than the file: no archive can
 * expand without limit.
 */
#include "weights/pth.h"

#include "base/archive_input.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define PICKLE_END "/data.pkl"

struct zip {
    struct archive_input input;
    int64_t taken, limit; /* bytes */
};

/* Completes a reason. */
static int blame(struct error *err)
{
    return error_prefix(err, err->is_system ? "could not be read: " : "is not a complete zip archive: ");
}

static void zip_close(struct zip *zip)
{
    archive_input_close(&zip->input);
    free(zip);
}

/* Members are found by the directory at the end of the file. */
static int enable_formats(struct archive *archive)
{
    return archive_read_support_format_zip_seekable(archive) == ARCHIVE_OK ? 0 : -1;
}

/* NULL: err is set. */
static struct zip *zip_open(const struct tensor_file *file, struct error *err)
{
    struct zip *zip = calloc(1, sizeof *zip);
    if (!zip) {
        error_memory(err, "a zip archive");
        return NULL;
    }
    zip->limit = file->size;
    if (archive_input_open(&zip->input, file->fd, enable_formats, err) == 0)
        return zip;
    blame(err);
    free(zip);
    return NULL;
}

/* The next member's name and size; NULL at the end, or after an error, and then *status is -1. */
static const char *zip_next(struct zip *zip, int64_t *size, int *status, struct error *err)
{
    const int found = archive_input_next(&zip->input, err);
    *status = found < 0 ? blame(err) : 0;
    if (found != 1)
        return NULL;
    const char *name = archive_entry_pathname(zip->input.entry);
    *size = archive_entry_size_is_set(zip->input.entry) ? archive_entry_size(zip->input.entry) : -1;
    return name ? name : "";
}

static int blame_data(const struct zip *zip, struct error *err)
{
    archive_input_fail(&zip->input, err);
    return blame(err);
}

/* Reads the whole member that zip_next() has found; its checksum is checked at its end. */
static int zip_read(struct zip *zip, int64_t size, unsigned char *out, struct error *err)
{
    int64_t got = 0;
    char more;
    while (got < size) {
        const la_ssize_t n = archive_read_data(zip->input.archive, out + got, (size_t)(size - got));
        if (n <= 0)
            return blame_data(zip, err);
        got += n;
    }
    return archive_read_data(zip->input.archive, &more, 1) == 0 ? 0 : blame_data(zip, err);
}

/* Checks the size of a member before it is read. */
static int zip_admit(struct zip *zip, const char *name, int64_t size, int64_t max, struct error *err)
{
    char shown[128];
    text_printable(name, shown, sizeof shown);
    if (size < 0 || size > max)
        return error_set(err, "its member \"%s\" has %lld bytes; at most %lld are read", shown, (long long)size,
                         (long long)max);
    if (size > zip->limit - zip->taken)
        return error_set(err, "its members hold more bytes than the file has, with \"%s\": PyTorch never compresses",
                         shown);
    zip->taken += size;
    return 0;
}

/* -- the pickle --------------------------------------------------------------------------------------------------- */

static int read_order(struct tensor_file *file, struct zip *zip, const char *name, int64_t size, struct error *err)
{
    unsigned char text[8] = "";
    if (zip_admit(zip, name, size, sizeof text - 1, err) || zip_read(zip, size, text, err))
        return -1;
    file->is_big_endian = strcmp((char *)text, "big") == 0;
    if (file->is_big_endian || strcmp((char *)text, "little") == 0)
        return 0;
    return error_set(err, "its byte order is neither \"little\" nor \"big\"");
}

static int read_pickle(struct tensor_file *file, struct zip *zip, const char *name, int64_t size, struct error *err)
{
    size_t at = 0;
    if (zip_admit(zip, name, size, PTH_PICKLE_MAX, err))
        return -1;
    unsigned char *bytes = arena_alloc(&file->arena, (size_t)size + 1, 1);
    if (!bytes)
        return error_memory(err, "the pickle");
    if (zip_read(zip, size, bytes, err))
        return -1;
    const struct pickle_value *value = pickle_read(bytes, (size_t)size, &at, &file->arena, NULL, err);
    return value ? pth_take_state(file, value, err) : -1;
}

/* True if a member is the pickle of the archive, in a folder and not deeper. */
static bool is_pickle(const char *name)
{
    const char *slash = strchr(name, '/');
    return slash && strcmp(slash, PICKLE_END) == 0;
}

static int read_members(struct tensor_file *file, struct zip *zip, struct error *err)
{
    const char *name;
    int64_t size;
    int status;
    bool has_pickle = false;
    while ((name = zip_next(zip, &size, &status, err))) {
        const char *slash = strchr(name, '/');
        if (is_pickle(name) && !has_pickle) {
            has_pickle = true;
            status = read_pickle(file, zip, name, size, err);
        } else if (slash && strcmp(slash, "/byteorder") == 0)
            status = read_order(file, zip, name, size, err);
        if (status)
            return -1;
    }
    if (!status && !has_pickle)
        return error_set(err, "is a zip archive without a data.pkl, so it was not written by torch.save()");
    return status;
}

/* -- storages ----------------------------------------------------------------------------------------------------- */

/* Returns the storage of a member's data; -1: none. */
static int find_storage(const struct tensor_file *file, const char *name)
{
    const char *slash = strchr(name, '/');
    return slash && strncmp(slash, "/data/", 6) == 0 ? pth_find_storage(file, slash + 6) : -1;
}

static int read_storage(const struct tensor_file *file, struct zip *zip, int i, int64_t size, tensor_storage_taker take,
                        void *context, struct error *err)
{
    const struct tensor_storage *storage = &file->storages[i];
    const int64_t needed = storage->count * storage->scalar->bytes;
    char shown[64];
    if (size != needed)
        return error_set(err, "its storage \"%s\" has %lld bytes, its pickle says %lld",
                         text_printable(storage->key, shown, sizeof shown), (long long)size, (long long)needed);
    if (zip_admit(zip, storage->key, size, file->size, err))
        return -1;
    unsigned char *bytes = malloc(size ? (size_t)size : 1);
    if (!bytes)
        return error_memory(err, "a tensor's data");
    const int status = zip_read(zip, size, bytes, err) || take(context, i, bytes, err) ? -1 : 0;
    free(bytes);
    return status;
}

static int read_storages(const struct tensor_file *file, struct zip *zip, bool *wanted, tensor_storage_taker take,
                         void *context, struct error *err)
{
    const char *name;
    char shown[64];
    int64_t size;
    int status;
    while ((name = zip_next(zip, &size, &status, err))) {
        const int i = find_storage(file, name);
        if (i < 0 || !wanted[i])
            continue;
        wanted[i] = false;
        if (read_storage(file, zip, i, size, take, context, err))
            return -1;
    }
    for (int i = 0; i < file->storage_count && !status; i++)
        if (wanted[i])
            status = error_set(err, "its storage \"%s\" is missing",
                               text_printable(file->storages[i].key, shown, sizeof shown));
    return status;
}

static int read_all(const struct tensor_file *file, const bool *wanted, tensor_storage_taker take, void *context,
                    struct error *err)
{
    bool missing[TENSOR_FILE_COUNT_MAX];
    memcpy(missing, wanted, (size_t)file->storage_count * sizeof *missing);
    struct zip *zip = zip_open(file, err);
    if (!zip)
        return -1;
    const int status = read_storages(file, zip, missing, take, context, err);
    zip_close(zip);
    return status;
}

int pth_zip_open(struct tensor_file *file, struct error *err)
{
    struct zip *zip = zip_open(file, err);
    if (!zip)
        return -1;
    const int status = read_members(file, zip, err);
    zip_close(zip);
    file->format = "PyTorch";
    file->read = read_all;
    return status;
}
