/* tests/base/test_random.c - the streams against Random123's published vectors (kat_vectors, philox4x32 10). */
#include "base/random.h"

#include "tests/test.h"

#include <math.h>
#include <stdlib.h>

TEST(words_are_the_published_ones)
{
    static const struct {
        uint64_t counter, purpose, seed;
        uint32_t want[4];
    } vectors[] = {
        {0, 0, 0, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {UINT64_MAX, UINT64_MAX, UINT64_MAX, {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {0x85a308d3243f6a88, 0x0370734413198a2e, 0x299f31d0a4093822, {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        struct random_stream stream;
        random_init(&stream, vectors[i].seed, vectors[i].purpose);
        stream.counter = vectors[i].counter;
        for (int k = 0; k < 4; k++)
            assert_int_equal(random_u32(&stream), vectors[i].want[k]);
    }
}

TEST(streams_of_other_purposes_differ)
{
    const uint64_t a = random_purpose(random_purpose(0, "image"), "method");
    assert_true(a != random_purpose(random_purpose(0, "image"), "methods"));
    assert_true(a != random_purpose(random_purpose(0, "imagem"), "ethod")); /* the end of a word counts */
    struct random_stream first, second;
    random_init(&first, 1, a);
    random_init(&second, 1, a + 1);
    assert_true(random_u32(&first) != random_u32(&second));
}

TEST(parts_of_a_stream_are_far_apart)
{
    struct random_stream stream;
    random_init(&stream, 1, 2);
    for (uint32_t i = 0; i < 3; i++) {
        struct random_stream part = random_part(&stream, i), same = stream;
        same.counter = (uint64_t)i << 32;
        for (int k = 0; k < 8; k++)
            assert_int_equal(random_u32(&part), random_u32(&same));
    }
    struct random_stream last = random_part(&stream, UINT32_MAX);
    assert_true(random_u32(&last) != random_u32(&stream));
}

TEST(normal_numbers_of_neighbouring_parts_are_independent)
{
    struct random_stream stream;
    enum { COUNT = 50000 };
    double sum = 0, square = 0, product = 0, before = 0;
    random_init(&stream, 3, 4);
    for (uint32_t i = 0; i < COUNT; i++) {
        struct random_stream part = random_part(&stream, i);
        const double normal = random_normal(&part);
        sum += normal;
        square += normal * normal;
        product += normal * before;
        before = normal;
    }
    /* five standard errors */
    assert_true(fabs(sum / COUNT) < 5 / sqrt(COUNT));
    assert_true(fabs(square / COUNT - 1) < 5 * sqrt(2.0 / COUNT));
    assert_true(fabs(product / COUNT) < 5 / sqrt(COUNT));
}

TEST(uniform_and_normal_have_their_moments)
{
    struct random_stream stream;
    double sum = 0, normal_sum = 0, normal_square = 0, normal_fourth = 0;
    random_init(&stream, 5, 6);
    enum { COUNT = 200000 };
    for (int i = 0; i < COUNT; i++) {
        const double uniform = random_uniform(&stream), normal = random_normal(&stream);
        assert_true(uniform >= 0 && uniform < 1 && isfinite(normal));
        sum += uniform;
        normal_sum += normal;
        normal_square += normal * normal;
        normal_fourth += normal * normal * normal * normal;
    }
    /* five standard errors */
    assert_true(fabs(sum / COUNT - 0.5) < 5 * sqrt(1 / 12.0 / COUNT));
    assert_true(fabs(normal_sum / COUNT) < 5 / sqrt(COUNT));
    assert_true(fabs(normal_square / COUNT - 1) < 5 * sqrt(2.0 / COUNT));
    assert_true(fabs(normal_fourth / COUNT - 3) < 5 * sqrt(96.0 / COUNT));
}

TEST(numbers_below_a_bound_are_even)
{
    struct random_stream stream;
    int count[6] = {0};
    random_init(&stream, 7, 0);
    for (int i = 0; i < 60000; i++)
        count[random_below(&stream, 6)]++;
    for (int i = 0; i < 6; i++)
        assert_true(abs(count[i] - 10000) < 500); /* five standard deviations */
    assert_int_equal(random_below(&stream, 1), 0);
}
