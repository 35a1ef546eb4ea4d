/* tests/report/test_sensitivity.c - ranks and taus of two protocols, hand-sized, and the files that show them. */
#include "base/arena.h"
#include "report/sensitivity.h"
#include "report/stats.h"
#include "tests/report/sample.h"

enum { METHODS = 5, PROTOCOLS = 2, IMAGES = 4, COUNT = METHODS * PROTOCOLS * IMAGES };

/* Five methods, the last a control, under two protocols; each method has the same value on all images. */
struct table {
    struct report report;
    double values[COUNT];
    uint8_t states[COUNT];
    const char *notes[COUNT];
    char folder[64];
    struct arena arena;
    struct cell *cells;
    struct sensitivity *made;
};

static const struct report_protocol protocols[PROTOCOLS] = {{.name = "one", .preset = "one"},
                                                            {"two", "one", "class=label"}};
static const struct report_method methods[METHODS] = {{.name = "a", .title = "A"},
                                                      {.name = "b", .title = "B"},
                                                      {.name = "c", .title = "C"},
                                                      {.name = "d", .title = "D"},
                                                      {.name = "x", .title = "X", .is_control = true}};

static void open_table(struct table *table, const double first[METHODS], const double second[METHODS])
{
    struct error err;
    memset(table, 0, sizeof *table);
    snprintf(table->folder, sizeof table->folder, "/tmp/cambench-report-XXXXXX");
    assert_non_null(mkdtemp(table->folder));
    table->report = (struct report){.name = "demo",
                                    .folder = table->folder,
                                    .program = "cambench 0.1.0",
                                    .backbone_count = 1,
                                    .method_count = METHODS,
                                    .protocol_count = PROTOCOLS,
                                    .metric_count = 1,
                                    .image_count = IMAGES,
                                    .backbones = sample_backbones,
                                    .methods = methods,
                                    .protocols = protocols,
                                    .metrics = &sample_metrics[SAMPLE_DROP],
                                    .images = sample_images,
                                    .values = table->values,
                                    .states = table->states,
                                    .notes = table->notes,
                                    .bootstrap = 40,
                                    .seed = 1};
    for (int m = 0; m < METHODS; m++)
        for (int i = 0; i < IMAGES; i++) {
            table->values[report_index(&table->report, 0, m, 0, 0, i)] = first[m];
            table->values[report_index(&table->report, 0, m, 1, 0, i)] = second[m];
        }
    memset(table->states, REPORT_DEFINED, sizeof table->states);
    arena_init(&table->arena, 0);
    table->cells = report_cells(&table->report, &err);
    assert_non_null(table->cells);
}

static void make(struct table *table)
{
    struct error err;
    assert_int_equal(report_sensitivity_make(&table->report, table->cells, &table->arena, &table->made, &err), 0);
}

static void close_table(struct table *table)
{
    sample_remove(table->folder);
    arena_release(&table->arena);
    free(table->cells);
}

static const struct sensitivity_rank *rank(const struct table *table, int protocol, int method)
{
    return sensitivity_rank_at(&table->report, table->made, 0, 0, protocol, method);
}

static const double falling[METHODS] = {.1, .2, .3, .4, 0}, swapped[METHODS] = {.1, .3, .2, .4, 0};

TEST(methods_are_ranked_by_their_means_and_controls_are_not)
{
    struct table table;
    open_table(&table, falling, (const double[]){.4, .3, .3, .1, 0});
    make(&table);
    static const double want[PROTOCOLS][4] = {{1, 2, 3, 4}, {4, 2.5, 2.5, 1}}; /* of the drop, less is better */
    for (int p = 0; p < PROTOCOLS; p++)
        for (int m = 0; m < 4; m++) {
            assert_float_equal(rank(&table, p, m)->rank, want[p][m], 0);
            assert_float_equal(rank(&table, p, m)->low, want[p][m], 0);
            assert_float_equal(rank(&table, p, m)->high, want[p][m], 0);
        }
    assert_true(isnan(rank(&table, 0, 4)->rank) && isnan(rank(&table, 0, 4)->low));
    close_table(&table);
}

TEST(tau_between_protocols_is_kendall_s_of_their_means)
{
    struct table table;
    open_table(&table, falling, swapped);
    make(&table);
    const struct sensitivity_tau *tau = sensitivity_tau_at(&table.report, table.made, 0, 0, 0, 1);
    assert_int_equal(tau->n, 4);
    assert_float_equal(tau->tau, 4.0 / 6, 1e-12); /* 5 of 6 pairs agree */
    assert_float_equal(tau->ci_low, 4.0 / 6, 1e-12);
    assert_float_equal(tau->ci_high, 4.0 / 6, 1e-12);
    close_table(&table);
}

TEST(an_interval_has_the_same_images_under_both_protocols)
{
    struct table table;
    open_table(&table, falling, falling);
    for (int p = 0; p < PROTOCOLS; p++) /* B is best on one image and worst on the others */
        for (int i = 0; i < IMAGES; i++)
            table.values[report_index(&table.report, 0, 1, p, 0, i)] = i == 0 ? 0 : .6;
    free(table.cells);
    struct error err;
    table.cells = report_cells(&table.report, &err);
    make(&table);
    const struct sensitivity_tau *tau = sensitivity_tau_at(&table.report, table.made, 0, 0, 0, 1);
    assert_float_equal(tau->tau, 1, 0);
    assert_float_equal(tau->ci_low, 1, 0); /* whatever is drawn, both rankings are the same */
    assert_float_equal(rank(&table, 0, 1)->rank, 4, 0);
    assert_true(rank(&table, 0, 1)->low < 4);
    close_table(&table);
}

