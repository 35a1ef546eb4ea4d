/* Means, percentiles and intervals against NumPy and SciPy, and hand-sized combinations. */
#include "tests/report/sample.h"

#include "report/percentile.h"
#include "report/stats.h"

enum { N = 40, X = 0, Y, Z, OF_MEANS, METRICS };

static double harmonic_of_means(const double *means)
{
    return sample_harmonic(means[Y], 1 - means[Z], 1 - means[X]);
}

static const struct report_metric metrics[METRICS] = {
    {"x", "X", "%", true, false, false, 0, 1, {-1}, NULL, false},
    {"y", "Y", "%", true, true, false, 0, 1, {-1}, NULL, false},
    {"z", "Z", "%", true, false, false, 0, 1, {-1}, NULL, false},
    {"of_means", "Of means", "%", true, true, false, 0, 1, {X, Y, Z, -1}, harmonic_of_means, false},
};

static const char *const images[N];

/* One backbone, method and protocol over N images; values as in report_stats.py. */
struct table {
    struct report report;
    double values[METRICS * N];
    uint8_t states[METRICS * N];
    const char *notes[METRICS * N];
    struct cost costs[N];
};

static const struct report_backbone backbone = {"net", "Net", "net", "last", 0, 0, 0};
static const struct report_method method = {.name = "cam", .title = "CAM"};
static const struct report_protocol protocol = {.name = "rules"};

static void table_init(struct table *table)
{
    float noise[N];
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
    for (int k = X; k <= Z; k++) {
        golden_fill(noise, N, (uint32_t)(7 + k));
        for (int i = 0; i < N; i++) {
            table->values[k * N + i] = ((double)noise[i] + 1) / 2;
            table->states[k * N + i] = REPORT_DEFINED;
        }
    }
}

static void check_numbers(const char *key, const double *got, size_t count, double tolerance)
{
    struct golden *golden = golden_open("report_stats");
    size_t expected;
    const double *want = golden_values(golden, key, &expected);
    assert_int_equal(expected, count);
    for (size_t i = 0; i < count; i++)
        if (!(fabs(got[i] - want[i]) <= tolerance))
            fail_msg("%s, %zu: %.17g, expected %.17g", key, i, got[i], want[i]);
    golden_close(golden);
}

static void check_cell(const char *key, const struct cell *cell)
{
    check_numbers(key, (const double[]){cell->mean, cell->ci_low, cell->ci_high}, 3, 1e-14);
}

TEST(percentiles_are_numpys)
{
    static const double percents[] = {0, 2.5, 5, 25, 50, 75, 95, 97.5, 100};
    static const int sizes[] = {1, 2, 3, 10, 41};
    for (int s = 0; s < 5; s++) {
        float noise[41];
        double sorted[41], got[9];
        char key[32];
        golden_fill(noise, (size_t)sizes[s], (uint32_t)sizes[s]);
        for (int i = 0; i < sizes[s]; i++)
            sorted[i] = (double)noise[i];
        sort_doubles(sorted, (size_t)sizes[s]);
        for (int i = 0; i < 9; i++)
            got[i] = percentile_of_doubles(sorted, (size_t)sizes[s], percents[i]);
        snprintf(key, sizeof key, "percentile.%d", sizes[s]);
        check_numbers(key, got, 9, 0);
    }
}

TEST(mean_and_interval_are_numpys_on_the_same_draws)
{
    struct table table;
    table_init(&table);
    const struct cell cell = report_cell(&table.report, 0, 0, 0, X);
    assert_int_equal(cell.n, N);
    assert_int_equal(cell.undefined, 0);
    check_cell("mean", &cell);
}

TEST(interval_is_scipys_within_sampling_error)
{
    struct table table;
    table_init(&table);
    table.report.bootstrap = 100000;
    const struct cell cell = report_cell(&table.report, 0, 0, 0, X);
    check_numbers("scipy", (const double[]){cell.ci_low, cell.ci_high}, 2, 1.5e-3);
}

