/* weights/tensor_file.c - recognises the format of a file, reads its bytes and returns tensors as floats. */
#include "weights/tensor_file.h"

#include "base/input.h"
#include "base/numbers.h"
#include "base/text.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define MEMORY_MAX ((size_t)64 << 20) /* names, shapes and the bytes that they are read from */

static const struct scalar scalars[] = {
    {"float16", 2, true},      {"bfloat16", 2, true},  {"float32", 4, true},   {"float64", 8, true},
    {"int64", 8, false},       {"int32", 4, false},    {"int16", 2, false},    {"int8", 1, false},
    {"uint8", 1, false},       {"bool", 1, false},     {"quint8", 1, false},   {"qint8", 1, false},
    {"qint32", 4, false},      {"quint4x2", 1, false}, {"quint2x4", 1, false}, {"complex64", 8, false},
    {"complex128", 16, false}, {"bytes", 1, false},
};

const struct scalar *scalar_find(const char *name)
{
    for (size_t i = 0; i < sizeof scalars / sizeof *scalars; i++)
        if (strcmp(scalars[i].name, name) == 0)
            return &scalars[i];
    return NULL;
}

/* -- opening ------------------------------------------------------------------------------------------------------ */

/* The bytes that identify a format, at `offset` in the file. */
struct format {
    const char *magic;
    int length, offset;
    int (*open)(struct tensor_file *file, struct error *err);
};

#define MAGIC_MAX 32
#define LEGACY "\x8a\x0al\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19." /* the number that is the first pickle */

static const char hdf5_magic[] = "\x89HDF\r\n\x1a\n";

static const struct format formats[] = {
    {"PK\x03\x04", 4, 0, pth_zip_open},
    {LEGACY, sizeof LEGACY - 1, 2, pth_legacy_open},  /* after the protocol */
    {LEGACY, sizeof LEGACY - 1, 11, pth_legacy_open}, /* and a frame */
    {"{", 1, 8, safetensors_open},
};

int tensor_file_bytes(const struct tensor_file *file, int64_t offset, size_t size, void *out, struct error *err)
{
    char *to = out;
    while (size > 0) {
        const ssize_t got = pread(file->fd, to, size, offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_set(err, "could not read: %s", strerror(errno));
        if (got == 0)
            return error_set(err, "it is cut short");
        to += got;
        offset += got;
        size -= (size_t)got;
    }
    return 0;
}

static int open_regular(struct tensor_file *file, struct error *err)
{
    struct stat status;
    file->fd = input_open(file->path, err);
    if (file->fd < 0)
        return error_prefix(err, "could not open: ");
    if (fstat(file->fd, &status))
        return error_set(err, "could not open: %s", strerror(errno));
    file->size = status.st_size;
    return 0;
}

static bool is_named_onnx(const char *path)
{
    const size_t length = strlen(path);
    return length > 5 && strcasecmp(path + length - 5, ".onnx") == 0;
}

static int open_format(struct tensor_file *file, struct error *err)
{
    char start[MAGIC_MAX] = "";
    const size_t size = file->size < MAGIC_MAX ? (size_t)file->size : MAGIC_MAX;
    if (tensor_file_bytes(file, 0, size, start, err))
        return -1;
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        const struct format *format = &formats[i];
        if (memcmp(start + format->offset, format->magic, (size_t)format->length) == 0)
            return format->open(file, err);
    }
    if (is_named_onnx(file->path))
        return error_set(err, "is an ONNX file, which holds a whole network: give it as a model, not as weights");
    return error_set(err, "is neither PyTorch's (.pth, .pt), nor safetensors, nor HDF5");
}

static struct tensor_file *open_file(const char *path, const char *key, bool is_listing, struct error *err)
{
    struct tensor_file *file = calloc(1, sizeof *file);
    char shown[512];
    if (!file) {
        error_memory(err, "the weights");
        return NULL;
    }
    *file =
        (struct tensor_file){.path = path, .fd = -1, .key = key, .is_listing = is_listing, .taken = "", .others = ""};
    arena_init(&file->arena, MEMORY_MAX);
    if (open_regular(file, err) == 0 && open_format(file, err) == 0)
        return file;
    error_prefix(err, "weights \"%s\": ", text_printable(path, shown, sizeof shown));
    tensor_file_close(file);
    return NULL;
}

struct tensor_file *tensor_file_open(const char *path, const char *key, struct error *err)
{
    return open_file(path, key, false, err);
}

struct tensor_file *tensor_file_list(const char *path, const char *key, struct error *err)
{
    return open_file(path, key, true, err);
}

void tensor_file_close(struct tensor_file *file)
{
    if (!file)
        return;
    if (file->fd >= 0)
        close(file->fd);
    arena_release(&file->arena);
    free(file);
}

