/* weights/pth.c - from the pickle of a state dict to tensors and storages. */
#include "weights/pth.h"

#include "base/text.h"

#include <limits.h>
#include <string.h>

int pth_find_storage(const struct tensor_file *file, const char *key)
{
    for (int i = 0; i < file->storage_count; i++)
        if (strcmp(file->storages[i].key, key) == 0)
            return i;
    return -1;
}

static int take_storage(struct tensor_file *file, const struct tensor_storage *storage, struct error *err)
{
    char shown[64];
    const int i = pth_find_storage(file, storage->key);
    if (i >= 0) {
        const struct tensor_storage *known = &file->storages[i];
        if (known->scalar == storage->scalar && known->count == storage->count)
            return i;
        return error_set(err, "two of its tensors disagree about storage \"%s\"",
                         text_printable(storage->key, shown, sizeof shown));
    }
    if (storage->count < 0 || storage->count > file->size / storage->scalar->bytes)
        return error_set(err, "its storage \"%s\" would have %lld values of %s, but the file has %lld bytes",
                         text_printable(storage->key, shown, sizeof shown), (long long)storage->count,
                         storage->scalar->name, (long long)file->size);
    file->storages[file->storage_count] = *storage;
    return file->storage_count++;
}

/* Returns the end of the last element that a view touches; -1: it is not valid, or larger than any memory. */
static int64_t extent_of(const struct stored_tensor *tensor)
{
    int64_t count = 1, last = tensor->offset;
    bool is_wrong = tensor->offset < 0;
    for (int d = 0; d < tensor->rank; d++) {
        int64_t span;
        const int64_t dim = tensor->dim[d], stride = tensor->stride[d];
        is_wrong = is_wrong || dim < 0 || dim > INT_MAX || stride < 0 ||
                   __builtin_mul_overflow(dim ? dim - 1 : 0, stride, &span) ||
                   __builtin_add_overflow(last, span, &last) || __builtin_mul_overflow(count, dim, &count);
        if (is_wrong)
            return -1;
    }
    if (count == 0)
        return 0;
    return is_wrong || last == INT64_MAX ? -1 : last + 1;
}

static int check_view(const struct stored_tensor *tensor, const struct tensor_storage *storage, struct error *err)
{
    const int64_t extent = extent_of(tensor);
    if (extent < 0)
        return error_set(err, "its shape, strides and offset are not valid for a tensor");
    if (extent > storage->count)
        return error_set(err, "it needs %lld values, its storage has %lld", (long long)extent,
                         (long long)storage->count);
    if (extent && stored_tensor_size(tensor) > storage->count)
        return error_set(err, "it has %lld values, its storage only %lld", (long long)stored_tensor_size(tensor),
                         (long long)storage->count);
    return 0;
}

/* A tensor of a kind that is not supported is an error that names it; other values are not part of a network. */
static int check_kind(const struct pickle_value *value, const char *shown, struct error *err)
{
    if (value->kind == PICKLE_OBJECT && strncmp(value->object.name, "torch._utils._rebuild", 21) == 0)
        return error_set(err, "tensor \"%s\" was saved by \"%s\"; only dense tensors are read", shown,
                         value->object.name);
    return 0;
}

static int take_tensor(struct tensor_file *file, const char *name, const struct pickle_value *value, struct error *err)
{
    char shown[128];
    text_printable(name, shown, sizeof shown);
    if (value->kind != PICKLE_TENSOR)
        return check_kind(value, shown, err);
    struct tensor_storage storage = value->tensor.storage->storage;
    struct stored_tensor *tensor = &file->tensors[file->tensor_count++];
    storage.offset = -1;
    *tensor = *value->tensor.view;
    tensor->name = name;
    tensor->storage = take_storage(file, &storage, err);
    if (tensor->storage < 0)
        return -1;
    return check_view(tensor, &file->storages[tensor->storage], err) ? error_prefix(err, "tensor \"%s\": ", shown) : 0;
}

int pth_take_state(struct tensor_file *file, const struct pickle_value *value, struct error *err)
{
    struct pth_state state;
    if (pth_find_state(file, value, &state, err))
        return -1;
    if (state.count > TENSOR_FILE_COUNT_MAX)
        return error_set(err, "it holds %d tensors; a network has at most %d", state.count, TENSOR_FILE_COUNT_MAX);
    file->tensors = arena_alloc(&file->arena, (size_t)state.count + 1, sizeof *file->tensors);
    file->storages = arena_alloc(&file->arena, (size_t)state.count + 1, sizeof *file->storages);
    if (!file->tensors || !file->storages)
        return error_memory(err, "the list of tensors");
    for (int i = 0; i < state.count; i++)
        if (take_tensor(file, state.entries[i].name, state.entries[i].value, err))
            return -1;
    return 0;
}
