/*
 * Simulations: how often 95 % intervals of differences contain the true difference, and how often Holm's table finds a
 * difference between methods that do not differ. CAMBENCH_SIMULATIONS=N makes N data sets instead of 400; 2000 take
 * about 20 seconds.
 */
#include "tests/report/sample.h"

#include "base/random.h"
#include "report/pairs.h"

enum { METRICS = 100, METHODS_MAX = 6, IMAGES = 200 };

/* A report of METRICS data sets: one metric each, so that they share the draws of a seed and nothing else. */
struct simulation {
    struct report report;
    struct report_metric metrics[METRICS];
    struct report_method methods[METHODS_MAX];
    double *values;
    uint8_t *states;
    char names[IMAGES][16];
    const char *images[IMAGES];
};

static int data_sets(void)
{
    const char *text = getenv("CAMBENCH_SIMULATIONS");
    return text ? atoi(text) : 400;
}

static void open_simulation(struct simulation *s, int methods, int images, uint64_t seed)
{
    const size_t count = (size_t)METRICS * (size_t)methods * (size_t)images;
    *s = (struct simulation){.report = {.name = "simulation",
                                        .folder = "/nonexistent",
                                        .program = "p",
                                        .backbone_count = 1,
                                        .method_count = methods,
                                        .protocol_count = 1,
                                        .metric_count = METRICS,
                                        .image_count = images,
                                        .backbones = sample_backbones,
                                        .protocols = sample_protocols,
                                        .bootstrap = 2000,
                                        .seed = seed}};
    s->values = calloc(count, sizeof *s->values);
    s->states = calloc(count, 1);
    assert_true(s->values && s->states);
    memset(s->states, REPORT_DEFINED, count);
    for (int k = 0; k < METRICS; k++)
        s->metrics[k] = (struct report_metric){"x", "X", "", false, true, false, 0, 1, {-1}, NULL, false};
    for (int m = 0; m < methods; m++)
        s->methods[m] = (struct report_method){.name = "m", .title = "M"};
    for (int i = 0; i < images; i++) {
        snprintf(s->names[i], sizeof s->names[i], "%d", i);
        s->images[i] = s->names[i];
    }
    s->report.metrics = s->metrics, s->report.methods = s->methods, s->report.images = s->images;
    s->report.values = s->values, s->report.states = s->states;
}

static void close_simulation(struct simulation *s)
{
    report_paired_free((struct paired *)s->report.paired);
    free(s->values);
    free(s->states);
}

static void pair_up(struct simulation *s)
{
    struct error err = {0};
    s->report.paired = report_pair_up(&s->report, &err);
    assert_non_null(s->report.paired);
}

typedef double (*value_of)(struct random_stream *stream, int method, double image);

/* Skewed: exponential, of the image and of each method; the difference is 0.5. */
static double skewed(struct random_stream *stream, int method, double image)
{
    return image - (method ? 1 : 1.5) * log(1 - random_uniform(stream));
}

/* Tied: only 0, 0.5 and 1; a difference of 0.1. */
static double tied(struct random_stream *stream, int method, double image)
{
    const double own = random_uniform(stream) + (method ? 0 : 0.2);
    return 0.5 * (own > 0.7) + 0.5 * (image > 1);
}

static double no_difference(struct random_stream *stream, int method, double image)
{
    (void)method;
    return image * (1 + 0.3 * random_uniform(stream) * random_uniform(stream));
}

static void fill(struct simulation *s, value_of value, uint64_t seed)
{
    struct random_stream stream;
    random_init(&stream, seed, random_purpose(0, "simulation"));
    for (int k = 0; k < METRICS; k++)
        for (int i = 0; i < s->report.image_count; i++) {
            const double image = -log(1 - random_uniform(&stream));
            for (int m = 0; m < s->report.method_count; m++)
                s->values[report_index(&s->report, 0, m, 0, k, i)] = value(&stream, m, image);
        }
}

/* The share of intervals that contain the true difference. */
static double coverage(value_of value, double truth)
{
    const int rounds = (data_sets() + METRICS - 1) / METRICS;
    int inside = 0;
    for (int round = 0; round < rounds; round++) {
        struct simulation s;
        open_simulation(&s, 2, IMAGES, (uint64_t)round + 1);
        fill(&s, value, (uint64_t)round + 1);
        pair_up(&s);
        for (int k = 0; k < METRICS; k++) {
            const struct method_pair pair = pair_at(&s.report, 0, 0, k, 0, 1);
            inside += pair.ci_low <= truth && truth <= pair.ci_high;
        }
        close_simulation(&s);
    }
    return (double)inside / (rounds * METRICS);
}

/* Two to three standard errors around 95 %: as the number of data sets allows. */
static void check_coverage(const char *name, value_of value, double truth)
{
    const double share = coverage(value, truth), margin = data_sets() < 2000 ? 0.03 : 0.01;
    print_message("%s: %.2f %% of the intervals contain the difference\n", name, 100 * share);
    assert_true(fabs(share - 0.95) <= margin);
}

TEST(intervals_of_skewed_values_contain_the_difference)
{
    check_coverage("skewed", skewed, 0.5);
}

TEST(intervals_of_tied_values_contain_the_difference)
{
    check_coverage("tied", tied, 0.5 * 0.2);
}

TEST(holms_table_finds_nothing_where_nothing_differs)
{
    const int rounds = (data_sets() + METRICS - 1) / METRICS;
    int alarms = 0;
    for (int round = 0; round < rounds; round++) {
        struct simulation s;
        open_simulation(&s, METHODS_MAX, 40, (uint64_t)round + 1);
        fill(&s, no_difference, (uint64_t)round + 1);
        s.report.bootstrap = 0;
        pair_up(&s);
        for (int k = 0; k < METRICS; k++) {
            bool is_alarm = false;
            for (int a = 0; a < METHODS_MAX; a++)
                for (int b = a + 1; b < METHODS_MAX; b++)
                    is_alarm |= pair_at(&s.report, 0, 0, k, a, b).p_holm < PAIRS_ALPHA;
            alarms += is_alarm;
        }
        close_simulation(&s);
    }
    const double share = (double)alarms / (rounds * METRICS);
    print_message("%.2f %% of the tables have a false alarm\n", 100 * share);
    assert_true(share <= (data_sets() < 2000 ? 0.07 : 0.05));
}
