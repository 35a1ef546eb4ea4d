/* base/counts.c - packs counts into the bits of integers that doubles hold exactly. */
#include "base/counts.h"

#include <math.h>

#define NUMBER_BITS 52

static int bits_of(const uint32_t *counts, size_t length)
{
    uint32_t all = 1;
    int bits = 0;
    for (size_t i = 0; i < length; i++)
        all |= counts[i];
    for (; all; all >>= 1)
        bits++;
    return bits;
}

static size_t pairs_of(size_t length, int bits)
{
    const size_t per = (size_t)(NUMBER_BITS / bits), numbers = (length + per - 1) / per;
    return 1 + (numbers + 1) / 2;
}

int counts_pairs(const uint32_t *counts, size_t length)
{
    return (int)pairs_of(length, bits_of(counts, length));
}

void counts_pack(const uint32_t *counts, size_t length, double *first, double *second)
{
    const int bits = bits_of(counts, length), per = NUMBER_BITS / bits;
    const size_t pairs = pairs_of(length, bits);
    first[0] = bits;
    second[0] = (double)length;
    for (size_t i = 0; i < 2 * (pairs - 1); i++) {
        uint64_t number = 0;
        for (int k = per - 1; k >= 0; k--) {
            const size_t at = i * (size_t)per + (size_t)k;
            number = number << bits | (at < length ? counts[at] : 0);
        }
        *(i < pairs - 1 ? &first[1 + i] : &second[1 + i - (pairs - 1)]) = (double)number;
    }
}

bool counts_unpack(const double *first, const double *second, int pairs, size_t length, uint32_t *counts)
{
    if (pairs < 1 || !(first[0] >= 1 && first[0] <= 32) || first[0] != floor(first[0]) || second[0] != (double)length)
        return false;
    const int bits = (int)first[0], per = NUMBER_BITS / bits;
    const uint64_t mask = ((uint64_t)1 << bits) - 1;
    const size_t half = (size_t)pairs - 1;
    if ((size_t)pairs != pairs_of(length, bits))
        return false;
    for (size_t i = 0; i < 2 * half; i++) {
        const double value = i < half ? first[1 + i] : second[1 + i - half];
        if (!(value >= 0 && value < (double)((uint64_t)1 << NUMBER_BITS)) || value != floor(value))
            return false;
        uint64_t number = (uint64_t)value;
        for (size_t at = i * (size_t)per; at < (i + 1) * (size_t)per && at < length; at++, number >>= bits)
            counts[at] = (uint32_t)(number & mask);
    }
    return true;
}