TEST(a_method_without_a_mean_has_no_rank)
{
    struct table table;
    open_table(&table, falling, falling);
    for (int i = 0; i < IMAGES; i++)
        table.states[report_index(&table.report, 0, 2, 1, 0, i)] = REPORT_UNDEFINED;
    free(table.cells);
    struct error err;
    table.cells = report_cells(&table.report, &err);
    make(&table);
    assert_true(isnan(rank(&table, 1, 2)->rank));
    assert_float_equal(rank(&table, 1, 3)->rank, 3, 0);
    const struct sensitivity_tau *tau = sensitivity_tau_at(&table.report, table.made, 0, 0, 0, 1);
    assert_int_equal(tau->n, 3);
    assert_float_equal(tau->tau, 1, 1e-12);
    close_table(&table);
}

TEST(files_have_taus_ranks_and_means)
{
    struct table table;
    struct error err, warning = {0};
    open_table(&table, falling, swapped);
    make(&table);
    assert_int_equal(report_sensitivity(&table.report, table.made, &err), 0);
    char *text = sample_read(table.folder, "sensitivity.csv", NULL);
    assert_non_null(strstr(text, "backbone,metric,protocol_a,protocol_b,n,tau,ci_low,ci_high\n"
                                 "resnet18,average_drop,one,two,4,0.66666666666666"));
    free(text);
    text = sample_read(table.folder, "sensitivity_ranks.csv", NULL);
    assert_non_null(strstr(text, "backbone,metric,method,protocol,n,mean,rank,rank_low,rank_high\n"));
    assert_non_null(strstr(text, "\nresnet18,average_drop,b,two,4,30,3,3,3\n"));
    assert_non_null(strstr(text, "\nresnet18,average_drop,x,one,4,0,,,\n"));
    free(text);
    text = sample_read(table.folder, "tables/sensitivity.md", NULL);
    assert_non_null(strstr(text,
                           "\n\nProtocol two: one with class=label.\n\n## ResNet-18 (layer4): Average Drop ↓ %\n\n"
                           "| Method | one | two |\n| --- | ---: | ---: |\n"
                           "| A | **1** (1–1): 10.00 | **1** (1–1): 10.00 |\n"
                           "| B | 2 (2–2): 20.00 | 3 (3–3): 30.00 |\n"));
    assert_non_null(strstr(text, "| X | 0.00 | 0.00 |\n\nKendall's tau: one and two 0.67 (0.67 to 0.67).\n"));
    free(text);
    assert_int_equal(report_sensitivity_plots(&table.report, table.made, &warning, &err), 0);
    text = sample_read(table.folder, "plots/bump_average_drop.dat", NULL);
    assert_non_null(strstr(text, "1 1\n2 1\n\n\n1 2\n2 3\n\n\n1 3\n2 2\n\n\n1 4\n2 4\n\n\n1 NaN\n2 NaN\n"));
    free(text);
    close_table(&table);
}

TEST(equal_seeds_give_equal_bits_of_the_sample_run)
{
    struct sample_run run;
    struct error err;
    struct arena arena;
    struct sensitivity *one, *other;
    static const struct report_protocol twice[] = {{"cambench", "cambench", NULL}, {"again", "cambench", NULL}};
    sample_open(&run);
    const size_t items = (size_t)SAMPLE_BACKBONES * SAMPLE_METHODS * SAMPLE_IMAGES * SAMPLE_METRICS;
    double *values = calloc(items * 2, sizeof *values);
    uint8_t *states = calloc(items * 2, sizeof *states);
    const char **notes = calloc(items * 2, sizeof *notes);
    struct report report = run.report;
    report.protocols = twice;
    report.protocol_count = 2;
    report.values = values, report.states = states, report.notes = notes;
    for (int b = 0; b < SAMPLE_BACKBONES; b++)
        for (int m = 0; m < SAMPLE_METHODS; m++)
            for (int k = 0; k < SAMPLE_METRICS; k++)
                for (int i = 0; i < SAMPLE_IMAGES * 2; i++) {
                    const int image = i / 2;
                    const size_t from = report_index(&run.report, b, m, 0, k, image);
                    const size_t to = report_index(&report, b, m, i % 2, k, image);
                    values[to] = run.values[from];
                    states[to] = run.states[from];
                }
    struct cell *cells = report_cells(&report, &err);
    arena_init(&arena, 0);
    assert_int_equal(report_sensitivity_make(&report, cells, &arena, &one, &err), 0);
    assert_int_equal(report_sensitivity_make(&report, cells, &arena, &other, &err), 0);
    for (int b = 0; b < SAMPLE_BACKBONES; b++)
        for (int k = 0; k < SAMPLE_METRICS; k++) {
            const struct sensitivity_tau *tau = sensitivity_tau_at(&report, one, b, k, 0, 1);
            assert_int_equal(tau->n, 9);
            assert_float_equal(tau->tau, 1, 1e-12); /* the same values twice */
            assert_memory_equal(tau, sensitivity_tau_at(&report, other, b, k, 0, 1), sizeof *tau);
            for (int m = 0; m < SAMPLE_METHODS; m++)
                assert_memory_equal(sensitivity_rank_at(&report, one, b, k, 1, m),
                                    sensitivity_rank_at(&report, other, b, k, 1, m), sizeof(struct sensitivity_rank));
        }
    arena_release(&arena);
    free(cells);
    free(values);
    free(states);
    free(notes);
    sample_close(&run);
    sample_remove(run.folder);
}
