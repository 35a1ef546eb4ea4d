/*
 * tests/golden.h - golden values: made by a script from an independent implementation, read by the tests.
 *
 * A file tests/golden/NAME.txt is lines: `# comment`, or `KEY COUNT v1 v2 ...` (17 or 9 significant digits). Large
 * tensors are sampled: KEY's values belong to the indices golden_index() gives.
 */
#ifndef TESTS_GOLDEN_H
#define TESTS_GOLDEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct golden;

struct golden *golden_open(const char *name); /* "conv2d" for tests/golden/conv2d.txt; fails the test if absent */
void golden_close(struct golden *golden);

bool golden_has(const struct golden *golden, const char *key);

/* Values of a key; fails the test if there is no such key. */
const double *golden_values(const struct golden *golden, const char *key, size_t *count);

/* Index of sample i of `count` samples from `size` elements: size <= count: i; else (i * 2654435761 + 12345) mod size. */
size_t golden_index(size_t i, size_t count, size_t size);

/*
 * Compares floats with a key's values (sampled if the key has fewer than size): |got - want| <= absolute + relative *
 * max|want|. A failure prints key, index, both values and the largest difference.
 */
void golden_check(const struct golden *golden, const char *key, const float *got, size_t size, double relative,
                  double absolute);

/*
 * Deterministic test data that scripts can make too: element i of stream `seed` is
 * i * 1103515245 + seed * 12345 + 12345 (mod 2^32), two rounds of xorshift32, the low 24 bits scaled to [-1, 1);
 */
void golden_fill(float *out, size_t size, uint32_t seed);

/* FNV-1a 32 of a text: the seed that belongs to a name. */
uint32_t golden_seed(const char *name);

/*
 * A tensor that a script makes too (golden.py: tensor()), from its torch name and shape alone: seed golden_seed(name),
 * scaled by what it is: rank > 1: times sqrt(6 / fan-in); "running_var" 1 + v/2; "running_mean" v/5; other "weight"
 * 1 + v/4; "bias" v/5; else v.
 */
void golden_tensor(float *out, const char *name, int rank, const int *dim);

#endif
