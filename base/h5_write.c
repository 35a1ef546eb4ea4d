/*
 * base/h5_write.c - writing HDF5: our own files, in this process, beside their place and renamed when whole.
 *
 * Equal content gives equal bytes: no times are stored. Datasets are contiguous, so that readers can pread() them.
 */
#include "base/h5.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <hdf5.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct h5_writer {
    char path[PATH_MAX], temporary[PATH_MAX];
    struct file_folders folders; /* made for it */
    hid_t file, half;
    hid_t open_id; /* dataset that rows are written to, -1 none */
    char open_path[H5_PATH_MAX];
};

static int fail(const struct h5_writer *writer, const char *item, struct error *err)
{
    return error_set(err, "could not write \"%s\": %s%s%s: %s", writer->path, item ? "\"" : "", item ? item : "file",
                     item ? "\"" : "", errno ? strerror(errno) : "refused by the HDF5 library");
}

static hid_t stored_type(const struct h5_writer *writer, enum h5_type type)
{
    switch (type) {
    case H5_FLOAT16:
        return writer->half;
    case H5_FLOAT32:
        return H5T_IEEE_F32LE;
    case H5_FLOAT64:
        return H5T_IEEE_F64LE;
    case H5_UINT8:
        return H5T_STD_U8LE;
    case H5_INT32:
        return H5T_STD_I32LE;
    case H5_INT64:
        return H5T_STD_I64LE;
    case H5_UINT64:
        return H5T_STD_U64LE;
    default:
        return H5I_INVALID_HID;
    }
}

/* The same in memory; all but the byte order of a big-endian machine is equal. */
static hid_t memory_type(const struct h5_writer *writer, enum h5_type type)
{
    return type == H5_FLOAT16 ? writer->half : H5Tget_native_type(stored_type(writer, type), H5T_DIR_ASCEND);
}

static hid_t make_half(void)
{
    const hid_t half = H5Tcopy(H5T_IEEE_F32LE);
    if (half < 0)
        return half;
    H5Tset_fields(half, 15, 10, 5, 0, 10);
    H5Tset_size(half, 2);
    H5Tset_ebias(half, 15);
    return half;
}

static hid_t create_file(const struct h5_writer *writer)
{
    const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_file_locking(access, false, true); /* nobody else knows the file yet */
    H5Pset_fclose_degree(access, H5F_CLOSE_STRONG);
    const hid_t file = H5Fcreate(writer->temporary, H5F_ACC_TRUNC, H5P_DEFAULT, access);
    H5Pclose(access);
    return file;
}

/* An empty file beside the place; folders that are missing above it are made. */
static int create_empty(struct h5_writer *writer, struct error *err)
{
    const int how = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC;
    if (file_check_target(writer->path, err))
        return -1;
    int fd = open(writer->temporary, how, 0666);
    if (fd < 0 && errno == ENOENT) {
        if (file_make_parents(&writer->folders, writer->path, err))
            return error_prefix(err, "could not write \"%s\": ", writer->path);
        fd = open(writer->temporary, how, 0666);
    }
    if (fd >= 0)
        return close(fd) ? fail(writer, NULL, err) : 0;
    error_set(err, "could not write \"%s\": %s", writer->path, strerror(errno));
    file_remove_folders(&writer->folders);
    return -1;
}

struct h5_writer *h5_create(const char *path, struct error *err)
{
    H5dont_atexit(); /* the library's cleaning up dies on a file whose closing failed: a full disk */
    struct h5_writer *writer = calloc(1, sizeof *writer);
    if (!writer) {
        error_memory(err, path);
        return NULL;
    }
    writer->file = writer->open_id = H5I_INVALID_HID;
    if (snprintf(writer->path, PATH_MAX, "%s", path) >= PATH_MAX ||
        snprintf(writer->temporary, PATH_MAX, "%s.part-%ld", path, (long)getpid()) >= PATH_MAX) {
        error_set(err, "path too long: \"%s\"", path);
        free(writer);
        return NULL;
    }
    if (create_empty(writer, err)) {
        free(writer);
        return NULL;
    }
    errno = 0;
    /* a library that could not set itself up must not be called again */
    const bool is_ready = H5open() >= 0 && H5Eset_auto2(H5E_DEFAULT, NULL, NULL) >= 0;
    writer->half = is_ready ? make_half() : H5I_INVALID_HID;
    writer->file = writer->half >= 0 ? create_file(writer) : H5I_INVALID_HID;
    if (writer->file >= 0)
        return writer;
    fail(writer, NULL, err);
    h5_abandon(writer);
    return NULL;
}

static hid_t create_dataset(struct h5_writer *writer, const char *path, hid_t type, hid_t space)
{
    const hid_t link = H5Pcreate(H5P_LINK_CREATE), how = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_create_intermediate_group(link, 1);
    H5Pset_obj_track_times(how, false);
    H5Pset_alloc_time(how, H5D_ALLOC_TIME_EARLY);
    if (H5Tget_class(type) != H5T_STRING) /* the library refuses to leave variable-length elements as they are */
        H5Pset_fill_time(how, H5D_FILL_TIME_NEVER);
    const hid_t dataset = H5Dcreate2(writer->file, path, type, space, link, how, H5P_DEFAULT);
    H5Pclose(how);
    H5Pclose(link);
    return dataset;
}

