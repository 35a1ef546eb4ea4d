/* Comparisons in pairs against NumPy and SciPy, and small cases that can be computed by hand. */
#include "tests/report/sample.h"

#include "report/critical.h"
#include "report/draw_bits.h"
#include "report/pairs.h"
#include "report/pairs_study.h"

enum { N = 40, METHODS = 4, X = 0, P, Q, R, OF_MEANS, METRICS };

static double harmonic_of_means(const double *means)
{
    return sample_harmonic(means[1], 1 - means[2], 1 - means[0]);
}

static const struct report_metric metrics[METRICS] = {
    {"x", "X", "", false, true, false, 0, 1, {-1}, NULL, false},
    {"p", "P", "%", true, false, false, 0, 1, {-1}, NULL, false},
    {"q", "Q", "%", true, true, false, 0, 1, {-1}, NULL, false},
    {"r", "R", "%", true, false, false, 0, 1, {-1}, NULL, false},
    {"of_means", "Of means", "%", true, true, false, 0, 1, {P, Q, R, -1}, harmonic_of_means, false},
};
static const struct report_backbone backbones[] = {{"net", "Net", "net", "last", 0, 0, 0},
                                                   {"other", "Other", "other", "last", 0, 0, 0}};
static const struct report_protocol protocol = {.name = "rules"};
static const struct report_method methods[METHODS] = {
    {.name = "a", .title = "A"}, {.name = "b", .title = "B"}, {.name = "c", .title = "C"}, {.name = "d", .title = "D"}};

/* One backbone and protocol; values as in report_pairs.py. */
struct table {
    struct report report;
    double values[METHODS * METRICS * N];
    uint8_t states[METHODS * METRICS * N];
    const char *notes[METHODS * METRICS * N], *images[N];
    char names[N][16];
};

static void put(struct table *table, int m, int k, int i, double value)
{
    const size_t at = report_index(&table->report, 0, m, 0, k, i);
    table->values[at] = value;
    table->states[at] = REPORT_DEFINED;
}

static void table_init(struct table *table)
{
    *table = (struct table){.report = {.name = "t",
                                       .folder = "/nonexistent",
                                       .program = "p",
                                       .backbone_count = 1,
                                       .method_count = METHODS,
                                       .protocol_count = 1,
                                       .metric_count = METRICS,
                                       .image_count = N,
                                       .backbones = backbones,
                                       .methods = methods,
                                       .protocols = &protocol,
                                       .metrics = metrics,
                                       .bootstrap = 500,
                                       .seed = 5}};
    table->report.values = table->values;
    table->report.states = table->states;
    table->report.notes = table->notes;
    table->report.images = table->images;
    for (int i = 0; i < N; i++) {
        snprintf(table->names[i], sizeof table->names[i], "image%d", i);
        table->images[i] = table->names[i];
    }
}

/* Values of the metric x for all methods: 1 is near 0, 2 is undefined on every fourth image, 3 equals 0. */
static void fill_x(struct table *table)
{
    float noise[3][N];
    for (int m = 0; m < 3; m++)
        golden_fill(noise[m], N, (uint32_t)(20 + m));
    for (int i = 0; i < N; i++) {
        const double first = ((double)noise[0][i] + 1) / 2;
        put(table, 0, X, i, first);
        put(table, 1, X, i, first + 0.06 * (((double)noise[1][i] + 1) / 2 - 0.3));
        put(table, 2, X, i, ((double)noise[2][i] + 1) / 2);
        put(table, 3, X, i, first);
        if (i % 4 == 3)
            table->states[report_index(&table->report, 0, 2, 0, X, i)] = REPORT_UNDEFINED;
    }
}

