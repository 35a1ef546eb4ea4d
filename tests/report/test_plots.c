/* Plots: which files there are, hostile names, a gnuplot that is missing or fails. Without gnuplot most is skipped. */
#include "tests/report/sample.h"

#include "report/labels.h"

#include <sys/stat.h>

static const char *const plot_names[] = {"adcc",
                                         "adcc_seconds",
                                         "drop_complexity",
                                         "distribution_adcc",
                                         "distribution_average_drop",
                                         "distribution_coherency",
                                         "distribution_complexity"};
enum { PLOTS = sizeof plot_names / sizeof plot_names[0] };

static bool has_file(const char *folder, const char *name)
{
    char path[512];
    struct stat info;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return stat(path, &info) == 0 && info.st_size > 0;
}

/* Draws all plots; skips the test where there is no gnuplot. */
static void draw(struct sample_run *run, struct error *warning)
{
    struct error err = {0};
    struct cell *cells = report_cells(&run->report, &err);
    assert_non_null(cells);
    if (report_plots(&run->report, cells, NULL, warning, &err))
        fail_msg("%s", err.text);
    free(cells);
}

static void draw_or_skip(struct sample_run *run)
{
    struct error warning = {0};
    draw(run, &warning);
    if (strstr(warning.text, "could not start gnuplot")) {
        sample_remove(run->folder);
        sample_close(run);
        skip();
    }
    assert_string_equal(warning.text, "");
}

/* The SVG of a plot; fails if its tags and entities are not those of text that was escaped. */
static char *read_svg(const char *folder, const char *name)
{
    char *text = sample_read(folder, name, NULL);
    assert_non_null(strstr(text, "<svg"));
    assert_non_null(strstr(text, "</svg>"));
    for (const char *at = strchr(text, '&'); at; at = strchr(at + 1, '&'))
        if (strncmp(at, "&lt;", 4) && strncmp(at, "&gt;", 4) && strncmp(at, "&amp;", 5) && strncmp(at, "&#", 2) &&
            strncmp(at, "&quot;", 6) && strncmp(at, "&apos;", 6))
            fail_msg("%s: \"%.20s\"", name, at);
    return text;
}

TEST(a_run_gets_all_plots_as_svg_and_png_and_no_rests)
{
    struct sample_run run;
    char name[128];
    sample_open(&run);
    draw_or_skip(&run);
    for (int i = 0; i < PLOTS; i++) {
        snprintf(name, sizeof name, "plots/%s.svg", plot_names[i]);
        char *svg = read_svg(run.folder, name);
        assert_non_null(strstr(svg, "Recipro-CAM 3x3 (paper)"));
        assert_non_null(strstr(svg, "demo, protocol cambench, n = 60 images"));
        free(svg);
        snprintf(name, sizeof name, "plots/%s.png", plot_names[i]);
        char *png = sample_read(run.folder, name, NULL);
        assert_memory_equal(png, "\x89PNG\r\n", 6);
        free(png);
        snprintf(name, sizeof name, "plots/%s.log", plot_names[i]);
        assert_false(has_file(run.folder, name));
    }
    assert_false(has_file(run.folder, "plots/distribution_average_increase.svg")); /* zeros and ones: no box */
    sample_remove(run.folder);
    sample_close(&run);
}

TEST(same_rows_give_the_same_pictures)
{
    struct sample_run run[2];
    for (int i = 0; i < 2; i++)
        sample_open(&run[i]);
    draw_or_skip(&run[0]);
    draw_or_skip(&run[1]);
    for (int i = 0; i < PLOTS; i++) {
        char name[128];
        size_t size[2];
        snprintf(name, sizeof name, "plots/%s.svg", plot_names[i]);
        char *first = sample_read(run[0].folder, name, &size[0]), *second = sample_read(run[1].folder, name, &size[1]);
        assert_int_equal(size[0], size[1]);
        assert_memory_equal(first, second, size[0]);
        free(first);
        free(second);
    }
    for (int i = 0; i < 2; i++) {
        sample_remove(run[i].folder);
        sample_close(&run[i]);
    }
}