static hid_t create_space(int rank, const uint64_t *dim)
{
    hsize_t extent[H5_RANK_MAX];
    for (int i = 0; i < rank; i++)
        extent[i] = dim[i];
    return rank ? H5Screate_simple(rank, extent, NULL) : H5Screate(H5S_SCALAR);
}

/* A dataset, or a root attribute when the path begins with "@"; data NULL: a dataset that is only defined. */
static int write_item(struct h5_writer *writer, const char *path, hid_t stored, hid_t memory, hid_t space,
                      const void *data, struct error *err)
{
    const bool is_attribute = path[0] == '@';
    errno = 0;
    const hid_t item = is_attribute ? H5Acreate2(writer->file, path + 1, stored, space, H5P_DEFAULT, H5P_DEFAULT)
                                    : create_dataset(writer, path, stored, space);
    herr_t status = item < 0 ? -1 : 0;
    if (status >= 0 && data)
        status =
            is_attribute ? H5Awrite(item, memory, data) : H5Dwrite(item, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, data);
    const int why = errno;
    if (item >= 0)
        is_attribute ? H5Aclose(item) : H5Dclose(item);
    errno = why;
    return status < 0 ? fail(writer, path, err) : 0;
}

int h5_write(struct h5_writer *writer, const char *path, enum h5_type type, int rank, const uint64_t *dim,
             const void *data, struct error *err)
{
    const hid_t space = create_space(rank, dim), memory = memory_type(writer, type);
    const int status = write_item(writer, path, stored_type(writer, type), memory, space, data, err);
    H5Sclose(space);
    if (memory != writer->half)
        H5Tclose(memory);
    return status;
}

int h5_define(struct h5_writer *writer, const char *path, enum h5_type type, int rank, const uint64_t *dim,
              struct error *err)
{
    return h5_write(writer, path, type, rank, dim, NULL, err);
}

int h5_write_texts(struct h5_writer *writer, const char *path, const char *const *texts, uint64_t count,
                   struct error *err)
{
    const hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, H5T_VARIABLE);
    H5Tset_cset(type, H5T_CSET_UTF8);
    const bool is_scalar = path[0] == '@' && count == 1;
    const hid_t space = create_space(is_scalar ? 0 : 1, &count);
    const int status = write_item(writer, path, type, type, space, count ? texts : NULL, err);
    H5Sclose(space);
    H5Tclose(type);
    return status;
}

static int open_dataset(struct h5_writer *writer, const char *path, struct error *err)
{
    if (writer->open_id >= 0 && strcmp(writer->open_path, path) == 0)
        return 0;
    if (writer->open_id >= 0)
        H5Dclose(writer->open_id);
    snprintf(writer->open_path, sizeof writer->open_path, "%s", path);
    writer->open_id = H5Dopen2(writer->file, path, H5P_DEFAULT);
    return writer->open_id < 0 ? fail(writer, path, err) : 0;
}

int h5_write_rows(struct h5_writer *writer, const char *path, uint64_t first, uint64_t count, const void *data,
                  struct error *err)
{
    errno = 0;
    if (count == 0)
        return 0;
    if (open_dataset(writer, path, err))
        return -1;
    const hid_t space = H5Dget_space(writer->open_id), stored = H5Dget_type(writer->open_id);
    hsize_t extent[H5_RANK_MAX] = {0}, start[H5_RANK_MAX] = {first};
    const int rank = H5Sget_simple_extent_dims(space, extent, NULL);
    extent[0] = count;
    const hid_t memory = H5Screate_simple(rank, extent, NULL);
    const hid_t native =
        H5Tequal(stored, writer->half) > 0 ? H5Tcopy(stored) : H5Tget_native_type(stored, H5T_DIR_ASCEND);
    herr_t status = H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, extent, NULL);
    if (status >= 0)
        status = H5Dwrite(writer->open_id, native, memory, space, H5P_DEFAULT, data);
    const int why = errno;
    H5Tclose(native);
    H5Tclose(stored);
    H5Sclose(memory);
    H5Sclose(space);
    errno = why;
    return status < 0 ? fail(writer, path, err) : 0;
}

static int close_file(struct h5_writer *writer)
{
    if (writer->open_id >= 0)
        H5Dclose(writer->open_id);
    const herr_t status = writer->file < 0 ? 0 : H5Fclose(writer->file);
    if (writer->half >= 0)
        H5Tclose(writer->half);
    writer->file = writer->open_id = H5I_INVALID_HID;
    return status < 0 ? -1 : 0;
}

static int sync_file(const char *path)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    const int status = fsync(fd);
    close(fd);
    return status;
}

int h5_commit(struct h5_writer *writer, struct error *err)
{
    errno = 0;
    int status = close_file(writer);
    if (status || sync_file(writer->temporary) || rename(writer->temporary, writer->path)) {
        status = fail(writer, NULL, err);
        unlink(writer->temporary);
        file_remove_folders(&writer->folders);
    }
    free(writer);
    return status;
}

void h5_abandon(struct h5_writer *writer)
{
    if (!writer)
        return;
    close_file(writer);
    unlink(writer->temporary);
    file_remove_folders(&writer->folders);
    free(writer);
}
