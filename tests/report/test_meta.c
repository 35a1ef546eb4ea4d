/* Meta-evaluation: Kendall's tau against SciPy, hand-sized rankings, and what is written. */
#include "report/meta.h"

#include "tests/report/sample.h"

enum { METHODS = 7, IMAGES = 30, TRUTH = 0, X, Y, OF_MEANS, COST, METRICS };

static double difference(const double *means)
{
    return means[0] - 2 * means[1];
}

static const struct report_metric metrics[METRICS] = {
    [TRUTH] = {.name = "truth", .title = "Truth", .unit = "", .higher_is_better = true, .max = 1, .is_truth = true},
    [X] = {.name = "x", .title = "X", .unit = "", .max = 1},
    [Y] = {.name = "y", .title = "Y|", .unit = "", .higher_is_better = true, .max = 1},
    [OF_MEANS] = {.name = "of_means",
                  .title = "Of means",
                  .unit = "",
                  .higher_is_better = true,
                  .max = 1,
                  .parts = {X, Y, -1},
                  .combine = difference},
    [COST] = {.name = "cost", .title = "Cost", .unit = "s", .max = 1, .is_cost = true},
};
static const struct report_method methods[METHODS] = {
    {.name = "a", .title = "A"},
    {.name = "b", .title = "B"},
    {.name = "c", .title = "C"},
    {.name = "d", .title = "D"},
    {.name = "e", .title = "E"},
    {.name = "f", .title = "F", .is_control = true},
    {.name = "g", .title = "G", .is_control = true},
};
static const struct report_backbone backbone = {.name = "net", .title = "Net", .arch = "net", .layer = "last"};
static const struct report_protocol protocol = {.name = "rules"};

/* One backbone and protocol; values as in report_meta.py. */
struct table {
    struct report report;
    double values[METHODS * METRICS * IMAGES];
    uint8_t states[METHODS * METRICS * IMAGES];
    char folder[64];
};

static size_t at(const struct table *table, int m, int k, int i)
{
    return report_index(&table->report, 0, m, 0, k, i);
}

static void eighths(double *out, size_t count, uint32_t stream)
{
    float noise[METHODS * IMAGES];
    golden_fill(noise, count, stream);
    for (size_t i = 0; i < count; i++)
        out[i] = floor(((double)noise[i] + 1) * 4) / 8;
}

static void table_init(struct table *table)
{
    double value[3][METHODS * IMAGES];
    *table = (struct table){.report = {.name = "t",
                                       .program = "p",
                                       .backbone_count = 1,
                                       .method_count = METHODS,
                                       .protocol_count = 1,
                                       .metric_count = METRICS,
                                       .image_count = IMAGES,
                                       .backbones = &backbone,
                                       .methods = methods,
                                       .protocols = &protocol,
                                       .metrics = metrics,
                                       .bootstrap = 200,
                                       .seed = 5}};
    table->report.values = table->values;
    table->report.states = table->states;
    table->report.folder = table->folder;
    for (uint32_t k = TRUTH; k <= Y; k++)
        eighths(value[k], METHODS * IMAGES, 40 + k);
    for (int m = 0; m < METHODS; m++)
        for (int i = 0; i < IMAGES; i++) {
            value[Y][m * IMAGES + i] = floor((value[Y][m * IMAGES + i] + value[TRUTH][m * IMAGES + i]) * 4) / 8;
            for (int k = TRUTH; k <= Y; k++) {
                table->values[at(table, m, k, i)] = k == Y && i == 6 ? 0.5 : value[k][m * IMAGES + i];
                table->states[at(table, m, k, i)] = i == 9 ? REPORT_ABSENT : REPORT_DEFINED;
            }
            if (i == 4 || (i == 11 && m < 5))
                table->states[at(table, m, TRUTH, i)] = REPORT_UNDEFINED;
            if (m == 2 && i % 7 == 3)
                table->states[at(table, m, X, i)] = REPORT_UNDEFINED;
            if (m == 3 && i != 9)
                table->states[at(table, m, Y, i)] = REPORT_UNDEFINED;
        }
}

static struct meta_cell *make_cells(const struct report *report)
{
    struct error err = {0};
    struct meta_cell *cells = report_meta_cells(report, &err);
    if (!cells)
        fail_msg("%s", err.text);
    return cells;
}

