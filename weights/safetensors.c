/*
 * weights/safetensors.c - reads the safetensors format: the length of the header (8 bytes, little-endian), the header
 * in JSON, the data. Header: {"NAME": {"dtype": "F32", "shape": [64,3], "data_offsets": [begin, end]}, ...}, offsets
 * from the header's end; "__metadata__" is descriptive text.
 */
#include "weights/tensor_file.h"

#include "base/json.h"
#include "base/text.h"

#include <limits.h>
#include <string.h>

#define LENGTH_BYTES 8
#define HEADER_MAX ((int64_t)512 << 10) /* about 100 bytes a tensor; parsing a hostile header stays below 64 MiB */

/* The format's names of types, and the usual names. */
static const struct {
    const char *name, *scalar;
} types[] = {
    {"F16", "float16"}, {"BF16", "bfloat16"}, {"F32", "float32"}, {"F64", "float64"}, {"I64", "int64"},
    {"I32", "int32"},   {"I16", "int16"},     {"I8", "int8"},     {"U8", "uint8"},    {"BOOL", "bool"},
};

static const struct scalar *find_type(const char *name)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strcmp(types[i].name, name) == 0)
            return scalar_find(types[i].scalar);
    return NULL;
}

static int take_type(const json_t *entry, struct tensor_storage *storage, struct error *err)
{
    char shown[64];
    const char *name = json_string_value(json_object_get(entry, "dtype"));
    storage->scalar = name ? find_type(name) : NULL;
    if (storage->scalar)
        return 0;
    return error_set(err, "its data are of type \"%s\"; F16, BF16, F32 and F64 are read",
                     name ? text_printable(name, shown, sizeof shown) : "");
}

/* Sets the strides of a contiguous tensor; *count is its number of elements. */
static int take_shape(const json_t *entry, struct stored_tensor *tensor, int64_t *count, struct error *err)
{
    const json_t *shape = json_object_get(entry, "shape");
    const size_t rank = json_array_size(shape);
    if (!json_is_array(shape) || rank > TENSOR_FILE_RANK_MAX)
        return error_set(err, "its \"shape\" is not a list of at most %d numbers", TENSOR_FILE_RANK_MAX);
    tensor->rank = (int)rank;
    *count = 1;
    for (size_t d = rank; d-- > 0;) {
        const json_t *side = json_array_get(shape, d);
        tensor->dim[d] = json_integer_value(side);
        tensor->stride[d] = *count;
        if (!json_is_integer(side) || tensor->dim[d] < 0 || __builtin_mul_overflow(*count, tensor->dim[d], count))
            return error_set(err, "its \"shape\" has a side that no tensor can have");
    }
    return 0;
}

static int take_place(const json_t *entry, const struct tensor_file *file, int64_t data, struct tensor_storage *storage,
                      struct error *err)
{
    const json_t *offsets = json_object_get(entry, "data_offsets");
    const json_t *first = json_array_get(offsets, 0), *last = json_array_get(offsets, 1);
    const int64_t begin = json_integer_value(first), end = json_integer_value(last), room = file->size - data;
    int64_t size;
    if (json_array_size(offsets) != 2 || !json_is_integer(first) || !json_is_integer(last))
        return error_set(err, "its \"data_offsets\" are not two numbers");
    if (begin < 0 || end < begin || end > room)
        return error_set(err, "its data are bytes %lld to %lld, the file has %lld", (long long)begin, (long long)end,
                         (long long)room);
    if (__builtin_mul_overflow(storage->count, storage->scalar->bytes, &size) || size != end - begin)
        return error_set(err, "its data are %lld bytes, its shape needs %lld values of %s", (long long)(end - begin),
                         (long long)storage->count, storage->scalar->name);
    storage->offset = data + begin;
    return 0;
}

static int take_tensor(struct tensor_file *file, int64_t data, const char *name, const json_t *entry, struct error *err)
{
    char shown[128];
    const int i = file->tensor_count;
    struct stored_tensor *tensor = &file->tensors[i];
    struct tensor_storage *storage = &file->storages[i];
    tensor->name = arena_string(&file->arena, name);
    tensor->storage = i;
    if (!tensor->name)
        return error_memory(err, "the names of tensors");
    if (take_type(entry, storage, err) || take_shape(entry, tensor, &storage->count, err) ||
        take_place(entry, file, data, storage, err))
        return error_prefix(err, "tensor \"%s\": ", text_printable(name, shown, sizeof shown));
    storage->key = tensor->name;
    file->storage_count = ++file->tensor_count;
    return 0;
}

static int take_header(struct tensor_file *file, int64_t data, json_t *header, struct error *err)
{
    const size_t count = json_object_size(header);
    if (count > TENSOR_FILE_COUNT_MAX)
        return error_set(err, "it holds %zu tensors; a network has at most %d", count, TENSOR_FILE_COUNT_MAX);
    file->tensors = arena_alloc(&file->arena, count + 1, sizeof *file->tensors);
    file->storages = arena_alloc(&file->arena, count + 1, sizeof *file->storages);
    if (!file->tensors || !file->storages)
        return error_memory(err, "the list of tensors");
    const char *name;
    json_t *entry;
    json_object_foreach(header, name, entry)
    {
        if (strcmp(name, "__metadata__") != 0 && take_tensor(file, data, name, entry, err))
            return -1;
    }
    return 0;
}

static json_t *parse_header(const char *text, size_t length, struct error *err)
{
    json_t *header = json_read_text(text, length, JSON_REJECT_DUPLICATES, err);
    if (!header && !err->is_system)
        error_prefix(err, "its header is not JSON: ");
    return header;
}

int safetensors_open(struct tensor_file *file, struct error *err)
{
    unsigned char prefix[LENGTH_BYTES];
    uint64_t length = 0;
    if (tensor_file_bytes(file, 0, sizeof prefix, prefix, err))
        return -1;
    for (int i = 0; i < LENGTH_BYTES; i++)
        length |= (uint64_t)prefix[i] << (8 * i);
    if (length > (uint64_t)HEADER_MAX)
        return error_set(err, "its header says that it has %llu bytes; at most %lld are read",
                         (unsigned long long)length, (long long)HEADER_MAX);
    char *text = arena_alloc(&file->arena, (size_t)length + 1, 1);
    if (!text)
        return error_memory(err, "the header");
    if (tensor_file_bytes(file, LENGTH_BYTES, (size_t)length, text, err))
        return -1;
    json_t *header = parse_header(text, (size_t)length, err);
    if (!header)
        return -1;
    const int status = take_header(file, LENGTH_BYTES + (int64_t)length, header, err);
    json_decref(header);
    file->format = "safetensors";
    file->read = tensor_file_read_placed;
    return status;
}