int tensor_file_is_hdf5(const char *path, struct error *err)
{
    struct tensor_file file = {.path = path, .fd = -1};
    char start[sizeof hdf5_magic - 1] = "", shown[512];
    int status = open_regular(&file, err);
    if (!status && file.size >= (int64_t)sizeof start)
        status = tensor_file_bytes(&file, 0, sizeof start, start, err);
    if (file.fd >= 0)
        close(file.fd);
    if (status)
        return error_prefix(err, "weights \"%s\": ", text_printable(path, shown, sizeof shown));
    return memcmp(start, hdf5_magic, sizeof start) == 0;
}

/* -- storages ----------------------------------------------------------------------------------------------------- */

int tensor_file_read(const struct tensor_file *file, const bool *wanted, tensor_storage_taker take, void *context,
                     struct error *err)
{
    char shown[512];
    if (file->read(file, wanted, take, context, err) == 0)
        return 0;
    return error_prefix(err, "weights \"%s\": ", text_printable(file->path, shown, sizeof shown));
}

static int read_one(const struct tensor_file *file, int i, tensor_storage_taker take, void *context, struct error *err)
{
    const struct tensor_storage *storage = &file->storages[i];
    const size_t size = (size_t)storage->count * (size_t)storage->scalar->bytes;
    unsigned char *bytes = malloc(size ? size : 1);
    if (!bytes)
        return error_memory(err, "a tensor's data");
    const int status =
        tensor_file_bytes(file, storage->offset, size, bytes, err) || take(context, i, bytes, err) ? -1 : 0;
    free(bytes);
    return status;
}

int tensor_file_read_placed(const struct tensor_file *file, const bool *wanted, tensor_storage_taker take,
                            void *context, struct error *err)
{
    for (int i = 0; i < file->storage_count; i++)
        if (wanted[i] && read_one(file, i, take, context, err))
            return -1;
    return 0;
}

/* -- tensors ------------------------------------------------------------------------------------------------------ */

int64_t stored_tensor_size(const struct stored_tensor *tensor)
{
    int64_t size = 1;
    for (int d = 0; d < tensor->rank; d++)
        size *= tensor->dim[d];
    return size;
}

/* The bits of an element, whatever the file's byte order. */
static uint64_t element_bits(const unsigned char *bytes, int size, bool is_big_endian)
{
    uint64_t bits = 0;
    for (int i = 0; i < size; i++)
        bits |= (uint64_t)bytes[is_big_endian ? size - 1 - i : i] << (8 * i);
    return bits;
}

static float element(const struct scalar *scalar, uint64_t bits)
{
    if (scalar->bytes == 8)
        return (float)double_from_bits(bits);
    if (scalar->bytes == 4)
        return float_from_bits((uint32_t)bits);
    return scalar->name[0] == 'b' ? float_from_bfloat16((uint16_t)bits) : float_from_float16((uint16_t)bits);
}

/* A tensor as rows of equal length: the last dimensions as far as they are one after the other. */
struct rows {
    int64_t length, stride; /* elements of a row, between them */
    int outer;              /* number of dimensions before those of a row */
};

static struct rows rows_of(const struct stored_tensor *tensor)
{
    struct rows rows = {1, 1, tensor->rank};
    while (rows.outer > 0) {
        const int d = rows.outer - 1;
        if (rows.outer < tensor->rank && tensor->stride[d] != rows.length * rows.stride)
            break;
        if (rows.outer == tensor->rank)
            rows.stride = tensor->stride[d];
        rows.length *= tensor->dim[d];
        rows.outer--;
    }
    return rows;
}

/* The position of row i in the storage. */
static int64_t row_place(const struct stored_tensor *tensor, int outer, int64_t i)
{
    int64_t place = tensor->offset;
    for (int d = outer; d-- > 0; i /= tensor->dim[d])
        place += i % tensor->dim[d] * tensor->stride[d];
    return place;
}

/* The first value of a row that is not finite; its length if all are. */
static int64_t read_row(const struct scalar *scalar, bool is_big_endian, const unsigned char *bytes, struct rows rows,
                        float *out)
{
    for (int64_t i = 0; i < rows.length; i++) {
        out[i] = element(scalar, element_bits(bytes + i * rows.stride * scalar->bytes, scalar->bytes, is_big_endian));
        if (!isfinite(out[i]))
            return i;
    }
    return rows.length;
}

int stored_tensor_floats(const struct tensor_file *file, const struct stored_tensor *tensor, const unsigned char *bytes,
                         float *out, struct error *err)
{
    const struct scalar *scalar = file->storages[tensor->storage].scalar;
    const struct rows rows = rows_of(tensor);
    const int64_t size = stored_tensor_size(tensor);
    if (!scalar->is_float)
        return error_set(err, "tensor \"%s\" is %s; float16, bfloat16, float32 and float64 are read", tensor->name,
                         scalar->name);
    for (int64_t first = 0; first < size; first += rows.length) {
        const int64_t place = row_place(tensor, rows.outer, first / rows.length);
        const int64_t read = read_row(scalar, file->is_big_endian, bytes + place * scalar->bytes, rows, out + first);
        if (read < rows.length)
            return error_set(err, "tensor \"%s\": value %lld is not a finite number in float32", tensor->name,
                             (long long)(first + read));
    }
    return 0;
}
