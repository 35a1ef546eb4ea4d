/* Files, tables and plots of comparisons in pairs. */
#include "tests/report/sample.h"

#include "report/critical.h"
#include "report/pairs.h"
#include "report/stats.h"

/* Calls write() on the sample with pairs, and returns a file that it has made. */
static void pair_up(struct sample_run *run)
{
    struct error err = {0};
    run->report.paired = report_pair_up(&run->report, &err);
    assert_non_null(run->report.paired);
}

static void close_all(struct sample_run *run)
{
    report_paired_free((struct paired *)run->report.paired);
    sample_remove(run->folder);
    sample_close(run);
}

static int count_lines(const char *text)
{
    int lines = 0;
    for (; *text; text++)
        lines += *text == '\n';
    return lines;
}

TEST(pairwise_csv_has_a_row_for_each_pair_and_metric)
{
    struct sample_run run;
    struct error err = {0};
    sample_open(&run);
    pair_up(&run);
    assert_int_equal(report_pairs(&run.report, &err), 0);
    char *text = sample_read(run.folder, "pairwise.csv", NULL);
    assert_int_equal(count_lines(text),
                     1 + SAMPLE_BACKBONES * SAMPLE_METRICS * SAMPLE_METHODS * (SAMPLE_METHODS - 1) / 2);
    assert_memory_equal(
        text, "backbone,protocol,metric,method_a,method_b,n,difference,ci_low,ci_high,p,p_holm,win_rate\n", 88);
    assert_non_null(strstr(text, "\nresnet18,cambench,average_drop,gradcam,gradcam_pp,60,"));
    free(text);
    text = sample_read(run.folder, "ranks.csv", NULL);
    assert_int_equal(count_lines(text), 1 + (SAMPLE_BACKBONES + 1) * SAMPLE_METRICS * SAMPLE_METHODS);
    assert_non_null(strstr(text, "\nall networks,cambench,adcc,gradcam,3,"));
    free(text);
    text = sample_read(run.folder, "tables/ranks.md", NULL);
    assert_non_null(strstr(text, "\nNo critical-difference diagram: for 9 methods at 5 % it needs 8 networks, and this "
                                 "report has 3 (ResNet-18, ResNet-50, MobileNetV2).\n"));
    free(text);
    free(sample_read(run.folder, "tables/pairs.tex", NULL));
    close_all(&run);
}

TEST(a_run_of_one_method_has_no_pairs_and_loses_files_of_an_earlier_report)
{
    struct sample_run run;
    struct error err = {0};
    char path[128];
    sample_open(&run);
    pair_up(&run);
    assert_int_equal(report_pairs(&run.report, &err), 0);
    struct report alone = run.report;
    alone.paired = NULL;
    assert_int_equal(report_pairs(&alone, &err), 0);
    static const char *const names[] = {"pairwise.csv", "ranks.csv", "tables/pairs.md", "tables/pairs.tex",
                                        "tables/ranks.md"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", run.folder, names[i]);
        assert_int_equal(access(path, F_OK), -1);
    }
    close_all(&run);
}

TEST(methods_that_cannot_be_told_from_the_best_are_marked)
{
    struct sample_run run;
    struct error err = {0};
    sample_open(&run);
    pair_up(&run);
    struct cell *cells = report_cells(&run.report, &err);
    assert_non_null(cells);
    assert_int_equal(report_tables(&run.report, cells, &err), 0);
    int marked = 0;
    for (int b = 0; b < SAMPLE_BACKBONES; b++)
        for (int k = 0; k < SAMPLE_METRICS; k++) {
            const int best = best_method(&run.report, cells, b, 0, k);
            assert_false(is_tied_with_best(&run.report, cells, b, best, 0, k));
            for (int m = 0; m < SAMPLE_METHODS; m++) {
                const bool is_tied = is_tied_with_best(&run.report, cells, b, m, 0, k);
                marked += is_tied;
                if (is_tied) {
                    assert_false(run.report.methods[m].is_control || cell_is_best(&run.report, cells, b, m, 0, k));
                    assert_true(pair_at(&run.report, b, 0, k, m, best).p_holm >= 0.05);
                }
            }
        }
    char *text = sample_read(run.folder, "tables/cambench.md", NULL);
    int daggers = 0;
    for (const char *at = strstr(text, "†"); at; at = strstr(at + 1, "†"))
        daggers++;
    assert_int_equal(daggers, marked + 1);
    free(text);
    text = sample_read(run.folder, "tables/cambench.tex", NULL);
    daggers = 0;
    for (const char *at = strstr(text, "\\textsuperscript{\\dag}"); at; at = strstr(at + 1, "\\textsuperscript{\\dag}"))
        daggers++;
    assert_int_equal(daggers, marked);
    free(text);
    free(cells);
    close_all(&run);
}

