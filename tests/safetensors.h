/*
 * tests/safetensors.h - writes a file of weights as other programs do, for tests of what reads them.
 */
#ifndef TESTS_SAFETENSORS_H
#define TESTS_SAFETENSORS_H

#include "nn/nn.h"
#include "tests/test.h"

#include <jansson.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline size_t safetensors_size(const struct weight *weight)
{
    size_t size = 1;
    for (int d = 0; d < weight->rank; d++)
        size *= (size_t)weight->dim[d];
    return size;
}

/* Tensors under other names, `prefix` before each, and a counter that nobody needs. */
static inline void safetensors_write(const char *path, const struct weight *list, const char (*names)[128], int count,
                                     const char *prefix)
{
    json_t *header = json_object();
    size_t used = 8;
    char name[256];
    snprintf(name, sizeof name, "%sbn1.num_batches_tracked", prefix);
    json_object_set_new(header, name, json_pack("{s:s, s:[], s:[i,i]}", "dtype", "I64", "shape", "data_offsets", 0, 8));
    for (int i = 0; i < count; i++) {
        const struct weight *weight = &list[i];
        json_t *shape = json_array();
        for (int d = 0; d < weight->rank; d++)
            json_array_append_new(shape, json_integer(weight->dim[d]));
        const size_t end = used + 4 * safetensors_size(weight);
        snprintf(name, sizeof name, "%.100s%.127s", prefix, names[i]);
        json_object_set_new(header, name,
                            json_pack("{s:s, s:o, s:[I,I]}", "dtype", "F32", "shape", shape, "data_offsets",
                                      (json_int_t)used, (json_int_t)end));
        used = end;
    }
    char *text = json_dumps(header, JSON_COMPACT);
    const uint64_t length = strlen(text);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    fwrite(&length, 8, 1, file);
    fwrite(text, 1, length, file);
    fwrite("12345678", 1, 8, file);
    for (int i = 0; i < count; i++)
        fwrite(list[i].data, sizeof(float), safetensors_size(&list[i]), file);
    assert_int_equal(fclose(file), 0);
    free(text);
    json_decref(header);
}

#endif
