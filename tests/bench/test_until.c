/* tests/bench/test_until.c - the rule of dataset.until on made-up values: false alarms, undefined values, the written config. */
#include "bench/run/until.h"

#include "base/random.h"
#include "tests/bench/config_fixture.h"

#include <math.h>

#define IMAGES 400
#define RUNS 1000

#define RULE(text) \
    "name: small\n" \
    "dataset: {path: a.h5, until: {" text ", min_images: 20, block: 20}}\n" \
    "backbones: [resnet18]\n" \
    "methods: [gradcam, layercam]\n" \
    "metrics: [complexity, coherency, average_drop, adcc_of_means]\n"

/* Values of two methods: uniform ones, whose means are 0.5 and 0.5 + shift, and gaps. */
struct made {
    uint64_t seed;
    double shift;
    int gap; /* every so many images have no value; 0: all have one */
};

static int read_made(void *context, int method, int metric, int image, struct until_value *value, struct error *err)
{
    const struct made *made = context;
    struct random_stream stream;
    (void)metric;
    (void)err;
    random_init(&stream, made->seed, (uint64_t)image * 2 + (uint64_t)method);
    *value = (struct until_value){REPORT_DEFINED, 0.8 * random_uniform(&stream) + 0.1 + (method ? made->shift : 0)};
    if (made->gap && image % made->gap == 0)
        value->state = REPORT_UNDEFINED;
    return 0;
}

static struct until *apply(struct fixture *f, struct made *made)
{
    static const bool is_unreadable[IMAGES];
    struct until *until = until_create(&f->config, IMAGES, &f->arena, &f->err);
    assert_non_null(until);
    while (!until_has_ended(until))
        assert_int_equal(until_look(until, read_made, made, is_unreadable, &f->err), 0);
    return until;
}

/* Of equal methods, which a rule looks at after every block, at most 5 % may be told apart. */
static void count_alarms(const char *config, double *share)
{
    struct fixture f;
    int alarms = 0;
    begin(&f);
    must_read(&f, config);
    for (int run = 0; run < RUNS; run++)
        alarms += until_end_of_pair(apply(&f, &(struct made){.seed = (uint64_t)run}))->reason == REPORT_END_DECIDED;
    end(&f);
    *share = (double)alarms / RUNS;
    printf("false alarms in %d runs: %d\n", RUNS, alarms);
}

TEST(equal_methods_are_rarely_told_apart)
{
    double share;
    count_alarms(RULE("metric: complexity, decided: [gradcam, layercam]"), &share);
    assert_true(share <= 0.05);
    count_alarms(RULE("metric: adcc_of_means, decided: [gradcam, layercam]"), &share);
    assert_true(share <= 0.05);
}

TEST(different_methods_are_told_apart_the_right_way_round)
{
    struct fixture f;
    begin(&f);
    must_read(&f, RULE("metric: complexity, decided: [gradcam, layercam]"));
    const struct report_end *pair = until_end_of_pair(apply(&f, &(struct made){.seed = 1, .shift = 0.1}));
    assert_int_equal(pair->reason, REPORT_END_DECIDED);
    assert_true(pair->images < IMAGES && pair->low < -0.1 && pair->high < 0);
    end(&f);
}

TEST(a_method_ends_when_its_interval_is_narrow_enough)
{
    struct fixture f;
    begin(&f);
    must_read(&f, RULE("metric: complexity, half_width: 6"));
    const struct until *until = apply(&f, &(struct made){.seed = 1});
    const struct report_end *end_of = until_end_of(until, 0);
    assert_null(until_end_of_pair(until));
    assert_int_equal(end_of->reason, REPORT_END_WIDTH);
    assert_true(end_of->images % 20 == 0 && end_of->images < IMAGES);
    assert_true(end_of->high - end_of->low <= 0.12 && end_of->low < 0.5 && end_of->high > 0.5);
    end(&f);
}

/* Without gaps the whole list gives an exact mean; with gaps an interval is left. */
TEST(gaps_make_intervals_wider)
{
    struct fixture f;
    begin(&f);
    must_read(&f, RULE("metric: complexity, half_width: 0.01"));
    const struct report_end whole = *until_end_of(apply(&f, &(struct made){.seed = 1}), 0),
                            gaps = *until_end_of(apply(&f, &(struct made){.seed = 1, .gap = 50}), 0);
    assert_int_equal(whole.reason, REPORT_END_ALL);
    assert_int_equal(gaps.reason, REPORT_END_ALL);
    assert_true(whole.low == whole.high);
    assert_true(gaps.high - gaps.low > 0.02);
    end(&f);
}

TEST(the_rule_is_written_and_read_back)
{
    struct fixture f;
    begin(&f);
    must_read(&f, RULE("metric: complexity, half_width: 0.5, confidence: 0.9"));
    assert_int_equal(config_write(&f.config, f.written, &f.err), 0);
    assert_int_equal(config_read(f.written, NULL, 0, &f.arena, &f.config, &f.err), 0);
    const struct config_until *until = &f.config.dataset.until;
    assert_string_equal(until->metric, "complexity");
    assert_true(until->half_width == 0.5 && until->confidence == 0.9);
    assert_int_equal(until->decided_count, 0);
    assert_int_equal(until->block, 20);
    end(&f);
}