TEST(combination_uses_images_where_all_parts_are_defined_inside_each_draw)
{
    struct table table;
    table_init(&table);
    for (int i = 3; i < N; i += 4)
        table.states[Y * N + i] = REPORT_UNDEFINED;
    table.states[Z * N + 9] = REPORT_UNDEFINED;
    const struct cell cell = report_cell(&table.report, 0, 0, 0, OF_MEANS);
    assert_int_equal(cell.n, 29);
    assert_int_equal(cell.undefined, 11);
    check_cell("combined", &cell);
}

/* Two images with (coherency, 1 - complexity, 1 - drop) = (1,1,0.1) and (0.1,1,1): 0.25 of values, 0.647 of means. */
TEST(adcc_of_means_of_two_images_is_known)
{
    struct table table;
    table_init(&table);
    table.report.image_count = 2;
    const double value[3][2] = {{0.9, 0}, {1, 0.1}, {0, 0}};
    for (int k = X; k <= Z; k++)
        for (int i = 0; i < 2; i++) {
            table.values[k * 2 + i] = value[k][i];
            table.states[k * 2 + i] = REPORT_DEFINED;
        }
    assert_float_equal(report_cell(&table.report, 0, 0, 0, OF_MEANS).mean, 0.647058823529, 1e-12);
}

/* Poppi et al. 2021, ResNet-50: coherency 96.68, complexity 32.90, drop 15.69. */
TEST(adcc_of_means_of_a_published_row)
{
    struct table table;
    table_init(&table);
    table.report.image_count = 1;
    const double value[] = {0.1569, 0.9668, 0.3290};
    for (int k = X; k <= Z; k++)
        table.values[k] = value[k], table.states[k] = REPORT_DEFINED;
    const struct cell cell = report_cell(&table.report, 0, 0, 0, OF_MEANS);
    assert_float_equal(cell.mean, 0.8085, 5e-5);
    assert_true(isnan(cell.ci_low) && isnan(cell.ci_high));
}

/* Numbers such as 0.1 are not exact in binary: a plain mean of equal numbers is often wrong in its last digit. */
TEST(equal_values_have_themselves_as_mean_and_ends)
{
    struct table table;
    table_init(&table);
    for (int n = 2; n <= N; n++)
        for (double value = 0.01; value < 1; value += 0.07) {
            for (int i = 0; i < METRICS * N; i++)
                table.values[i] = value, table.states[i] = REPORT_DEFINED;
            table.report.image_count = n;
            const struct cell cell = report_cell(&table.report, 0, 0, 0, X);
            assert_true(cell.mean == value && cell.ci_low == value && cell.ci_high == value);
            const struct cell combined = report_cell(&table.report, 0, 0, 0, OF_MEANS);
            assert_true(combined.ci_low == combined.mean && combined.ci_high == combined.mean);
        }
}

TEST(an_interval_holds_its_mean)
{
    struct table table;
    table_init(&table);
    for (int n = 2; n <= 12; n++)
        for (int bootstrap = 1; bootstrap <= 64; bootstrap *= 2) {
            table.report.image_count = n, table.report.bootstrap = bootstrap;
            for (int metric = X; metric <= OF_MEANS; metric++) {
                const struct cell cell = report_cell(&table.report, 0, 0, 0, metric);
                assert_true(cell.ci_low <= cell.mean && cell.mean <= cell.ci_high);
            }
        }
}

TEST(one_value_has_no_interval)
{
    struct table table;
    table_init(&table);
    memset(table.states + 1, REPORT_UNDEFINED, N - 1);
    const struct cell cell = report_cell(&table.report, 0, 0, 0, X);
    assert_int_equal(cell.n, 1);
    assert_true(cell.mean == table.values[0] && isnan(cell.ci_low) && isnan(cell.ci_high));
}

