/*
 * tests/report/test_count_cells.c - cells of counts: sums that amount to means are the cells of means, in every draw, and
 * images without counts are left out.
 */
#include "tests/test.h"

#include "base/counts.h"
#include "report/report.h"

#include <math.h>
#include <string.h>

enum { N = 40, SHOTS = 0, HITS, RATE, COUNTED_MEAN, COUNTED_RATE, METRICS };

static double rate_of_means(const double *means)
{
    return means[1] / means[0];
}

static double mean_of_sums(const void *params, const double *sums, int n)
{
    (void)params;
    return sums[1] / n;
}

static double rate_of_sums(const void *params, const double *sums, int n)
{
    (void)n;
    return sums[1] / sums[0] * *(const double *)params;
}

static const double once = 1;

static const struct report_metric metrics[METRICS] = {
    {.name = "shots", .title = "Shots", .unit = "", .min = 0, .max = 100},
    {.name = "hits", .title = "Hits", .unit = "", .min = 0, .max = 100},
    {.name = "rate",
     .title = "Rate",
     .unit = "",
     .min = 0,
     .max = 1,
     .parts = {SHOTS, HITS, -1},
     .combine = rate_of_means},
    {.name = "counted_mean", .title = "Mean", .unit = "", .min = 0, .max = 100},
    {.name = "counted_rate", .title = "Rate", .unit = "", .min = 0, .max = 1},
};

static const struct report_counted counted[METRICS] = {
    [COUNTED_MEAN] = {mean_of_sums, 2, NULL},
    [COUNTED_RATE] = {rate_of_sums, 2, &once},
};

static const struct report_backbone backbone = {.name = "net", .title = "Net", .arch = "net", .layer = "last"};
static const struct report_method method = {.name = "cam", .title = "CAM"};
static const struct report_protocol protocol = {.name = "rules"};
static const char *const images[N];

struct table {
    struct report report;
    double values[METRICS * N];
    uint8_t states[METRICS * N];
    const char *notes[METRICS * N];
    struct cost costs[N];
    double points[N][4];
    struct report_counts counts[N];
    const struct report_counts *rows[METRICS];
};

static void table_init(struct table *table)
{
    *table = (struct table){.report = {.name = "t",
                                       .folder = "/nonexistent",
                                       .program = "p",
                                       .backbone_count = 1,
                                       .method_count = 1,
                                       .protocol_count = 1,
                                       .metric_count = METRICS,
                                       .image_count = N,
                                       .backbones = &backbone,
                                       .methods = &method,
                                       .protocols = &protocol,
                                       .metrics = metrics,
                                       .images = images,
                                       .bootstrap = 500,
                                       .seed = 5}};
    table->report.values = table->values;
    table->report.states = table->states;
    table->report.notes = table->notes;
    table->report.costs = table->costs;
    table->report.counted = counted;
    table->report.counts = table->rows;
    table->rows[COUNTED_MEAN] = table->rows[COUNTED_RATE] = table->counts;
    for (int i = 0; i < N; i++) {
        const uint32_t counts[2] = {(uint32_t)(10 + i * 7 % 13), (uint32_t)(i * 5 % 11)};
        for (int k = SHOTS; k <= HITS; k++) {
            table->values[k * N + i] = counts[k];
            table->states[k * N + i] = REPORT_DEFINED;
        }
        assert_int_equal(counts_pairs(counts, 2), 2);
        counts_pack(counts, 2, table->points[i], table->points[i] + 2);
        table->counts[i] = (struct report_counts){REPORT_DEFINED, NULL, 2, table->points[i], table->points[i] + 2};
    }
}

static void assert_same(const struct table *table, int of_counts, int plain)
{
    const struct cell one = report_cell(&table->report, 0, 0, 0, of_counts);
    const struct cell other = report_cell(&table->report, 0, 0, 0, plain);
    assert_int_equal(one.n, other.n);
    assert_int_equal(one.undefined, other.undefined);
    assert_true(isfinite(one.ci_low) && one.ci_low < one.mean && one.mean < one.ci_high);
    assert_float_equal(one.mean, other.mean, 1e-12);
    assert_float_equal(one.ci_low, other.ci_low, 1e-12);
    assert_float_equal(one.ci_high, other.ci_high, 1e-12);
}

TEST(counts_are_combined_anew_in_the_draws_of_other_cells)
{
    struct table table;
    table_init(&table);
    assert_same(&table, COUNTED_MEAN, HITS);
    assert_same(&table, COUNTED_RATE, RATE);
}

TEST(images_without_counts_are_left_out)
{
    struct table table;
    table_init(&table);
    table.counts[3] = (struct report_counts){.state = REPORT_UNDEFINED, .note = "no_truth"};
    table.states[SHOTS * N + 3] = table.states[HITS * N + 3] = REPORT_UNDEFINED;
    table.counts[8] = (struct report_counts){.state = REPORT_ABSENT};
    table.states[SHOTS * N + 8] = table.states[HITS * N + 8] = REPORT_ABSENT;
    table.counts[9].note = "constant_map";
    assert_same(&table, COUNTED_MEAN, HITS);
    assert_same(&table, COUNTED_RATE, RATE);
    const struct cell cell = report_cell(&table.report, 0, 0, 0, COUNTED_RATE);
    assert_int_equal(cell.n, N - 2);
    assert_int_equal(cell.undefined, 1);
    assert_int_equal(cell.noted, 1);
}

TEST(a_number_that_does_not_exist_has_no_interval)
{
    struct table table;
    table_init(&table);
    static const uint32_t none[2] = {0};
    for (int i = 0; i < N; i++)
        counts_pack(none, 2, table.points[i], table.points[i] + 2);
    const struct cell cell = report_cell(&table.report, 0, 0, 0, COUNTED_RATE);
    assert_int_equal(cell.n, N);
    assert_true(isnan(cell.mean) && isnan(cell.ci_low) && isnan(cell.ci_high));
}
