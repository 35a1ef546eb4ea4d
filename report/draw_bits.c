/* report/draw_bits.c - bits of draws, and sums over subsets of images by tables. */
#include "report/draw_bits.h"

#include <stdio.h>
#include <string.h>

enum { GROUP = 4, SUBSETS = 1 << GROUP, GROUPS = BITS_TILE / GROUP, KEPT_BYTES = 1 << 28 };

static size_t tiles_of(size_t n)
{
    return (n + BITS_TILE - 1) / BITS_TILE;
}

int draw_bits_alloc(struct draw_bits *bits, size_t n, int planes, struct arena *arena)
{
    *bits = (struct draw_bits){.n = n, .planes = planes};
    for (int k = 0; k < planes; k++) {
        bits->bits[k] = arena_alloc(arena, tiles_of(n) + 1, BITS_DRAWS * sizeof **bits->bits);
        if (!bits->bits[k])
            return -1;
    }
    return 0;
}

int draw_source_chunks(const struct draw_source *source)
{
    return (source->count + BITS_DRAWS - 1) / BITS_DRAWS;
}

int draw_source_open(struct draw_source *source, size_t n, int count, uint64_t seed, const char *const *names,
                     struct arena *arena)
{
    *source = (struct draw_source){.n = n, .count = count, .seed = seed, .names = names};
    const int planes = names ? 1 : BITS_PLANES, chunks = draw_source_chunks(source);
    const size_t bytes = tiles_of(n) * BITS_DRAWS * sizeof(uint32_t) * (size_t)planes;
    source->is_kept = (size_t)chunks <= KEPT_BYTES / bytes;
    const int held = source->is_kept ? chunks : 1;
    source->counts = arena_alloc(arena, n, sizeof *source->counts);
    source->chunks = arena_alloc(arena, (size_t)held + 1, sizeof *source->chunks);
    if (!source->counts || !source->chunks)
        return -1;
    for (int i = 0; i < held; i++)
        if (draw_bits_alloc(&source->chunks[i], n, planes, arena))
            return -1;
    return 0;
}

/* Counts the images of draw d, and writes the bits of the counts; returns how many planes they need. */
static int fill_counts(struct draw_source *source, struct draw_bits *out, int d)
{
    uint32_t most = 0;
    int planes = 0;
    memset(source->counts, 0, source->n * sizeof *source->counts);
    for (size_t i = 0; i < source->n; i++) {
        const uint32_t count = ++source->counts[random_below(&source->stream, (uint32_t)source->n)];
        most = count > most ? count : most;
    }
    while (planes < BITS_PLANES && most >> planes)
        planes++;
    for (size_t first = 0; first < source->n; first += BITS_TILE) {
        const size_t size = source->n - first < BITS_TILE ? source->n - first : BITS_TILE;
        uint32_t *words[BITS_PLANES];
        for (int k = 0; k < BITS_PLANES; k++)
            words[k] = &out->bits[k][first / BITS_TILE * BITS_DRAWS + (size_t)d];
        for (int k = 0; k < BITS_PLANES; k++) {
            uint32_t word = 0;
            for (size_t i = 0; i < size && k < planes; i++)
                word |= (source->counts[first + i] >> k & 1) << i;
            *words[k] = word;
        }
    }
    return planes;
}

/* Writes the signs of image i in all draws of a chunk. */
static void fill_signs(const struct draw_source *source, struct draw_bits *out, int chunk, size_t i)
{
    struct random_stream whole;
    random_init(&whole, source->seed, random_purpose(random_purpose(0, "sign-flip"), source->names[i]));
    struct random_stream stream = random_part(&whole, (uint32_t)chunk);
    uint32_t *words = out->bits[0] + i / BITS_TILE * BITS_DRAWS;
    for (int d = 0; d < BITS_DRAWS; d += 32) {
        const uint32_t signs = random_u32(&stream);
        for (int j = 0; j < 32; j++)
            words[d + j] |= (signs >> j & 1) << i % BITS_TILE;
    }
}

