/*
 * base/counts.h - vectors of counts as pairs of doubles, which a store keeps as it keeps the points of a curve.
 *
 * The first pair is the number of bits of a count, and the length. The numbers of the other pairs, first all firsts and
 * then all seconds, hold 52 / bits counts each, the lowest bits first; all of them are integers below 2^52.
 */
#ifndef BASE_COUNTS_H
#define BASE_COUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The number of pairs that counts_pack() writes, with as few bits for a count as the largest one needs. */
int counts_pairs(const uint32_t *counts, size_t length);

/* first and second: (counts_pairs()). */
void counts_pack(const uint32_t *counts, size_t length, double *first, double *second);

/* Writes counts (length). False: the pairs are not those of a vector of this length. */
bool counts_unpack(const double *first, const double *second, int pairs, size_t length, uint32_t *counts);

#endif
