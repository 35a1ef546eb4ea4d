/* tests/base/test_confidence.c - confidence sequences beside NumPy (tests/golden/confidence.py), and how often they miss. */
#include "base/confidence.h"
#include "base/random.h"
#include "tests/golden.h"
#include "tests/test.h"

#include <math.h>

#define COUNT 400
#define RUNS 1000

static void compare(const struct golden *golden, const char *key, double alpha, int list)
{
    static const int looks[] = {1, 2, 10, 50, 100, 200, 399, 400};
    float values[COUNT];
    struct confidence confidence;
    size_t count;
    const double *want = golden_values(golden, key, &count);
    assert_int_equal(count, 16);
    golden_fill(values, COUNT, 3);
    confidence_begin(&confidence, alpha, list);
    for (int i = 0, look = 0; i < COUNT; i++) {
        confidence_add(&confidence, ((double)values[i] + 1) / 2);
        if (i + 1 != looks[look])
            continue;
        assert_true(fabs(confidence.low - want[(size_t)look * 2]) < 1e-12);
        assert_true(fabs(confidence.high - want[(size_t)look * 2 + 1]) < 1e-12);
        look++;
    }
}

TEST(sequences_equal_those_of_numpy)
{
    struct golden *golden = golden_open("confidence");
    compare(golden, "plain", 0.05, 0);
    compare(golden, "strict", 1e-4, 0);
    compare(golden, "list", 0.05, COUNT);
    compare(golden, "long", 0.05, 1000);
    golden_close(golden);
}

/* How many of RUNS sequences of COUNT observations miss their mean at some time; skewed values with many zeros. */
static int count_misses(double alpha)
{
    int misses = 0;
    for (int run = 0; run < RUNS; run++) {
        struct random_stream stream;
        struct confidence confidence;
        bool has_missed = false;
        random_init(&stream, 1, (uint64_t)run);
        confidence_begin(&confidence, alpha, 0);
        for (int i = 0; i < COUNT; i++) {
            const double u = random_uniform(&stream);
            confidence_add(&confidence, u < 0.5 ? 0 : (2 * u - 1) * (2 * u - 1)); /* mean 1/6 */
            has_missed |= confidence.low > 1 / 6.0 || confidence.high < 1 / 6.0;
        }
        misses += has_missed;
    }
    return misses;
}

TEST(at_most_alpha_of_the_sequences_ever_miss)
{
    const int misses = count_misses(0.05);
    assert_true(misses > 0 && misses <= RUNS * 5 / 100); /* 0: the intervals would be needlessly wide */
}

/* The mean of a list that is drawn in random order; another list in each run. */
TEST(a_list_is_covered_and_known_exactly_at_its_end)
{
    int misses = 0;
    for (int run = 0; run < RUNS; run++) {
        double list[COUNT], sum = 0;
        struct random_stream stream;
        struct confidence confidence;
        bool has_missed = false;
        random_init(&stream, 2, (uint64_t)run);
        for (int i = 0; i < COUNT; i++) {
            list[i] = random_uniform(&stream) < 0.3;
            sum += list[i];
        }
        confidence_begin(&confidence, 0.05, COUNT);
        for (int i = 0; i < COUNT; i++) {
            const int other = i + (int)random_below(&stream, (uint32_t)(COUNT - i));
            const double x = list[other];
            list[other] = list[i];
            confidence_add(&confidence, x);
            has_missed |= confidence.low > sum / COUNT + 1e-12 || confidence.high < sum / COUNT - 1e-12;
        }
        misses += has_missed;
        assert_true(confidence.low == confidence.high);
    }
    assert_true(misses <= RUNS * 5 / 100);
}
