/* tests/fuzz/fuzz_safetensors.c - safetensors: every input is read as one. */
#include "tests/fuzz/tensors.h"

#define HEADER_AT 8 /* after its size; its first byte identifies the format */
#define SIZE_MAX_BYTES ((size_t)1 << 16)

FUZZ_SEEDS("tests/fuzz/corpus/safetensors");

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t input[SIZE_MAX_BYTES];
    if (size <= HEADER_AT || size > sizeof input)
        return 0;
    memcpy(input, data, size);
    input[HEADER_AT] = '{';
    fuzz_tensors(input, size);
    return 0;
}
