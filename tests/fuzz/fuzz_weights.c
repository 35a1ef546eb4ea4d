/* tests/fuzz/fuzz_weights.c - weights files in HDF5, whose library may die of them in its child process. */
#include "tests/fuzz/fuzz.h"
#include "weights/weights_file.h"

FUZZ_SEEDS("tests/fuzz/corpus/weights", "tests/golden/h5");

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct weights_info info;
    struct weights weights;
    struct error err;
    struct weights_file *file = weights_open(fuzz_file(data, size), &info, &err);
    if (!file)
        return 0;
    arena_init(&arena, (size_t)64 << 20);
    weights_read(file, &arena, &weights, &err);
    arena_release(&arena);
    weights_close(file);
    return 0;
}
