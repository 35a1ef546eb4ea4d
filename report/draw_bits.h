/*
 * report/draw_bits.h - sums over many draws of images at once, for bootstrap draws and for random signs.
 *
 * A draw is a weight per image. Weights are kept as bits: of the number of times that a bootstrap draw contains an
 * image, or of the sign that a permutation gives to its difference (1: kept, 0: turned). Four images of a draw then are
 * an index into a table of the 16 sums over their subsets, made once for a thousand draws ("four Russians": Arlazarov,
 * Dinic, Kronrod, Faradzev, Soviet Math. Dokl. 1970), so that a value costs a quarter of an addition.
 */
#ifndef REPORT_DRAW_BITS_H
#define REPORT_DRAW_BITS_H

#include "base/arena.h"
#include "base/random.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BITS_DRAWS = 1024, BITS_COLUMNS = 16, BITS_TILE = 32, BITS_PLANES = 8 };

/* Up to BITS_DRAWS draws of n images: bits[plane] is (tiles, draws), bit i of a word is image i of its tile. */
struct draw_bits {
    size_t n;
    int draws, planes;           /* the plane k counts 2^k */
    uint32_t *bits[BITS_PLANES]; /* (tiles of n, BITS_DRAWS) */
};

/* Draws that are made in chunks of BITS_DRAWS, in order, as often as they are needed, or kept if they are not large. */
struct draw_source {
    size_t n;
    int count; /* of draws */
    uint64_t seed;
    const char *const *names; /* (n) of images, for random signs; NULL: bootstrap draws */
    struct random_stream stream;
    uint32_t *counts; /* (n), scratch */
    bool is_kept;
    int ready; /* chunks that were made and kept */
    struct draw_bits *chunks;
};

/*
 * Bootstrap draws of n >= 1 images: those of report_cells() for n values. Random signs: keyed by the seed and an image's
 * name, so that an image has the same signs for every pair and metric. Memory is the arena's; -1: none left.
 */
int draw_source_open(struct draw_source *source, size_t n, int count, uint64_t seed, const char *const *names,
                     struct arena *arena);
int draw_source_chunks(const struct draw_source *source);

/* Chunk `chunk`; after the last or the first one only the next or the first may be asked for. */
const struct draw_bits *draw_source_chunk(struct draw_source *source, int chunk);

/* The same draws of `count` of the images, given by position; `out` from draw_bits_alloc() for as many images. */
int draw_bits_alloc(struct draw_bits *bits, size_t n, int planes, struct arena *arena);
void draw_bits_select(const struct draw_bits *bits, const int *images, size_t count, struct draw_bits *out);

/*
 * sums[d][c] = the sum of columns[c][i] times draw d's weight of image i, over images i = 0 .. n-1; a column that is
 * NULL is all zeros. The order of the additions is fixed.
 */
void draw_bits_sum(const struct draw_bits *bits, const double *const columns[BITS_COLUMNS],
                   double sums[][BITS_COLUMNS]);

#endif
