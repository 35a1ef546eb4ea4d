/* tests/fuzz/fuzz_yaml.c - configs. */
#include "bench/config/config.h"
#include "tests/fuzz/fuzz.h"

FUZZ_SEEDS("configs", "tests/fuzz/corpus/yaml");

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct config config;
    struct error err;
    arena_init(&arena, 0);
    config_read(fuzz_file(data, size), NULL, 0, &arena, &config, &err);
    arena_release(&arena);
    return 0;
}
