/* tests/base/test_counts.c - counts survive packing, and numbers that are none are refused. */
#include "base/counts.h"
#include "tests/test.h"

#include <math.h>
#include <string.h>

#define LENGTH 2004

static double first[LENGTH + 1], second[LENGTH + 1];
static uint32_t counts[LENGTH], again[LENGTH];

/* Packs and unpacks `length` counts below 2^bits; returns the number of pairs. */
static int round_trip(size_t length, int bits)
{
    uint64_t state = 12345;
    for (size_t i = 0; i < length; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        counts[i] = (uint32_t)(state >> (64 - bits));
    }
    const int pairs = counts_pairs(counts, length);
    assert_true(pairs <= (int)length + 1);
    counts_pack(counts, length, first, second);
    memset(again, 0xff, sizeof again);
    assert_true(counts_unpack(first, second, pairs, length, again));
    assert_memory_equal(again, counts, length * sizeof *counts);
    return pairs;
}

TEST(counts_of_any_size_survive)
{
    static const size_t lengths[] = {1, 2, 7, 52, 53, 104, 105, 768, LENGTH};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
        for (int bits = 1; bits <= 32; bits++)
            round_trip(lengths[i], bits);
}

TEST(a_bit_takes_a_bit)
{
    assert_int_equal(round_trip(768, 1), 1 + 8);
    assert_true(round_trip(LENGTH, 13) <= 1 + LENGTH / 8 + 1);
}

TEST(numbers_that_are_no_counts_are_refused)
{
    const int pairs = round_trip(768, 5);
    assert_false(counts_unpack(first, second, pairs, 767, again));
    assert_false(counts_unpack(first, second, pairs - 1, 768, again));
    assert_false(counts_unpack(first, second, 0, 768, again));
    static const double wrong[] = {0.5, -1, 4503599627370496.0, NAN, INFINITY};
    for (int i = 0; i < 5; i++) {
        const double was = second[pairs - 1];
        second[pairs - 1] = wrong[i];
        assert_false(counts_unpack(first, second, pairs, 768, again));
        second[pairs - 1] = was;
    }
    static const double bits[] = {0, 33, 1.5, NAN};
    for (int i = 0; i < 4; i++) {
        first[0] = bits[i];
        assert_false(counts_unpack(first, second, pairs, 768, again));
    }
}
