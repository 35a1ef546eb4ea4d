/*
 * tests/fuzz/fuzz.h - readers of foreign files, fed with anything.
 *
 * A harness is one file tests/fuzz/fuzz_NAME.c with LLVMFuzzerTestOneInput() and a line FUZZ_SEEDS(FOLDER, ...): where its
 * inputs begin. `make fuzz` runs each under libFuzzer (clang) for FUZZ_SECONDS; `make test` replays all seeds with
 * whatever compiler there is (replay.c). An input that has broken something is kept in tests/fuzz/corpus/NAME/.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

#define FUZZ_SEEDS(...) const char *const fuzz_seeds[] = {__VA_ARGS__, NULL}

extern const char *const fuzz_seeds[]; /* folders; tools/fuzz.sh reads the line, too */

/* One input: must return 0, having freed all; may not print. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A file in memory with these bytes, until the next call; its path can be opened by children, too. */
const char *fuzz_file(const uint8_t *data, size_t size);

#endif
