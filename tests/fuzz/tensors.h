/*
 * tests/fuzz/tensors.h - opens a file of tensors and reads all of them.
 */
#ifndef TESTS_FUZZ_TENSORS_H
#define TESTS_FUZZ_TENSORS_H

#include "tests/fuzz/fuzz.h"
#include "weights/tensor_file.h"

#include <stdlib.h>
#include <string.h>

#define FUZZ_VALUES_MAX (1 << 20) /* most values of a tensor that is read */

static inline int fuzz_take(void *context, int storage, const unsigned char *bytes, struct error *err)
{
    const struct tensor_file *file = context;
    for (int i = 0; i < file->tensor_count; i++) {
        const struct stored_tensor *tensor = &file->tensors[i];
        if (tensor->storage != storage || stored_tensor_size(tensor) > FUZZ_VALUES_MAX)
            continue;
        float *values = malloc((size_t)stored_tensor_size(tensor) * sizeof *values + 1);
        const int status = values ? stored_tensor_floats(file, tensor, bytes, values, err) : -1;
        free(values);
        if (status)
            return -1;
    }
    return 0;
}

static inline void fuzz_tensors(const uint8_t *data, size_t size)
{
    static bool wanted[TENSOR_FILE_COUNT_MAX];
    struct error err;
    struct tensor_file *file = tensor_file_open(fuzz_file(data, size), NULL, &err);
    memset(wanted, true, sizeof wanted);
    if (file)
        tensor_file_read(file, wanted, fuzz_take, file, &err);
    tensor_file_close(file);
}

#endif
