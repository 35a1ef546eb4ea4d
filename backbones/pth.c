/* backbones/pth.c - from the pickle of a state dict to tensors and storages. */
#include "backbones/pth.h"

#include "base/text.h"

#include <limits.h>
#include <string.h>

#define NESTING_MAX 4

/* Where training programs put the state dict among other things; the first that is there. */
static const char *const wrappers[] = {"state_dict", "model", "model_ema", "model_state_dict"};

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
        return error_set(err, "two of its tensors say different things of storage \"%s\"",
                         text_printable(storage->key, shown, sizeof shown));
    }
    if (storage->count < 0 || storage->count > file->size / storage->scalar->bytes)
        return error_set(err, "its storage \"%s\" would have %lld values of %s, the file has %lld bytes",
                         text_printable(storage->key, shown, sizeof shown), (long long)storage->count,
                         storage->scalar->name, (long long)file->size);
    file->storages[file->storage_count] = *storage;
    return file->storage_count++;
}

/* Elements from the first to behind the last one that a view touches; -1: it is none, or larger than any memory. */
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
        return error_set(err, "its shape, strides and offset are none that a tensor can have");
    if (extent > storage->count)
        return error_set(err, "it needs %lld values, its storage has %lld", (long long)extent,
                         (long long)storage->count);
    if (extent && stored_tensor_size(tensor) > storage->count)
        return error_set(err, "it has %lld values, its storage only %lld", (long long)stored_tensor_size(tensor),
                         (long long)storage->count);
    return 0;
}

static int take_tensor(struct tensor_file *file, const struct pickle_value *name, const struct pickle_value *value,
                       struct error *err)
{
    char shown[128];
    if (name->kind != PICKLE_TEXT)
        return error_set(err, "it holds no state dict: a key is no text");
    text_printable(name->text, shown, sizeof shown);
    if (value->kind != PICKLE_TENSOR)
        return error_set(err, "it holds no state dict: \"%s\" is no tensor", shown);
    const struct tensor_storage *storage = &value->tensor.storage->storage;
    struct stored_tensor *tensor = &file->tensors[file->tensor_count++];
    *tensor = *value->tensor.view;
    tensor->name = name->text;
    tensor->storage = take_storage(file, storage, err);
    if (tensor->storage < 0)
        return -1;
    return check_view(tensor, storage, err) ? error_prefix(err, "tensor \"%s\": ", shown) : 0;
}

static bool holds_tensor(const struct pickle_value *dict)
{
    for (int i = 1; i < dict->count; i += 2)
        if (dict->items[i]->kind == PICKLE_TENSOR)
            return true;
    return false;
}

static const struct pickle_value *unwrap(const struct pickle_value *value)
{
    for (int level = 0; level < NESTING_MAX && value->kind == PICKLE_DICT && !holds_tensor(value); level++) {
        const struct pickle_value *inside = NULL;
        for (size_t i = 0; i < sizeof wrappers / sizeof *wrappers && !inside; i++)
            inside = pickle_get(value, wrappers[i]);
        if (!inside)
            break;
        value = inside;
    }
    return value;
}

int pth_take_state(struct tensor_file *file, const struct pickle_value *value, struct error *err)
{
    value = unwrap(value);
    if (value->kind != PICKLE_DICT || !holds_tensor(value))
        return error_set(err, "it holds no state dict: a dict of tensors, alone or under \"%s\", \"%s\" or \"%s\"",
                         wrappers[0], wrappers[1], wrappers[2]);
    const int count = value->count / 2;
    if (count > TENSOR_FILE_COUNT_MAX)
        return error_set(err, "it holds %d tensors; a network has at most %d", count, TENSOR_FILE_COUNT_MAX);
    file->tensors = arena_alloc(&file->arena, (size_t)count, sizeof *file->tensors);
    file->storages = arena_alloc(&file->arena, (size_t)count, sizeof *file->storages);
    if (!file->tensors || !file->storages)
        return error_memory(err, "the list of tensors");
    for (int i = 0; i < count; i++)
        if (take_tensor(file, value->items[2 * (size_t)i], value->items[2 * (size_t)i + 1], err))
            return -1;
    return 0;
}