/* Values of the parts of the combined metric, for methods 0 and 1. */
static void fill_parts(struct table *table)
{
    for (int m = 0; m < 2; m++)
        for (int j = 0; j < 3; j++) {
            float noise[N];
            golden_fill(noise, N, (uint32_t)(m == 0 || j == 2 ? 40 + 3 * m + j : 40 + j));
            for (int i = 0; i < N; i++) {
                const double value = ((double)noise[i] + 1) / 2;
                put(table, m, P + j, i, m == 1 && j < 2 ? 0.9 * value + 0.05 : value);
            }
        }
}

static void check_numbers(const char *key, const double *got, size_t count, double tolerance)
{
    struct golden *golden = golden_open("report_pairs");
    size_t expected;
    const double *want = golden_values(golden, key, &expected);
    assert_int_equal(expected, count);
    for (size_t i = 0; i < count; i++)
        if (!(fabs(got[i] - want[i]) <= tolerance))
            fail_msg("%s, %zu: %.17g, expected %.17g", key, i, got[i], want[i]);
    golden_close(golden);
}

static void pair_up(struct table *table)
{
    struct error err = {0};
    table->report.paired = report_pair_up(&table->report, &err);
    assert_non_null(table->report.paired);
}

static void table_free(struct table *table)
{
    report_paired_free((struct paired *)table->report.paired);
}

TEST(pairs_are_numpys_on_the_same_draws_and_scipys_by_its_own)
{
    struct table table;
    table_init(&table);
    fill_x(&table);
    pair_up(&table);
    for (int a = 0; a < METHODS; a++)
        for (int b = a + 1; b < METHODS; b++) {
            const struct method_pair pair = pair_at(&table.report, 0, 0, X, a, b),
                                     turned = pair_at(&table.report, 0, 0, X, b, a);
            char key[32];
            snprintf(key, sizeof key, "pair.%d%d", a, b);
            check_numbers(key,
                          (const double[]){pair.n, pair.difference, pair.ci_low, pair.ci_high, pair.p, pair.win_rate,
                                           isfinite(pair.effect) ? pair.effect : 0, pair.p_holm},
                          8, 1e-13);
            assert_true(turned.difference == -pair.difference && turned.ci_low == -pair.ci_high &&
                        turned.ci_high == -pair.ci_low && turned.p == pair.p && turned.win_rate == 1 - pair.win_rate);
            if (a == 0 && b == 3)
                continue;
            snprintf(key, sizeof key, "scipy.%d%d", a, b);
            check_numbers(key, &pair.p, 1, 0.015);
        }
    table_free(&table);
}

TEST(ranks_and_intervals_are_scipys)
{
    struct table table;
    table_init(&table);
    fill_x(&table);
    table.report.method_count = METHODS - 1;
    for (int m = 0; m < 3; m++) /* the index depends on the number of methods only through the backbone */
        assert_int_equal(report_index(&table.report, 0, m, 0, X, 0), m * METRICS * N);
    pair_up(&table);
    for (int m = 0; m < 3; m++) {
        const struct method_rank *rank = rank_at(&table.report, 0, 0, X, m);
        char key[32];
        snprintf(key, sizeof key, "rank.%d", m);
        check_numbers(key, (const double[]){rank->rank, rank->low, rank->high}, 3, 0);
    }
    table_free(&table);
}

TEST(the_interval_of_a_rank_contains_the_means_interval_of_the_cell)
{
    struct table table;
    table_init(&table);
    fill_x(&table);
    pair_up(&table);
    const struct cell cell = report_cell(&table.report, 0, 1, 0, X); /* defined everywhere: the same draws */
    const struct method_rank *rank = rank_at(&table.report, 0, 0, X, 1);
    assert_true(fabs(cell.mean - rank->mean) < 1e-14 && fabs(cell.ci_low - rank->mean_low) < 1e-14 &&
                fabs(cell.ci_high - rank->mean_high) < 1e-14);
    table_free(&table);
}