static void check_number(const char *key, double got, double want)
{
    if (!(fabs(got - want) <= 1e-12) && !(isnan(got) && isnan(want)))
        fail_msg("%s: %.17g, expected %.17g", key, got, want);
}

TEST(tau_is_that_of_scipy_with_ties)
{
    static const int sizes[] = {3, 4, 8, 30};
    struct golden *golden = golden_open("report_meta");
    for (int s = 0; s < 4; s++) {
        const int n = sizes[s];
        double x[30], y[30], plain[30];
        float noise[30];
        char key[32];
        size_t count;
        eighths(x, (size_t)n, (uint32_t)n);
        eighths(y, (size_t)n, (uint32_t)n + 100);
        golden_fill(noise, (size_t)n, (uint32_t)n + 1);
        for (int i = 0; i < n; i++)
            plain[i] = (double)noise[i];
        snprintf(key, sizeof key, "tau.%d", n);
        const double *want = golden_values(golden, key, &count);
        check_number(key, kendall_tau(x, y, n), want[0]);
        check_number(key, kendall_tau(plain, y, n), want[1]);
    }
    golden_close(golden);
}

/* Kendall 1945: of 6 pairs x ties one and y two; 3 agree. */
TEST(tau_of_four_with_ties_by_hand)
{
    const double x[] = {1, 2, 2, 3}, y[] = {1, 1, 2, 2}, same[] = {5, 5, 5, 5};
    assert_float_equal(kendall_tau(x, y, 4), 3 / sqrt(5.0 * 4), 1e-15);
    assert_float_equal(kendall_tau(x, x, 4), 1, 1e-15);
    assert_true(isnan(kendall_tau(x, same, 4)));
    assert_true(isnan(kendall_tau(x, y, 2)) && isnan(kendall_tau(x, y, 0)));
}

/* Grad-CAM and XGrad-CAM behind global pooling are one method: their last digits must not count as a ranking. */
TEST(differences_of_rounding_are_ties)
{
    const double x[] = {0.1, 0.8693321, 0.86933212, 0.9}, y[] = {1, 2, 2, 3}, large[] = {1e9, 2e9, 2e9 + 1, 3e9};
    assert_float_equal(kendall_tau(x, y, 4), 1, 1e-15);
    assert_float_equal(kendall_tau(large, y, 4), 1, 1e-15);
}

TEST(every_cell_is_that_of_scipy)
{
    static const char *const forms[] = {"over_methods", "per_image"}, *const controls[] = {"without", "with"};
    struct table table;
    struct golden *golden = golden_open("report_meta");
    table_init(&table);
    struct meta_cell *cells = make_cells(&table.report);
    for (int k = X; k <= OF_MEANS; k++)
        for (int form = 0; form < META_FORMS; form++)
            for (int c = 0; c < 2 && meta_has_row(&table.report, k, (enum meta_form)form); c++) {
                const struct meta_cell *cell = meta_cell_at(&table.report, cells, 0, 0, k, (enum meta_form)form, c);
                const double got[] = {cell->n, cell->undefined, cell->tau, cell->ci_low, cell->ci_high};
                char key[64];
                size_t count;
                snprintf(key, sizeof key, "%s.%s.%s", metrics[k].name, forms[form], controls[c]);
                const double *want = golden_values(golden, key, &count);
                for (int i = 0; i < 5; i++)
                    check_number(key, got[i], want[i]);
            }
    free(cells);
    golden_close(golden);
}

TEST(costs_the_truth_and_combined_metrics_per_image_have_no_rows)
{
    struct table table;
    table_init(&table);
    assert_int_equal(meta_truth(&table.report), TRUTH);
    for (int form = 0; form < META_FORMS; form++) {
        assert_false(meta_has_row(&table.report, TRUTH, (enum meta_form)form));
        assert_false(meta_has_row(&table.report, COST, (enum meta_form)form));
        assert_true(meta_has_row(&table.report, X, (enum meta_form)form));
        assert_int_equal(meta_has_row(&table.report, OF_MEANS, (enum meta_form)form), form == META_OVER_METHODS);
    }
}