TEST(interval_of_a_cell_does_not_depend_on_the_other_rows)
{
    struct sample_run run;
    struct error err;
    sample_open(&run);
    struct cell *cells = report_cells(&run.report, &err);
    assert_non_null(cells);
    const struct cell *all = cell_at(&run.report, cells, 0, 0, 0, SAMPLE_OF_MEANS);
    run.report.backbone_count = 1;
    run.report.method_count = 1;
    const struct cell alone = report_cell(&run.report, 0, 0, 0, SAMPLE_OF_MEANS);
    assert_memory_equal(&alone.mean, &all->mean, 3 * sizeof(double));
    run.report.seed = 2;
    assert_true(report_cell(&run.report, 0, 0, 0, SAMPLE_OF_MEANS).ci_low != all->ci_low);
    free(cells);
    sample_remove(run.folder);
    sample_close(&run);
}

TEST(cells_of_nothing_have_no_mean)
{
    struct table table;
    table_init(&table);
    memset(table.states, REPORT_ABSENT, sizeof table.states);
    struct cell cell = report_cell(&table.report, 0, 0, 0, OF_MEANS);
    assert_int_equal(cell.n + cell.undefined, 0);
    assert_true(isnan(cell.mean) && isnan(cell.ci_low) && isnan(cell.ci_high));
    memset(table.states, REPORT_UNDEFINED, sizeof table.states);
    cell = report_cell(&table.report, 0, 0, 0, X);
    assert_int_equal(cell.n, 0);
    assert_int_equal(cell.undefined, N);
    assert_true(isnan(cell.mean));
}

TEST(without_resamples_there_is_a_mean_but_no_interval)
{
    struct table table;
    table_init(&table);
    table.report.bootstrap = 0;
    const struct cell cell = report_cell(&table.report, 0, 0, 0, X);
    assert_true(isfinite(cell.mean) && isnan(cell.ci_low) && isnan(cell.ci_high));
}

TEST(best_is_by_direction_as_printed_and_never_a_control)
{
    struct sample_run run;
    struct error err;
    sample_open(&run);
    struct cell *cells = report_cells(&run.report, &err);
    const size_t step = SAMPLE_METRICS;
    for (int m = 0; m < SAMPLE_METHODS; m++)
        cells[(size_t)m * step + SAMPLE_DROP].mean = 0.5;
    cells[2 * step + SAMPLE_DROP].mean = 0.123401;
    cells[3 * step + SAMPLE_DROP].mean = 0.123399;
    cells[4 * step + SAMPLE_DROP].mean = NAN;
    cells[9 * step + SAMPLE_DROP].mean = 0.01; /* a control */
    for (int m = 0; m < SAMPLE_METHODS; m++)
        assert_int_equal(cell_is_best(&run.report, cells, 0, m, 0, SAMPLE_DROP), m == 2 || m == 3);
    free(cells);
    sample_remove(run.folder);
    sample_close(&run);
}

TEST(costs_leave_out_what_was_not_measured)
{
    struct table table;
    double scratch[N];
    table_init(&table);
    for (int i = 0; i < N; i++)
        table.costs[i].seconds = -1;
    assert_int_equal(cost_summary(&table.report, 0, 0, scratch).n, 0);
    const double seconds[] = {4, 1, 3, 2, 10};
    for (int i = 0; i < 5; i++)
        table.costs[2 * i] = (struct cost){.seconds = seconds[i], .full = 1, .tail = i, .backward = 2};
    const struct cost_summary cost = cost_summary(&table.report, 0, 0, scratch);
    assert_int_equal(cost.n, 5);
    assert_float_equal(cost.median, 3, 0);
    assert_float_equal(cost.mean, 4, 0);
    assert_float_equal(cost.low, 2, 0);
    assert_float_equal(cost.high, 4, 0);
    assert_float_equal(cost.tail, 2, 0);
    assert_float_equal(cost.full + cost.backward, 3, 0);
}
