/* base/random.c - streams of random numbers from Random123's Philox4x32-10. */
#include "base/random.h"

#include <Random123/philox.h>
#include <math.h>

void random_init(struct random_stream *stream, uint64_t seed, uint64_t purpose)
{
    *stream = (struct random_stream){.key = {(uint32_t)seed, (uint32_t)(seed >> 32)}, .purpose = purpose};
}

struct random_stream random_part(const struct random_stream *stream, uint32_t part)
{
    struct random_stream own = *stream;
    own.counter = (uint64_t)part << 32;
    own.left = 0;
    return own;
}

uint64_t random_purpose(uint64_t before, const char *text)
{
    uint64_t hash = before ? before : 0xcbf29ce484222325u;
    do {
        hash = (hash ^ (unsigned char)*text) * 0x100000001b3u;
    } while (*text++);
    return hash;
}

uint32_t random_u32(struct random_stream *stream)
{
    if (stream->left == 0) {
        const philox4x32_ctr_t counter = {{(uint32_t)stream->counter, (uint32_t)(stream->counter >> 32),
                                           (uint32_t)stream->purpose, (uint32_t)(stream->purpose >> 32)}};
        const philox4x32_key_t key = {{stream->key[0], stream->key[1]}};
        const philox4x32_ctr_t words = philox4x32(counter, key);
        for (int i = 0; i < 4; i++)
            stream->word[i] = words.v[i];
        stream->counter++;
        stream->left = 4;
    }
    return stream->word[4 - stream->left--];
}

double random_uniform(struct random_stream *stream)
{
    const uint64_t high = random_u32(stream) >> 5, low = random_u32(stream) >> 6;
    return (double)(high << 26 | low) / 9007199254740992.0;
}

double random_normal(struct random_stream *stream)
{
    const double radius = sqrt(-2 * log(1 - random_uniform(stream)));
    return radius * cos(6.283185307179586 * random_uniform(stream));
}

uint32_t random_below(struct random_stream *stream, uint32_t bound)
{
    uint32_t word;
    do {
        word = random_u32(stream);
    } while (word < bound && word < -bound % bound); /* 2^32 mod bound, a division that is rarely evaluated */
    return word % bound;
}
