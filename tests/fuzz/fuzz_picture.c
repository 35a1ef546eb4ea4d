/* tests/fuzz/fuzz_picture.c - JPEG and PNG, as pictures and as masks. */
#include "datasets/decode.h"
#include "tests/fuzz/fuzz.h"

#define MEMORY_MAX ((size_t)64 << 20)

FUZZ_SEEDS("tests/golden/pictures");

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct picture picture;
    struct mask mask;
    struct error err;
    arena_init(&arena, MEMORY_MAX);
    if (decode_picture(data, size, &arena, &picture, &err) == 0)
        decode_mask(data, size, &arena, &mask, &err);
    arena_release(&arena);
    return 0;
}