/* The mean of the first count. */
static double combine_first(const void *params, const double *sums, int n)
{
    (void)params;
    return sums[0] / n;
}

TEST(numbers_of_the_image_set_are_not_compared_and_the_files_say_so)
{
    struct sample_run run;
    struct error err = {0};
    const struct report_counted counted[SAMPLE_METRICS] = {[SAMPLE_COHERENCY] = {combine_first, 1, NULL}};
    sample_open(&run);
    run.report.counted = counted;
    for (size_t i = 0; i < report_index(&run.report, SAMPLE_BACKBONES, 0, 0, 0, 0); i++)
        if (i / SAMPLE_IMAGES % SAMPLE_METRICS == SAMPLE_COHERENCY)
            run.states[i] = REPORT_ABSENT;
    pair_up(&run);
    struct cell *cells = report_cells(&run.report, &err);
    assert_non_null(cells);
    assert_int_equal(report_pairs(&run.report, &err), 0);
    assert_int_equal(report_tables(&run.report, cells, &err), 0);
    char *text = sample_read(run.folder, "pairwise.csv", NULL);
    assert_null(strstr(text, ",coherency,"));
    free(text);
    text = sample_read(run.folder, "ranks.csv", NULL);
    assert_null(strstr(text, ",coherency,"));
    free(text);
    text = sample_read(run.folder, "tables/pairs.md", NULL);
    assert_non_null(strstr(text, "without a value of one image: Coherency.\n"));
    free(text);
    text = sample_read(run.folder, "tables/cambench.md", NULL);
    assert_non_null(strstr(text, "methods without controls; not tested: Coherency.\n"));
    free(text);
    for (int m = 0; m < SAMPLE_METHODS; m++)
        assert_false(is_tied_with_best(&run.report, cells, 0, m, 0, SAMPLE_COHERENCY));
    free(cells);
    close_all(&run);
}

TEST(a_method_that_is_better_on_common_images_is_not_said_to_be_worse)
{
    struct sample_run run;
    struct error err = {0};
    sample_open(&run);
    run.report.method_count = 2, run.report.backbone_count = 1;
    for (int i = 0; i < SAMPLE_IMAGES; i++) {
        const size_t a = report_index(&run.report, 0, 0, 0, SAMPLE_DROP, i);
        const size_t b = report_index(&run.report, 0, 1, 0, SAMPLE_DROP, i);
        run.states[a] = REPORT_DEFINED;
        run.states[b] = i < 30 ? REPORT_DEFINED : REPORT_ABSENT;
        run.values[a] = i < 30 ? 0.5 + 0.001 * i : 0.1; /* the lowest mean, but worse on the first images */
        run.values[b] = i < 30 ? 0.4 + 0.001 * i : 0;
    }
    pair_up(&run);
    struct cell *cells = report_cells(&run.report, &err);
    assert_non_null(cells);
    assert_int_equal(best_method(&run.report, cells, 0, 0, SAMPLE_DROP), 0);
    const struct method_pair pair = pair_at(&run.report, 0, 0, SAMPLE_DROP, 1, 0);
    assert_int_equal(pair.n, 30);
    assert_true(pair.difference < 0 && pair.p_holm < 0.05);
    assert_true(is_tied_with_best(&run.report, cells, 0, 1, 0, SAMPLE_DROP));
    free(cells);
    close_all(&run);
}

static int count_of(const char *text, const char *what)
{
    int count = 0;
    for (const char *at = strstr(text, what); at; at = strstr(at + 1, what))
        count++;
    return count;
}

TEST(effect_sizes_are_shown_for_all_pairs_and_against_the_named_method)
{
    struct sample_run run;
    struct error err = {0};
    char want[256];
    sample_open(&run);
    run.report.reference_method = "layercam";
    pair_up(&run);
    assert_int_equal(report_pairs(&run.report, &err), 0);
    char *text = sample_read(run.folder, "tables/pairs.md", NULL);
    const struct method_pair pair = pair_at(&run.report, 0, 0, SAMPLE_ADCC, 4, 3);
    char p[16];
    snprintf(p, sizeof p, "%.3f", pair.p_holm);
    assert_true(pair.p < 0.001 && pair.p_holm >= 0.001);
    const char *section = strstr(text, "## ADCC ↑ %, ResNet-18 (layer4)");
    assert_non_null(section);
    snprintf(want, sizeof want, "%.0f %%%s, %+.2f |", 100 * pair.win_rate, pair.p_holm < 0.05 ? "**" : "", pair.effect);
    assert_non_null(strstr(section, want));
    section = strstr(section, "\nEach method minus LayerCAM:\n");
    assert_non_null(section);
    snprintf(want, sizeof want, "| Score-CAM | 60 | %+.2f | %+.2f to %+.2f | &lt;0.001 | %s | %.0f %% | %+.2f |\n",
             100 * pair.difference, 100 * pair.ci_low, 100 * pair.ci_high, p, 100 * pair.win_rate, pair.effect);
    assert_non_null(strstr(section, want));
    assert_int_equal(count_of(text, "\nEach method minus LayerCAM:\n"), SAMPLE_BACKBONES * SAMPLE_METRICS);
    free(text);
    text = sample_read(run.folder, "tables/pairs.tex", NULL);
    assert_int_equal(count_of(text, "\\begin{table}"), 2 * SAMPLE_BACKBONES * SAMPLE_METRICS);
    snprintf(want, sizeof want,
             "Score-CAM & $60$ & $%+.2f$ & $%+.2f$ to $%+.2f$ & $<0.001$ & $%s$ & %.0f\\,\\%% & $%+.2f$",
             100 * pair.difference, 100 * pair.ci_low, 100 * pair.ci_high, p, 100 * pair.win_rate, pair.effect);
    assert_non_null(strstr(text, want));
    free(text);
    close_all(&run);
}