TEST(hostile_names_run_nothing_and_stay_text)
{
    static const char *const hostile[] = {"`touch pwned`",
                                          "'; system('touch pwned') #",
                                          "\"; system(\"touch pwned\")",
                                          "<script>x</script>",
                                          "@macro {/Bold a_b^c}",
                                          "back\\slash \\n",
                                          "line\nset output 'pwned'",
                                          "&lt; & \xff\x1b[2J",
                                          "%d %s %n %h",
                                          "[1:2] $(touch pwned)",
                                          "",
                                          "漢字 🎉 Größe"};
    struct sample_run run;
    struct report_method methods[SAMPLE_METHODS];
    struct report_backbone backbones[SAMPLE_BACKBONES];
    struct report_metric metrics[SAMPLE_METRICS];
    sample_open(&run);
    memcpy(metrics, sample_metrics, sizeof metrics);
    for (int m = 0; m < SAMPLE_METHODS; m++)
        methods[m] = (struct report_method){.name = sample_methods[m].name, .title = hostile[m]};
    for (int b = 0; b < SAMPLE_BACKBONES; b++)
        backbones[b] = (struct report_backbone){sample_backbones[b].name, hostile[b], "arch", hostile[b + 1], 0, 0, 0};
    metrics[SAMPLE_ADCC].title = "'.system('touch pwned').'";
    metrics[SAMPLE_ADCC].unit = "`touch pwned`";
    const struct report_protocol protocol = {.name = "../../`touch pwned`"};
    run.report.name = "'; system('touch pwned'); '";
    run.report.methods = methods;
    run.report.backbones = backbones;
    run.report.metrics = metrics;
    run.report.protocols = &protocol;
    draw_or_skip(&run);
    assert_false(has_file(run.folder, "plots/pwned") || has_file(run.folder, "pwned"));
    for (int i = 0; i < PLOTS; i++) {
        char name[128];
        snprintf(name, sizeof name, "plots/%s.svg", plot_names[i]);
        char *svg = read_svg(run.folder, name);
        assert_null(strstr(svg, "<script"));
        assert_non_null(strstr(svg, "?? ? Größe"));
        assert_non_null(strstr(svg, "@macro {/Bold a_b^c}"));
        assert_non_null(strstr(svg, "%d %s %n %h"));
        free(svg);
    }
    sample_remove(run.folder);
    sample_close(&run);
}

TEST(plots_without_numbers_are_left_out)
{
    struct sample_run run;
    sample_open(&run);
    memset(run.states, REPORT_ABSENT, (size_t)SAMPLE_BACKBONES * SAMPLE_METHODS * SAMPLE_METRICS * SAMPLE_IMAGES);
    draw_or_skip(&run);
    for (int i = 0; i < PLOTS; i++) {
        char name[128];
        snprintf(name, sizeof name, "plots/%s.gp", plot_names[i]);
        assert_false(has_file(run.folder, name));
    }
    sample_remove(run.folder);
    sample_close(&run);
}

TEST(one_method_on_one_backbone_with_one_image_can_be_drawn)
{
    struct sample_run run;
    sample_open(&run);
    run.report.backbone_count = run.report.method_count = run.report.image_count = 1;
    draw_or_skip(&run);
    assert_true(has_file(run.folder, "plots/adcc.png"));
    assert_true(has_file(run.folder, "plots/adcc_seconds.png"));
    sample_remove(run.folder);
    sample_close(&run);
}

/* Runs with PATH changed, and puts it back. */
static void draw_with_path(struct sample_run *run, const char *path, struct error *warning)
{
    char *old = strdup(getenv("PATH"));
    setenv("PATH", path, 1);
    draw(run, warning);
    setenv("PATH", old, 1);
    free(old);
}

TEST(missing_gnuplot_is_a_warning_and_leaves_the_scripts)
{
    struct sample_run run;
    struct error warning = {0};
    sample_open(&run);
    draw_with_path(&run, "", &warning);
    assert_non_null(strstr(warning.text, "could not start gnuplot"));
    assert_true(has_file(run.folder, "plots/adcc.gp"));
    assert_false(has_file(run.folder, "plots/adcc.svg"));
    sample_remove(run.folder);
    sample_close(&run);
}

TEST(scripts_draw_the_pictures_again)
{
    struct sample_run run;
    char command[128];
    sample_open(&run);
    draw_or_skip(&run);
    char *before = sample_read(run.folder, "plots/adcc.svg", NULL);
    snprintf(command, sizeof command, "cd %s/plots && rm adcc.svg && gnuplot adcc.gp", run.folder);
    assert_int_equal(system(command), 0);
    char *after = sample_read(run.folder, "plots/adcc.svg", NULL);
    assert_string_equal(before, after);
    free(before);
    free(after);
    sample_remove(run.folder);
    sample_close(&run);
}

TEST(failing_gnuplot_is_a_warning_with_its_words)
{
    struct sample_run run;
    struct error warning = {0};
    char path[128];
    sample_open(&run);
    snprintf(path, sizeof path, "%s/gnuplot", run.folder);
    FILE *file = fopen(path, "w");
    fputs("#!/bin/sh\necho 'line 3: out of ink' >&2\nexit 1\n", file);
    fclose(file);
    assert_int_equal(chmod(path, 0755), 0);
    draw_with_path(&run, run.folder, &warning);
    assert_non_null(strstr(warning.text, "out of ink"));
    assert_non_null(strstr(warning.text, "\"adcc\""));
    assert_false(has_file(run.folder, "plots/adcc.svg"));
    sample_remove(run.folder);
    sample_close(&run);
}

