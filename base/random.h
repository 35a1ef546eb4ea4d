/*
 * base/random.h - counter-based random streams: Philox4x32-10 (Salmon et al., SC 2011) from the Random123 library.
 *
 * A stream is fixed by its keys alone (the run's seed and what the numbers are for), never by threads or by the order
 * of work; two streams with different keys are independent.
 */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stdint.h>

struct random_stream {
    uint32_t key[2];
    uint64_t purpose, counter;
    uint32_t word[4];
    int left; /* elements of `word` that were not yet returned */
};

/* Starts the stream of a seed and a purpose; streams of one seed differ by their purpose, see random_purpose(). */
void random_init(struct random_stream *stream, uint64_t seed, uint64_t purpose);

/*
 * Part `part` of a stream that was not drawn from: 2^32 parts of 2^34 words each, which do not overlap. For items that
 * are made in any order, by any thread.
 */
struct random_stream random_part(const struct random_stream *stream, uint32_t part);

/*
 * Hashes a text and its NUL (FNV-1a) on top of `before`, which is 0 for the first text of a key:
 * random_purpose(random_purpose(0, image), method).
 */
uint64_t random_purpose(uint64_t before, const char *text);

uint32_t random_u32(struct random_stream *stream);

/* Uniform in [0, 1), 53 bits; standard normal (Box-Muller); uniform in 0..bound-1 without bias, bound >= 1. */
double random_uniform(struct random_stream *stream);
double random_normal(struct random_stream *stream);
uint32_t random_below(struct random_stream *stream, uint32_t bound);

#endif
