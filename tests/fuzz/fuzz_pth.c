/* tests/fuzz/fuzz_pth.c - PyTorch's two formats: pickles, and the archives around them. */
#include "tests/fuzz/tensors.h"

FUZZ_SEEDS("tests/golden/weights");

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_tensors(data, size);
    return 0;
}