/* Draws with this script in the place of gnuplot. */
static void draw_with_script(struct sample_run *run, const char *script, struct error *warning)
{
    char path[128];
    snprintf(path, sizeof path, "%s/gnuplot", run->folder);
    FILE *file = fopen(path, "w");
    fputs(script, file);
    fclose(file);
    assert_int_equal(chmod(path, 0755), 0);
    draw_with_path(run, run->folder, warning);
}

TEST(gnuplot_that_says_and_writes_nothing_is_a_warning_with_how_it_ended)
{
    static const struct {
        const char *script, *words;
    } cases[] = {{"#!/bin/sh\nexit 0\n", "did not write the svg"},
                 {"#!/bin/sh\nexit 7\n", "exit code 7"},
                 {"#!/bin/sh\nkill -9 $$\n", "signal 9"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sample_run run;
        struct error warning = {0};
        sample_open(&run);
        draw_with_script(&run, cases[i].script, &warning);
        if (!strstr(warning.text, cases[i].words))
            fail_msg("\"%s\", expected \"%s\"", warning.text, cases[i].words);
        assert_non_null(strstr(warning.text, "\"adcc\""));
        assert_false(has_file(run.folder, "plots/adcc.svg"));
        sample_remove(run.folder);
        sample_close(&run);
    }
}

TEST(gnuplot_is_never_taken_from_a_folder_that_path_names_relatively)
{
    static const char *const paths[] = {".", "", ":", ".:", "plots/..:."};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct sample_run run;
        struct error warning = {0};
        char path[128];
        sample_open(&run);
        snprintf(path, sizeof path, "%s/plots", run.folder);
        assert_int_equal(mkdir(path, 0755), 0);
        snprintf(path, sizeof path, "%s/plots/gnuplot", run.folder);
        FILE *file = fopen(path, "w");
        fputs("#!/bin/sh\ntouch taken\n", file);
        fclose(file);
        assert_int_equal(chmod(path, 0755), 0);
        draw_with_path(&run, paths[i], &warning);
        assert_non_null(strstr(warning.text, "could not start gnuplot"));
        assert_false(has_file(run.folder, "plots/taken"));
        sample_remove(run.folder);
        sample_close(&run);
    }
}

static bool boxes_overlap(const struct label *a, const struct label *b)
{
    return a->left < b->left + b->width && b->left < a->left + a->width &&
           fabs(a->middle - b->middle) < (a->height + b->height) / 2;
}

TEST(names_of_a_dense_cloud_neither_overlap_nor_leave_the_panel)
{
    enum { COUNT = 20 };
    struct label labels[COUNT];
    float noise[2 * COUNT];
    golden_fill(noise, 2 * COUNT, 3);
    for (int i = 0; i < COUNT; i++)
        labels[i] = (struct label){
            .x = 230 + 60 * (double)noise[i], .y = 170 + 50 * (double)noise[COUNT + i], .width = 80, .height = 15};
    labels[0].x = 1;
    labels[1].y = 339;
    labels_place(labels, COUNT, 460, 340);
    for (int i = 0; i < COUNT; i++) {
        assert_true(labels[i].left >= 0 && labels[i].left + labels[i].width <= 460);
        assert_true(labels[i].middle - 7.5 >= 0 && labels[i].middle + 7.5 <= 340);
        for (int j = 0; j < i; j++)
            assert_false(boxes_overlap(&labels[i], &labels[j]));
    }
}

TEST(curves_have_a_panel_per_backbone_and_metric_and_a_line_per_method)
{
    enum { COUNT = SAMPLE_BACKBONES * SAMPLE_METHODS * SAMPLE_METRICS };
    static struct report_curve curves[COUNT];
    static double fraction[5] = {0, 0.25, 0.5, 0.75, 1}, mean[COUNT][5];
    struct sample_run run;
    sample_open(&run);
    for (int b = 0; b < SAMPLE_BACKBONES; b++)
        for (int m = 1; m < SAMPLE_METHODS; m++)
            for (int k = 0; k < 2; k++) {
                const size_t at = report_curve_index(&run.report, b, m, 0, k);
                for (int i = 0; i < 5; i++)
                    mean[at][i] = 0.9 * (k ? 1 - fraction[i] : fraction[i]) + 0.005 * m;
                curves[at] = (struct report_curve){60, 5, fraction, mean[at]};
            }
    run.report.curves = curves;
    draw_or_skip(&run);
    char *svg = read_svg(run.folder, "plots/curves.svg");
    assert_non_null(strstr(svg, "Average Increase, MobileNetV2 (features.18)"));
    assert_non_null(strstr(svg, "Recipro-CAM 3x3 (paper)"));
    free(svg);
    sample_remove(run.folder);
    sample_close(&run);
}