static void fill_chunk(struct draw_source *source, struct draw_bits *out, int chunk)
{
    const int left = source->count - chunk * BITS_DRAWS;
    out->draws = left < BITS_DRAWS ? left : BITS_DRAWS;
    if (source->names) {
        memset(out->bits[0], 0, tiles_of(source->n) * BITS_DRAWS * sizeof *out->bits[0]);
        for (size_t i = 0; i < source->n; i++)
            fill_signs(source, out, chunk, i);
        return;
    }
    char text[32];
    snprintf(text, sizeof text, "%zu", source->n);
    if (chunk == 0)
        random_init(&source->stream, source->seed, random_purpose(random_purpose(0, "bootstrap"), text));
    out->planes = 0;
    for (int d = 0; d < out->draws; d++) {
        const int planes = fill_counts(source, out, d);
        out->planes = planes > out->planes ? planes : out->planes;
    }
}

const struct draw_bits *draw_source_chunk(struct draw_source *source, int chunk)
{
    struct draw_bits *out = &source->chunks[source->is_kept ? chunk : 0];
    if (!source->is_kept || chunk >= source->ready) {
        fill_chunk(source, out, chunk);
        source->ready = chunk + 1;
    }
    return out;
}

void draw_bits_select(const struct draw_bits *bits, const int *images, size_t count, struct draw_bits *out)
{
    out->draws = bits->draws;
    out->planes = bits->planes;
    for (int k = 0; k < bits->planes; k++) {
        memset(out->bits[k], 0, tiles_of(count) * BITS_DRAWS * sizeof *out->bits[k]);
        for (size_t i = 0; i < count; i++) {
            const uint32_t *from = bits->bits[k] + (size_t)images[i] / BITS_TILE * BITS_DRAWS;
            uint32_t *to = out->bits[k] + i / BITS_TILE * BITS_DRAWS;
            for (int d = 0; d < bits->draws; d++)
                to[d] |= (from[d] >> images[i] % BITS_TILE & 1) << i % BITS_TILE;
        }
    }
}

/* -- sums ---------------------------------------------------------------------------------------------------------- */

typedef double pair_of_doubles __attribute__((vector_size(2 * sizeof(double)), may_alias));
enum { PAIRS = BITS_COLUMNS / 2 };

/* table[subset] = the sum over the subset's images of a group, which begins with image `first`. */
static void fill_table(const double *const columns[BITS_COLUMNS], size_t first, size_t n, double scale,
                       double table[SUBSETS][BITS_COLUMNS])
{
    memset(table[0], 0, sizeof table[0]);
    for (int bit = 0; bit < GROUP; bit++) {
        double value[BITS_COLUMNS] = {0};
        for (int c = 0; c < BITS_COLUMNS; c++)
            if (columns[c] && first + (size_t)bit < n)
                value[c] = columns[c][first + (size_t)bit] * scale;
        for (int subset = 1 << bit; subset < 2 << bit; subset++)
            for (int c = 0; c < BITS_COLUMNS; c++)
                table[subset][c] = table[subset - (1 << bit)][c] + value[c];
    }
}

/* The sums of a draw stay in registers over the tile's eight groups. */
static void add_tile(const uint32_t *words, int draws, double (*tables)[SUBSETS][BITS_COLUMNS],
                     double (*sums)[BITS_COLUMNS])
{
    for (int d = 0; d < draws; d++) {
        uint32_t word = words[d];
        if (word == 0)
            continue;
        pair_of_doubles *const sum = (pair_of_doubles *)sums[d];
        pair_of_doubles own[PAIRS];
#pragma GCC unroll 8
        for (int c = 0; c < PAIRS; c++)
            own[c] = sum[c];
        for (int g = 0; g < GROUPS; g++, word >>= GROUP) {
            const pair_of_doubles *row = (const pair_of_doubles *)tables[g][word % SUBSETS];
#pragma GCC unroll 8
            for (int c = 0; c < PAIRS; c++)
                own[c] += row[c];
        }
#pragma GCC unroll 8
        for (int c = 0; c < PAIRS; c++)
            sum[c] = own[c];
    }
}

void draw_bits_sum(const struct draw_bits *bits, const double *const columns[BITS_COLUMNS], double sums[][BITS_COLUMNS])
{
    double tables[GROUPS][SUBSETS][BITS_COLUMNS] __attribute__((aligned(64)));
    memset(sums, 0, (size_t)bits->draws * sizeof *sums);
    for (int k = 0; k < bits->planes; k++)
        for (size_t first = 0; first < bits->n; first += BITS_TILE) {
            for (size_t g = 0; g < GROUPS; g++)
                fill_table(columns, first + g * GROUP, bits->n, (double)(1 << k), tables[g]);
            add_tile(bits->bits[k] + first / BITS_TILE * BITS_DRAWS, bits->draws, tables, sums);
        }
}