TEST(combinations_of_means_swap_all_parts_of_an_image)
{
    struct table table;
    table_init(&table);
    fill_parts(&table);
    pair_up(&table);
    const struct method_pair pair = pair_at(&table.report, 0, 0, OF_MEANS, 0, 1);
    check_numbers("combined", (const double[]){pair.n, pair.difference, pair.ci_low, pair.ci_high, pair.p}, 5, 1e-13);
    assert_true(isnan(pair.win_rate) && isnan(pair.effect));
    assert_int_equal(pair_at(&table.report, 0, 0, OF_MEANS, 0, 2).n, 0);
    assert_true(isnan(pair_at(&table.report, 0, 0, OF_MEANS, 0, 2).p_holm));
    table_free(&table);
}

TEST(few_images_are_tested_exactly)
{
    static const int counts[] = {1, 2, 5, 11, 16};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        struct table table;
        char key[32];
        table_init(&table);
        fill_x(&table);
        for (int at = 0; at < N; at++)
            for (int m = 0; m < METHODS; m++)
                table.states[report_index(&table.report, 0, m, 0, X, at)] = at < counts[i] ? REPORT_DEFINED : 0;
        pair_up(&table);
        const struct method_pair pair = pair_at(&table.report, 0, 0, X, 0, 2);
        snprintf(key, sizeof key, "exact.%d", counts[i]);
        check_numbers(key, &pair.p, 1, 1e-15);
        assert_int_equal(pair.n, counts[i]);
        assert_true(isfinite(pair.ci_low) == (counts[i] > 1));
        table_free(&table);
    }
}

TEST(few_images_of_a_combination_are_tested_exactly)
{
    struct table table;
    table_init(&table);
    fill_parts(&table);
    for (int m = 0; m < 2; m++)
        for (int i = 9; i < N; i++)
            table.states[report_index(&table.report, 0, m, 0, Q, i)] = REPORT_UNDEFINED;
    pair_up(&table);
    const double p = pair_at(&table.report, 0, 0, OF_MEANS, 0, 1).p;
    check_numbers("exact.combined", &p, 1, 1e-15);
    table_free(&table);
}

TEST(worked_examples)
{
    static const double d[] = {0.3, 0.1, -0.2, 0.4};
    double p[] = {0.01, 0.04, NAN, 0.03}, scratch[4];
    struct table table;
    table_init(&table);
    for (int i = 0; i < 4; i++) {
        put(&table, 0, X, i, 0.5 + d[i]);
        put(&table, 1, X, i, 0.5);
    }
    pair_up(&table);
    const struct method_pair pair = pair_at(&table.report, 0, 0, X, 0, 1);
    assert_true(pair.p == 6.0 / 16 && pair.win_rate == 0.75 && fabs(pair.difference - 0.15) < 1e-15);
    assert_true(pair.p_holm == pair.p); /* the only pair with values */
    table_free(&table);
    holm_adjust(p, 4, scratch);
    assert_true(fabs(p[0] - 0.03) < 1e-15 && fabs(p[1] - 0.06) < 1e-15 && isnan(p[2]) && fabs(p[3] - 0.06) < 1e-15);
}

TEST(controls_are_not_adjusted_with_the_others)
{
    struct report_method with_control[METHODS];
    struct table table;
    table_init(&table);
    fill_x(&table);
    memcpy(with_control, methods, sizeof methods);
    with_control[1].is_control = true;
    table.report.methods = with_control;
    pair_up(&table);
    assert_int_equal(family_size(&table.report, 0, 0, X), 3);
    const struct method_pair pair = pair_at(&table.report, 0, 0, X, 0, 1);
    assert_true(isfinite(pair.p) && isnan(pair.p_holm));
    assert_true(isnan(rank_at(&table.report, 0, 0, X, 1)->rank));
    assert_true(rank_at(&table.report, 0, 0, X, 0)->rank == 2.5); /* equal to method 3 */
    table_free(&table);
}

