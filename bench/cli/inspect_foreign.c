/* bench/cli/inspect_foreign.c - shows a PyTorch or safetensors file: its keys, and the tensors that an import takes. */
#include "bench/cli/inspect.h"

#include "bench/cli/table.h"
#include "bench/process/json_build.h"
#include "weights/tensor_file.h"

static json_t *pack_shape_of(const struct stored_tensor *tensor)
{
    json_t *shape = json_array();
    for (int d = 0; d < tensor->rank; d++)
        json_build_append(&shape, json_integer(tensor->dim[d]));
    return shape;
}

static json_t *list_foreign_tensors(const struct tensor_file *file)
{
    json_t *list = json_array();
    for (int i = 0; i < file->tensor_count; i++) {
        const struct stored_tensor *tensor = &file->tensors[i];
        json_build_append(&list,
                          json_pack("{so so ss}", "name", table_text(tensor->name), "shape", pack_shape_of(tensor),
                                    "type", file->storages[tensor->storage].scalar->name));
    }
    return list;
}

static json_t *list_keys(const struct tensor_file *file)
{
    json_t *list = json_array();
    for (int i = 0; i < file->entry_count; i++)
        json_build_append(&list, json_pack("{so so}", "key", table_text(file->entries[i].key), "value",
                                           table_text(file->entries[i].what)));
    return list;
}

json_t *inspect_foreign(const char *path, struct error *err)
{
    struct tensor_file *file = tensor_file_list(path, NULL, err);
    if (!file)
        return NULL;
    json_t *object = json_pack("{ss ss so* so* si}", "kind", "tensors of another program", "format", file->format,
                               "taken_from", *file->taken ? table_text(file->taken) : NULL, "not_taken",
                               *file->others ? table_text(file->others) : NULL, "tensor_count", file->tensor_count);
    if (object && file->entry_count)
        json_build_set(&object, "keys", list_keys(file));
    json_build_set(&object, "stored_tensors", list_foreign_tensors(file));
    if (!object)
        error_memory(err, "the description");
    tensor_file_close(file);
    return object;
}