TEST(pdflatex_sets_pairs_without_overfull_boxes)
{
    if (system("command -v pdflatex >/dev/null") != 0) {
        print_message("pdflatex is not installed\n");
        skip();
    }
    struct sample_run run;
    struct error err = {0};
    char command[512];
    sample_open(&run);
    pair_up(&run);
    assert_int_equal(report_pairs(&run.report, &err), 0);
    snprintf(command, sizeof command,
             "cd %s/tables && printf '%%s\\n' '\\documentclass{article}' '\\usepackage{booktabs,graphicx}' "
             "'\\begin{document}' '\\input{pairs}' '\\end{document}' >page.tex && "
             "pdflatex -interaction=batchmode page.tex >/dev/null",
             run.folder);
    assert_int_equal(system(command), 0);
    char *log = sample_read(run.folder, "tables/page.log", NULL);
    assert_null(strstr(log, "Overfull"));
    assert_null(strstr(log, "Float too large"));
    free(log);
    close_all(&run);
}

TEST(terminal_matrix_is_antisymmetric_and_fits)
{
    struct sample_run run;
    char *text = NULL;
    size_t size;
    sample_open(&run);
    run.report.method_count = 2; /* the values are then those of other methods, which does not matter here */
    run.report.backbone_count = 1;
    pair_up(&run);
    FILE *stream = open_memstream(&text, &size);
    report_pairs_terminal(&run.report, SAMPLE_ADCC, stream, 40);
    fclose(stream);
    const struct method_pair pair = pair_at(&run.report, 0, 0, SAMPLE_ADCC, 0, 1);
    char want[512];
    snprintf(want, sizeof want,
             "\nADCC ↑ %%, ResNet-18, protocol cambench, n = 60 images\n"
             "                   1      2 \n"
             "  1 Grad-CAM          %+5.2f%c\n"
             "  2 Grad-CAM++  %2.0f %%%c       \n"
             "above the diagonal: row minus column; below: share of images on which the row is better\n"
             "* significant at 5 %%: paired sign-flip test, Holm over 1 pair\n",
             100 * pair.difference, pair.p_holm < 0.05 ? '*' : ' ', 100 * (1 - pair.win_rate),
             pair.p_holm < 0.05 ? '*' : ' ');
    assert_string_equal(text, want);
    free(text);
    stream = open_memstream(&text, &size);
    report_pairs_terminal(&run.report, SAMPLE_ADCC, stream, 100);
    fclose(stream);
    assert_non_null(strstr(text, "95 % interval"));
    assert_non_null(strstr(text, ", the best:\n"));
    free(text);
    close_all(&run);
}

enum { NETWORKS = 9 };

/* Nine networks of 6 methods; the first three differ clearly from the others in x. */
struct networks {
    struct report report;
    struct report_backbone backbones[NETWORKS];
    struct report_method methods[6];
    struct paired paired;
    struct method_rank ranks[NETWORKS * 6];
};

static void networks_init(struct networks *networks)
{
    static const char *const titles[] = {"Alpha & <b>", "Beta",    "Gamma with a rather long name",
                                         "Delta",       "Epsilon", "Zeta"};
    *networks = (struct networks){.report = {.name = "many",
                                             .program = "cambench 0.1.0",
                                             .backbone_count = NETWORKS,
                                             .method_count = 6,
                                             .protocol_count = 1,
                                             .metric_count = 1,
                                             .image_count = 60,
                                             .protocols = sample_protocols,
                                             .metrics = &sample_metrics[SAMPLE_ADCC],
                                             .images = sample_images}};
    for (int b = 0; b < NETWORKS; b++) {
        float noise[6];
        networks->backbones[b] = (struct report_backbone){"net", "A network with a long name", "net", "last", 0, 0, 0};
        golden_fill(noise, 6, (uint32_t)b + 1);
        for (int m = 0; m < 6; m++)
            networks->ranks[b * 6 + m] = (struct method_rank){
                60, NAN, NAN, NAN, m * 0.02 + (m > 2) * 0.3 + 0.06 * (double)noise[m] + 0.3, NAN, NAN};
    }
    for (int m = 0; m < 6; m++)
        networks->methods[m] = (struct report_method){.name = titles[m], .title = titles[m]};
    networks->paired.ranks = networks->ranks;
    networks->report.paired = &networks->paired;
    networks->report.backbones = networks->backbones;
    networks->report.methods = networks->methods;
}