TEST(a_network_without_images_leaves_no_mean_over_networks)
{
    struct table table;
    table_init(&table);
    fill_x(&table);
    table.report.backbone_count = 2;
    double *values = calloc(2 * METHODS * METRICS * N, sizeof *values);
    uint8_t *states = calloc(2 * METHODS * METRICS * N, sizeof *states);
    assert_true(values && states);
    memcpy(values, table.values, sizeof table.values);
    memcpy(states, table.states, sizeof table.states);
    table.report.values = values;
    table.report.states = states;
    pair_up(&table);
    assert_true(isfinite(rank_at(&table.report, 0, 0, X, 0)->mean));
    assert_true(isnan(rank_at(&table.report, 1, 0, X, 0)->mean));
    const struct method_rank *overall = overall_rank_at(&table.report, 0, X, 0);
    assert_true(isnan(overall->mean) && isnan(overall->rank));
    assert_true(isnan(overall->mean_low) && isnan(overall->low));
    table_free(&table);
    free(values);
    free(states);
}

TEST(sums_of_draws_are_those_of_a_plain_loop)
{
    enum { IMAGES = 77, COUNT = 1500 };
    float noise[IMAGES];
    double value[IMAGES], sums[BITS_DRAWS][BITS_COLUMNS];
    const double *columns[BITS_COLUMNS] = {NULL, value};
    struct draw_source source;
    struct arena arena;
    arena_init(&arena, 0);
    golden_fill(noise, IMAGES, 3);
    for (int i = 0; i < IMAGES; i++)
        value[i] = (double)noise[i];
    assert_int_equal(draw_source_open(&source, IMAGES, COUNT, 9, NULL, &arena), 0);
    struct random_stream stream;
    random_init(&stream, 9, random_purpose(random_purpose(0, "bootstrap"), "77"));
    for (int chunk = 0; chunk < 2; chunk++) {
        const struct draw_bits *bits = draw_source_chunk(&source, chunk);
        assert_int_equal(bits->draws, chunk ? COUNT - BITS_DRAWS : BITS_DRAWS);
        draw_bits_sum(bits, columns, sums);
        for (int d = 0; d < bits->draws; d++) {
            double want = 0;
            for (int i = 0; i < IMAGES; i++)
                want += value[random_below(&stream, IMAGES)];
            assert_true(fabs(want - sums[d][1]) < 1e-12 && sums[d][0] == 0);
        }
    }
    arena_release(&arena);
}

TEST(tests_over_blocks_are_scipys)
{
    static const double cases[][2] = {{0.5, 2}, {3, 4}, {11, 4}, {40, 11}, {2, 30}};
    float noise[50];
    golden_fill(noise, 50, 77);
    for (int form = 0; form < 2; form++) {
        double ranks[50];
        for (int i = 0; i < 50; i++) {
            ranks[i] = 0.5;
            for (int j = i / 5 * 5; j < i / 5 * 5 + 5; j++) {
                const double one = form ? nearbyint(2 * (double)noise[i]) : (double)noise[i];
                const double other = form ? nearbyint(2 * (double)noise[j]) : (double)noise[j];
                ranks[i] += (other < one) + 0.5 * (other == one);
            }
        }
        const double statistic = friedman_statistic(ranks, 10, 5);
        check_numbers(form ? "friedman.ties" : "friedman.plain",
                      (const double[]){statistic, chi_square_tail(statistic, 4)}, 2, 1e-12);
    }
    for (int j = 1; j < 5; j++) {
        double differences[10], scratch[10 * 11 + 1 + 20];
        char key[32];
        for (int i = 0; i < 10; i++)
            differences[i] = (double)noise[i * 5] - (double)noise[i * 5 + j];
        snprintf(key, sizeof key, "wilcoxon.%d", j);
        check_numbers(key, &(double){wilcoxon_p(differences, 10, scratch)}, 1, 1e-15);
    }
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char key[32];
        snprintf(key, sizeof key, "chi2.%g.%g", cases[i][0], cases[i][1]);
        check_numbers(key, &(double){chi_square_tail(cases[i][0], cases[i][1])}, 1, 1e-14);
    }
}