/* A run whose metric is the truth itself, turned round: tau -1 as it stands, 1 where lower is better. */
TEST(direction_turns_the_sign)
{
    struct report_metric copy[METRICS];
    struct table table;
    table_init(&table);
    memcpy(copy, metrics, sizeof copy);
    table.report.metrics = copy;
    for (int m = 0; m < METHODS; m++)
        for (int i = 0; i < IMAGES; i++) {
            table.values[at(&table, m, TRUTH, i)] = (m + i) % METHODS + 10 * m;
            table.values[at(&table, m, X, i)] = -table.values[at(&table, m, TRUTH, i)];
            table.states[at(&table, m, X, i)] = table.states[at(&table, m, TRUTH, i)] = REPORT_DEFINED;
        }
    for (int lower = 0; lower < 2; lower++) {
        copy[X].higher_is_better = !lower;
        struct meta_cell *cells = make_cells(&table.report);
        for (int form = 0; form < META_FORMS; form++)
            for (int c = 0; c < 2; c++) {
                const struct meta_cell *cell = meta_cell_at(&table.report, cells, 0, 0, X, (enum meta_form)form, c);
                assert_float_equal(cell->tau, lower ? 1 : -1, 1e-12);
                assert_float_equal(cell->ci_low, cell->ci_high, 1e-12);
            }
        free(cells);
    }
}

TEST(cells_do_not_depend_on_other_metrics_and_are_the_same_again)
{
    struct table table;
    table_init(&table);
    struct meta_cell *all = make_cells(&table.report);
    struct meta_cell *again = make_cells(&table.report);
    const size_t size = METRICS * META_FORMS * 2 * sizeof *all;
    assert_memory_equal(all, again, size);
    table.report.seed++;
    struct meta_cell *other = make_cells(&table.report);
    assert_true(meta_cell_at(&table.report, other, 0, 0, X, META_PER_IMAGE, true)->ci_low !=
                meta_cell_at(&table.report, all, 0, 0, X, META_PER_IMAGE, true)->ci_low);
    free(again);
    free(other);
    table.report.seed--;
    for (int m = 0; m < METHODS; m++)
        for (int i = 0; i < IMAGES; i++)
            table.states[at(&table, m, Y, i)] = REPORT_ABSENT;
    other = make_cells(&table.report);
    assert_memory_equal(meta_cell_at(&table.report, other, 0, 0, X, META_OVER_METHODS, false),
                        meta_cell_at(&table.report, all, 0, 0, X, META_OVER_METHODS, false),
                        2 * META_FORMS * sizeof *all);
    free(all);
    free(other);
}

TEST(without_a_truth_there_is_an_error_and_without_annotated_images_no_tau)
{
    struct report_metric copy[METRICS];
    struct table table;
    struct error err = {0};
    table_init(&table);
    for (int m = 0; m < METHODS; m++)
        for (int i = 0; i < IMAGES; i++)
            if (table.states[at(&table, m, TRUTH, i)] == REPORT_DEFINED)
                table.states[at(&table, m, TRUTH, i)] = REPORT_UNDEFINED;
    struct meta_cell *cells = make_cells(&table.report);
    const struct meta_cell *over = meta_cell_at(&table.report, cells, 0, 0, X, META_OVER_METHODS, true);
    const struct meta_cell *per = meta_cell_at(&table.report, cells, 0, 0, X, META_PER_IMAGE, true);
    assert_true(over->n == 0 && over->undefined == METHODS && isnan(over->tau) && isnan(over->ci_low));
    assert_true(per->n == 0 && per->undefined == IMAGES - 1 && isnan(per->tau) && isnan(per->ci_high));
    free(cells);
    memcpy(copy, metrics, sizeof copy);
    copy[TRUTH].is_truth = false;
    table.report.metrics = copy;
    assert_null(report_meta_cells(&table.report, &err));
    assert_non_null(strstr(err.text, "truth"));
}

TEST(without_resamples_there_is_a_tau_but_no_interval)
{
    struct table table;
    table_init(&table);
    table.report.bootstrap = 0;
    struct meta_cell *cells = make_cells(&table.report);
    const struct meta_cell *cell = meta_cell_at(&table.report, cells, 0, 0, Y, META_PER_IMAGE, false);
    assert_true(isfinite(cell->tau) && isnan(cell->ci_low) && isnan(cell->ci_high));
    free(cells);
}