TEST(the_refusal_names_all_networks_of_long_names)
{
    enum { FEW = 10, MANY = 100 }; /* so many methods need 11 networks */
    static const struct report_method methods[MANY];
    struct report_backbone backbones[FEW];
    char text[CRITICAL_TEXT_MAX];
    for (int b = 0; b < FEW; b++)
        backbones[b] = (struct report_backbone){.title = "a network whose name has forty characters"};
    const struct report report = {
        .backbone_count = FEW, .backbones = backbones, .method_count = MANY, .methods = methods};
    critical_refusal(&report, text);
    assert_non_null(strstr(text, "it needs 11 networks, and this report has 10 (a network"));
    assert_string_equal(text + strlen(text) - 2, ").");
}

TEST(critical_differences_join_methods_that_do_not_differ)
{
    struct networks networks;
    struct critical critical;
    char text[CRITICAL_TEXT_MAX];
    struct arena arena;
    arena_init(&arena, 0);
    networks_init(&networks);
    assert_string_equal(critical_refusal(&networks.report, text), "");
    assert_int_equal(critical_make(&networks.report, 0, 0, &arena, &critical), 0);
    assert_int_equal(critical.count, 6);
    assert_true(critical.p < 0.001);
    double sum = 0;
    for (int i = 0; i < 6; i++) {
        sum += critical.ranks[i];
        assert_true(i == 0 || critical.ranks[i] >= critical.ranks[i - 1]);
        assert_true((critical.methods[i] > 2) == (i < 3));
    }
    assert_true(fabs(sum - 21) < 1e-12);
    for (int i = 0; i < critical.clique_count; i++) /* no bar joins the two groups */
        assert_true((critical.cliques[i][0] < 3) == (critical.cliques[i][1] < 3));
    networks.report.backbone_count = 6; /* 2^-6 is more than 0.05 / 5 */
    assert_int_equal(critical_make(&networks.report, 0, 0, &arena, &critical), 0);
    assert_int_equal(critical.count, 0);
    arena_release(&arena);
}

TEST(plots_of_pairs_are_drawn_with_hostile_names)
{
    struct networks networks;
    struct error err = {0}, warning = {0};
    struct sample_run run;
    sample_open(&run);
    run.report.reference_method = "gradcam", run.report.pairs_metric = "coherency";
    pair_up(&run);
    struct cell *cells = report_cells(&run.report, &err);
    assert_non_null(cells);
    assert_int_equal(report_plots(&run.report, cells, NULL, &warning, &err), 0);
    free(cells);
    if (strstr(warning.text, "could not start gnuplot")) {
        close_all(&run);
        skip();
    }
    assert_string_equal(warning.text, "");
    char *text = sample_read(run.folder, "plots/forest.svg", NULL);
    assert_non_null(strstr(text, "minus Grad-CAM"));
    free(text);
    text = sample_read(run.folder, "plots/forest_coherency.svg", NULL);
    assert_non_null(strstr(text, "difference of Coherency"));
    free(text);
    networks_init(&networks);
    networks.report.folder = run.folder;
    const size_t count = (size_t)NETWORKS * 6;
    uint8_t *states = calloc(count, 60);
    double *values = calloc(count, 60 * sizeof *values);
    struct cost *costs = calloc(count, 60 * sizeof *costs);
    struct method_pair pairs[NETWORKS * 15] = {{0}};
    struct cell network_cells[NETWORKS * 6];
    for (size_t i = 0; i < count; i++)
        network_cells[i] = (struct cell){60, 0, networks.ranks[i].mean, NAN, NAN, 0};
    networks.report.states = states, networks.report.values = values, networks.report.costs = costs;
    networks.paired.pair_count = 15, networks.paired.pairs = pairs;
    assert_int_equal(report_plots(&networks.report, network_cells, NULL, &warning, &err), 0);
    text = sample_read(run.folder, "plots/critical.svg", NULL);
    assert_non_null(strstr(text, "Alpha &amp; &lt;b"));
    free(text);
    if (getenv("KEEP_PLOTS")) /* to look at them */
        rename(run.folder, getenv("KEEP_PLOTS"));
    free(states), free(values), free(costs);
    close_all(&run);
}