/* The table with its files in a new folder. */
static struct meta_cell *write_table(struct table *table)
{
    struct error err = {0};
    table_init(table);
    snprintf(table->folder, sizeof table->folder, "/tmp/cambench-report-XXXXXX");
    assert_non_null(mkdtemp(table->folder));
    struct meta_cell *cells = make_cells(&table->report);
    if (report_meta(&table->report, cells, &err))
        fail_msg("%s", err.text);
    return cells;
}

static int count_lines(const char *text)
{
    int lines = 0;
    for (; *text; text++)
        lines += *text == '\n';
    return lines;
}

TEST(csv_has_a_line_for_each_row)
{
    struct table table;
    struct meta_cell *cells = write_table(&table);
    char *text = sample_read(table.folder, "meta.csv", NULL), line[128];
    static const char head[] = "backbone,protocol,metric,form,controls,n,undefined,tau,ci_low,ci_high\n"
                               "net,rules,x,over_methods,without,5,0,0.1054";
    assert_memory_equal(text, head, sizeof head - 1);
    assert_int_equal(count_lines(text), 1 + 2 * 4 + 2);
    snprintf(line, sizeof line, "\nnet,rules,y,per_image,with,26,3,%.4f",
             meta_cell_at(&table.report, cells, 0, 0, Y, META_PER_IMAGE, true)->tau - 5e-5);
    assert_non_null(strstr(text, line));
    free(text);
    free(cells);
    sample_remove(table.folder);
}

TEST(markdown_sorts_metrics_by_tau_and_escapes_them)
{
    struct table table;
    free(write_table(&table));
    char *text = sample_read(table.folder, "tables/meta.md", NULL);
    const char *y = strstr(text, "\n| Y\\|"), *x = strstr(text, "\n| X "), *means = strstr(text, "\n| Of means ");
    assert_true(y && x && means && y < x && x < means);
    assert_non_null(strstr(text, "## Net (last), protocol rules"));
    assert_non_null(strstr(text, "0.47 (0.31 to 0.64)"));
    free(text);
    sample_remove(table.folder);
}

TEST(terminal_names_the_best_metric_of_each_form)
{
    struct table table;
    char *text = NULL;
    size_t size;
    table_init(&table);
    struct meta_cell *cells = make_cells(&table.report);
    FILE *stream = open_memstream(&text, &size);
    report_meta_terminal(&table.report, cells, stream);
    fclose(stream);
    assert_string_equal(text,
                        "Metrics that rank methods most as Truth does, by Kendall's tau (controls left out; all in "
                        "tables/meta.md):\n"
                        "  Net: over methods Y| 0.55 (-0.52 to 1.00); per image Y| 0.47 (0.31 to 0.64)\n");
    free(text);
    free(cells);
}

/* Three backbones of the sample, Coherency taken for the truth, as plots. */
TEST(figure_has_a_panel_per_backbone)
{
    struct sample_run run;
    struct report_metric copy[SAMPLE_METRICS];
    struct error err = {0}, warning = {.text = ""};
    sample_open(&run);
    memcpy(copy, sample_metrics, sizeof copy);
    copy[SAMPLE_COHERENCY].is_truth = true;
    copy[SAMPLE_ADCC].is_truth = true; /* knows the truth too: grey */
    run.report.metrics = copy;
    struct cell *cells = report_cells(&run.report, &err);
    struct meta_cell *meta = make_cells(&run.report);
    assert_int_equal(report_plots(&run.report, cells, meta, &warning, &err), 0);
    free(cells);
    free(meta);
    if (!strstr(warning.text, "could not start gnuplot")) {
        assert_string_equal(warning.text, "");
        char *text = sample_read(run.folder, "plots/meta.svg", NULL);
        assert_non_null(strstr(text, "Agreement with Coherency"));
        assert_non_null(strstr(text, "ResNet-50 (layer4)"));
        assert_non_null(strstr(text, "ADCC of means"));
        free(text);
    }
    char *data = sample_read(run.folder, "plots/meta.dat", NULL);
    assert_int_equal(count_lines(data), 1 + 3 * (5 + 4) + 2 * (3 * 2 - 1));
    free(data);
    if (!getenv("CAMBENCH_KEEP"))
        sample_remove(run.folder);
    sample_close(&run);
}
